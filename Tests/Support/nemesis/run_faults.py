"""What happens to the processes of runs, within the limits of the promise (Docs/Guarantees.md)."""

import signal

from .. import processes
from .fault import Fault
from .network_faults import CUT_OFF


class RunFault(Fault):
    """On one run that nothing was done to yet, so that the limits of the promise are never met by adding up."""

    harms_others = False

    def choose(self, *needed):
        candidates = [one for one in self.world.contenders.running() if not one.touched]
        self.dice.shuffle(candidates)
        for attempt in candidates:
            roles = attempt.roles()
            if all(role in roles for role in needed) and attempt.run.running:
                self.attempt, self.pids = attempt, roles
                return True
        return False

    def signal(self, number, *roles):
        self.name = f"{number.name} {' and '.join(roles)}"
        for role in roles:
            self.attempt.signal(role, number, self.pids[role])
        return f"{self.attempt.label}, {', '.join(str(pid) for role in roles for pid in self.pids[role])}"


class KillProcesses(RunFault):
    """One of the three, or two at a stroke, or the command's own processes."""

    weight, lasting = 6, False

    def begin(self):
        roles = self.dice.choice((
            ("front",), ("supervisor",), ("guardian",), ("command",),
            ("front", "supervisor"), ("supervisor", "guardian"), ("front", "guardian")))
        return self.signal(signal.SIGKILL, *roles) if self.choose(*roles) else None


class KillOneOfCommand(RunFault):
    """One process of the command's tree: its first one, or a descendant."""

    weight, lasting = 1, False

    def begin(self):
        if not self.choose("command"):
            return None
        self.pids["command"] = [self.dice.choice(self.pids["command"])]
        return self.signal(signal.SIGKILL, "command")


class AskToEnd(RunFault):
    """SIGTERM or SIGINT to the process that the caller knows."""

    weight, lasting = 1, False

    def begin(self):
        number = self.dice.choice((signal.SIGTERM, signal.SIGINT))
        return self.signal(number, "front") if self.choose("front") else None


class StopProcess(RunFault):
    """One of the three, or the command."""

    weight = 5

    def begin(self):
        role = self.dice.choice(("front", "supervisor", "supervisor", "guardian", "command"))
        return self.signal(signal.SIGSTOP, role) if self.choose(role) else None

    def end(self):
        for pids in self.pids.values():
            for pid in pids:
                # The number may be another's by now.
                if self.attempt.run.marker.encode() in _environment(pid):
                    processes.kill(pid, signal.SIGCONT)


class LoseHost(Fault):
    """All processes of all runs of a host at one stroke."""

    weight, lasting, harms_others, name = 2, False, False, "host lost"

    def begin(self):
        host = self.dice.choice(list(self.world.configs))
        victims = [one for one in self.world.contenders.running() if one.host == host]
        if not victims or any(CUT_OFF in one.touched for one in victims):
            return None
        for attempt in victims:
            attempt.touched.add("host lost")
            attempt.run.lose()
        return f"{host}: {' '.join(one.label for one in victims)}"


def _environment(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []
