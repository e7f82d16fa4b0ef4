"""SIGKILL and SIGSTOP of front, supervisor and guardian in every order, with a hostile command and a successor that waits."""

import collections
import concurrent.futures
import itertools
import os
import random
import signal
import subprocess
import threading
import time
import uuid

from . import processes
from .eventually import eventually
from .fleet import Fleet
from .ground import Ground

ROLES = ("front", "supervisor", "guardian")
BLOWS = tuple(itertools.product(("KILL", "STOP"), ROLES))
PAUSES_MS = (0, 3, 20, 100, 800)
TERM_S, SESSION_S, GRACE_S = 3, 2, 1
# It ignores signals, calls setsid, forks twice, spins, and hides behind a first thread that has ended.
HOSTILE = ("--stubborn", "--dead-leader", "--spin", 1)
HOSTILE_COUNT = 5
SKIPPED, UNAVAILABLE, LOST = 100, 69, 81
UNSHARED = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
PLACES = {
    "on the host": (), "as process 1": UNSHARED, "below process 1": (*UNSHARED, "sh", "-c", '"$@"; exec sleep 1000', "sh"),
}

Blow = collections.namedtuple("Blow", "number role")


class Plan:
    """Blows with pauses between them, in milliseconds: "KILL supervisor 3 STOP front"."""

    def __init__(self, blows, pauses):
        self.blows, self.pauses = tuple(Blow(*blow) for blow in blows), tuple(pauses)

    @classmethod
    def parse(cls, text):
        words = text.split()
        blows = [(words[n].removeprefix("SIG"), words[n + 1]) for n in range(0, len(words), 3)]
        if len(words) % 3 != 2 or not set(blows) <= set(BLOWS):
            raise ValueError(f"{text!r} is no plan: expected one such as 'KILL supervisor 3 STOP front'")
        return cls(blows, [int(words[n]) for n in range(2, len(words), 3)])

    def __str__(self):
        words = [" ".join(self.blows[0])]
        words += [f"{pause} {' '.join(blow)}" for pause, blow in zip(self.pauses, self.blows[1:])]
        return " ".join(words)

    def words(self, pids):
        """The arguments of strike.c."""
        words = []
        for pause, blow in zip((None, *self.pauses), self.blows):
            words += [] if pause is None else [pause]
            words += [int(getattr(signal, f"SIG{blow.number}")), pids[blow.role]]
        return map(str, words)

    def ends_as(self):
        """What became of each role that was struck, for good."""
        ends = {}
        for number, role in self.blows:
            if ends.get(role) != "KILL":
                ends[role] = number
        return ends


class Case(collections.namedtuple("Case", "plan account mode place")):
    def __str__(self):
        return f"{self.account}, cgroup {self.mode}, {self.place}: {self.plan}"

    @property
    def is_limit(self):
        """Whether none of the three was left to kill the tree, and nobody else can: Docs/Guarantees.md, limit 5. With a control
        group, what three that were all killed have left is swept by the successor, which is on the same host."""
        ends = self.plan.ends_as()
        return len(ends) == len(ROLES) and not (set(ends.values()) == {"KILL"} and self.mode == "auto")


def plans(count):
    """Of so many blows, ordered and different; whom SIGKILL has met is beyond anything else."""
    for blows in itertools.permutations(BLOWS, count):
        if not any(("KILL", role) in blows[:place] for place, (_, role) in enumerate(blows)):
            for pauses in itertools.product(PAUSES_MS, repeat=count - 1):
                yield Plan(blows, pauses)


def pairs():
    return plans(2)


def triples():
    """Half of them strike each of the three."""
    return plans(3)


def cases(plans, accounts, modes, places):
    return [Case(*one) for one in itertools.product(plans, accounts, modes, places)]


def sample(everything, count, seed):
    """So many of them, or all."""
    dice = random.Random(seed)
    return dice.sample(everything, min(count, len(everything)))


class Verdict:
    """`problems`: lines; `missed`: the run had ended before the last blow, for want of a processor."""

    def __init__(self, case):
        self.case, self.problems, self.missed, self.late_s = case, [], False, None

    def __str__(self):
        return f"{self.case}: {'; '.join(self.problems)}"


class Matrix:
    """Plays cases on one server, each under a prefix of its own. `folder` is open to all accounts (mode 0711 and up)."""

    def __init__(self, program, recorder, striker, folder, server, client):
        self.program, self.recorder, self.striker = program, recorder, striker
        self.folder, self.server, self.client = folder, server, client
        # Setting up looks through /proc often.
        self._few = threading.Semaphore(4)
        self._numbers = itertools.count(1)

    def play_all(self, plays, jobs, tell=lambda verdict: None, deadline=float("inf")):
        """The verdicts, as they come; many at a time, since they mostly wait. What has missed is played again, twice at most;
        none is begun after the deadline (time.monotonic)."""
        verdicts = []
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            pending = [pool.submit(self._play_well, case, deadline) for case in plays]
            for future in concurrent.futures.as_completed(pending):
                if future.result():
                    verdicts.append(future.result())
                    tell(verdicts[-1])
        return verdicts

    def _play_well(self, case, deadline):
        verdict = None
        for _ in range(3):
            if time.monotonic() > deadline:
                break
            verdict = self.play(case)
            if not verdict.missed:
                break
        return verdict

    def play(self, case):
        verdict, folder = Verdict(case), f"{self.folder}/{next(self._numbers)}"
        os.mkdir(folder, 0o777)
        ground = Ground(case.mode, case.account, folder, self.program, self.recorder, is_open=True)
        fleet = Fleet(self.program, self.recorder, folder, self.server.address, self.client, f"/matrix-{uuid.uuid4().hex[:12]}")
        fleet.settings.update(ownership_term=TERM_S, session_timeout=SESSION_S, termination_timeout=GRACE_S)
        fleet.stand_on(ground)
        try:
            first = self._set_up(case, fleet, ground)
            if first is None:
                verdict.missed = True
            else:
                self._play(case, verdict, fleet, ground, *first)
        except AssertionError as error:
            verdict.problems.append(str(error))
        finally:
            for run in fleet.runs:
                for one in run.processes():
                    processes.kill(one.pid)
            fleet.sweep()
            for run in fleet.runs:
                run.wait()
            ground.close()
        return verdict

    def _set_up(self, case, fleet, ground):
        """The first run, a second that waits, and the process ids of the first one's three; None if it has ended meanwhile, as
        on a machine that is too busy for its heartbeats."""
        first = None
        try:
            with self._few:
                fleet.prefixed = (*ground.into_group, *PLACES[case.place], *ground.as_account)
                first = fleet.start("--lockname", "a", "--", *fleet.job("first", "--claim", "lock:1:1", *HOSTILE))
                fleet.records.ready("first")
                eventually(lambda: len(fleet.records.spans("first")) >= HOSTILE_COUNT, what="the command has forked")
                fleet.prefixed = ground.prefixed
                # It waits for the first one's term, and not for its own.
                second = fleet.start(
                    "--lockname", "a", "--wait", 60, "-E", SKIPPED, "--", *fleet.job("second", "--claim", "lock:1:1", "--for", 50),
                    config=fleet.config("second.conf", ownership_term=5 * TERM_S, session_timeout=5 * SESSION_S))
                fleet.waiting("a")
                return first, second, dict(zip(ROLES, first.three()))
        except AssertionError:
            if first and "front" in first.roles() and not fleet.records.events("start", "second"):
                raise
            return None

    def _play(self, case, verdict, fleet, ground, first, second, pids):
        done = subprocess.run([self.striker, *case.plan.words(pids)], check=True, capture_output=True, text=True)
        struck_at = int(done.stdout.split()[0]) / 1e9
        self._watch(case, verdict, fleet, first, second, pids, struck_at)
        if ground.group and not verdict.problems and not case.is_limit:
            # What a run has left because it was killed goes with the next one.
            assert fleet.run("--lockname", "z", "--", "true").code == 0
            if ground.group.below():
                verdict.problems.append(f"left in the control group: {ground.group.below()}")

    @staticmethod
    def _watch(case, verdict, fleet, first, second, pids, struck_at):
        code = second.wait(100)
        starts = fleet.records.events("start", "second")
        if starts and starts[0].time < struck_at or not starts and code in (LOST, UNAVAILABLE):
            # The first one's heartbeats had failed before the blows, or the second one's: nothing was tried.
            verdict.missed = True
            return
        if not starts:
            verdict.problems.append(f"the successor ended with {code}: {second.err.strip()!r}; "
                                    f"the first one: {first.err.strip()!r}")
            return
        late = max(span.last for span in fleet.records.spans("first")) - starts[0].time
        if late >= 0:
            verdict.late_s = late
            verdict.problems.append(f"OVERLAP: the first command was alive {late:.3f} s after the start of the second")
        elif fleet.records.events("violation", "second"):
            verdict.late_s = 0.0
            verdict.problems.append("OVERLAP: a process of the first command held its lock at the start of the second")
        if case.is_limit:
            return
        # What is stopped is continued, and then nothing of it stays, and its caller goes on.
        for role, number in case.plan.ends_as().items():
            if number == "STOP":
                processes.kill(pids[role], signal.SIGCONT)
        left = []

        def all_gone():
            left[:] = [one for one in first.processes() if one.comm.startswith(("switchman", "sm-guardian", "job"))]
            return not left
        try:
            eventually(all_gone, 10)
        except AssertionError:
            verdict.problems.append(f"left 10 s after all was continued: {[(one.comm, one.state) for one in left]}")


def summary(verdicts):
    """Lines for a person."""
    judged = [one for one in verdicts if not one.missed]
    failed = [one for one in judged if one.problems and not one.case.is_limit]
    limits = [one for one in judged if one.case.is_limit]
    lines = [f"{len(judged)} cases, {len(failed)} failed, {len(limits)} beyond the limits "
             f"({len([one for one in limits if one.problems])} "
             f"of which did harm), {len(verdicts) - len(judged)} missed"]
    for name in ("account", "mode", "place"):
        tally = collections.Counter(getattr(one.case, name) for one in failed)
        total = collections.Counter(getattr(one.case, name) for one in judged if not one.case.is_limit)
        lines.append(f"  by {name}: " + ", ".join(f"{tally[key]} of {total[key]} {key}" for key in total))
    return lines
