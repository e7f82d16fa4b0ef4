"""One run of the built program, seen from outside."""

import itertools
import os
import signal
import subprocess
import time

from . import processes
from .eventually import eventually, now

MARKER = "BLACK_BOX_RUN"

_numbers = itertools.count(1)


class Run:
    """A started `switchman`; its processes are found in /proc, never asked for."""

    def __init__(self, arguments, folder, environment, **options):
        number = next(_numbers)
        self.marker = f"{MARKER}={os.getpid()}.{number}"
        self.arguments = arguments
        self._output = f"{folder}/{number}.out"
        self._errors = f"{folder}/{number}.err"
        name, value = self.marker.split("=")
        options.setdefault("stdin", subprocess.DEVNULL)
        with open(self._output, "wb") as output, open(self._errors, "wb") as errors:
            options.setdefault("stdout", output)
            options.setdefault("stderr", errors)
            # A group of its own: when a command that is stopped with its front dies, and only its guardian tied the group to
            # the session, the kernel sends SIGHUP to the whole group (setpgid(2), orphaned groups): not to the tests.
            if not options.get("start_new_session"):
                options.setdefault("process_group", 0)
            self.began = now()
            self.popen = subprocess.Popen(arguments, env={**environment, name: value}, **options)

    def __repr__(self):
        return f"<run {self.front}: {' '.join(map(str, self.arguments[:8]))}; stderr {self._said()!r}>"

    def story(self):
        """For a test that has failed: how it ended, if it did, and what it said."""
        code = self.popen.poll()
        return f"{'runs' if code is None else f'ended with {code}'}, began {now() - self.began:.2f} s ago: {self!r}"

    def _said(self):
        """None once its files are gone: a test may fail after that, and wants to say how."""
        try:
            return self.err
        except FileNotFoundError:
            return None

    # Its processes.

    @property
    def front(self):
        return self.popen.pid

    @property
    def supervisor(self):
        """The front's only child."""
        def only_child():
            found = processes.children(self.front)
            return found[0].pid if len(found) == 1 else None
        return eventually(only_child, what="the front has one child, the supervisor")

    @property
    def guardian(self):
        """The process named so, wherever it hangs now."""
        return eventually(
            lambda: next((one.pid for one in self.processes() if one.comm == "sm-guardian"), None),
            what="a process named sm-guardian")

    def command(self):
        """The guardian's child."""
        guardian = self.guardian
        return eventually(lambda: next((one.pid for one in processes.children(guardian)), None), what="the command")

    def roles(self):
        """The process ids of front, supervisor, guardian and the others, as far as they are there; wherever front is, below
        words that stand before the program or in a namespace. `others` are the command's and those words' own."""
        found = {one.pid: one for one in self.processes()}
        ours = {pid: one for pid, one in found.items() if one.comm.startswith("switchman")}
        roles = {}
        for pid, one in ours.items():
            roles["supervisor" if one.ppid in ours else "front"] = pid
        roles.update(("guardian", pid) for pid, one in found.items() if one.comm == "sm-guardian")
        roles["others"] = [pid for pid in found if pid not in roles.values()]
        return roles

    def three(self):
        """The process ids of front, supervisor and guardian, once they are there."""
        def all_there():
            roles = self.roles()
            return {"front", "supervisor", "guardian"} <= roles.keys() and roles
        roles = eventually(all_there, what="front, supervisor and guardian")
        return roles["front"], roles["supervisor"], roles["guardian"]

    def processes(self):
        """Everything that this run has started and that still lives, orphans and daemons included."""
        found = {one.pid: one for one in processes.with_variable(self.marker)}
        found.update({one.pid: one for one in processes.descendants(self.front) if one.state not in "ZX"})
        # In the middle of its exec it has no environment that could be read.
        front = processes.process(self.front) if self.popen.returncode is None else None
        if front and front.state not in "ZX":
            found[front.pid] = front
        return list(found.values())

    def left(self):
        """What is left of the command when the run has ended. The supervisor may still be ending its session, and its guardian
        waits for its dismissal: they have no part in the promise any more."""
        return [one for one in self.processes() if one.comm not in ("switchman", "sm-guardian")]

    # Its end.

    def lose(self):
        """All its processes vanish at once, as with their host: all are stopped before the first is killed, so that none
        acts on the death of another. The youngest goes first: the death of a parent would wake the stopped process groups
        of its children, with SIGHUP and SIGCONT (setpgid(2), of orphaned process groups)."""
        stopped = {}
        while fresh := [one for one in self.processes() if one.pid not in stopped]:
            for one in fresh:
                processes.kill(one.pid, signal.SIGSTOP)
            stopped.update((one.pid, one) for one in fresh)
        for one in sorted(stopped.values(), key=lambda one: (one.start_ticks, one.pid), reverse=True):
            processes.kill(one.pid)

    @property
    def out(self):
        with open(self._output, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def err(self):
        with open(self._errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def running(self):
        return self.popen.poll() is None

    def send(self, number):
        self.popen.send_signal(number)

    def wait(self, within=30.0):
        """Its exit status, negative when a signal ended it."""
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            tree = [(one.pid, one.comm, one.state) for one in self.processes()]
            raise AssertionError(f"still running after {within} s: {self!r}; {tree}") from None

    def finished(self, within=30.0):
        self.wait(within)
        return self

    @property
    def code(self):
        return self.popen.returncode

    def all_gone(self):
        return not self.running and not self.processes()


def median_seconds(action, times):
    """The median wall time of `action()`, over so many times."""
    taken = []
    for _ in range(times):
        before = time.perf_counter()
        action()
        taken.append(time.perf_counter() - before)
    return sorted(taken)[times // 2]
