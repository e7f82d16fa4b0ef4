"""What happens to the processes of runs, within the limits of the promise (Docs/Guarantees.md)."""

import itertools
import signal

from .. import processes
from ..eventually import pause
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


    def go_on(self):
        """What is stopped is continued, and unshare(1), which stops with what it runs."""
        for pid in {self.attempt.run.front, *itertools.chain(*self.pids.values())}:
            # The number may be another's by now.
            if processes.has_variable(pid, self.attempt.run.marker):
                processes.kill(pid, signal.SIGCONT)


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
        self.go_on()


class TwoBlows(RunFault):
    """Two of the three within a tenth of a second, each killed or stopped, in any order: the third has to do."""

    weight = 6
    BLOWS = [
        (first, second) for first, second in itertools.permutations(
            itertools.product((signal.SIGKILL, signal.SIGSTOP), ("front", "supervisor", "guardian")), 2) if first[1] != second[1]]

    def begin(self):
        (first, role), (second, other) = self.dice.choice(self.BLOWS)
        if not self.choose(role, other):
            return None
        between_ms = self.dice.choice((0, self.dice.randint(1, 10), self.dice.randint(10, 100)))
        said = self.signal(first, role)
        pause(between_ms / 1000)
        self.signal(second, other)
        self.name = f"{first.name} {role}, then {second.name} {other}"
        return f"{said}, {self.pids[other][0]}; {between_ms} ms between"

    def end(self):
        self.go_on()


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
