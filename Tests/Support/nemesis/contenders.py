"""Who wants the locks and permits: on each host some threads that start one run after the other, as cron would."""

import functools
import os
import random

from .. import processes
from ..eventually import now
from .callers import Callers

LOCKS = ("a", "b")
RESOURCES, TOTAL = ("r", "s"), 3
SKIPPED, QUEUED, TOO_SOON = SKIPS = 100, 101, 102
# Front is process 1 there, as in a container whose entry point is switchman. unshare ends as it does.
CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc") if os.geteuid() == 0 else ()
# What commands do besides forking, in small numbers: a machine that is kept busy explains every loss (the canary).
UNRULY = (("--spin", 3), ("--spin", 3, "--together"), ("--orphans", 150, "--storm"), ("--dead-leader",))


class Attempt:
    """One run: what it wants, what it was told, what was done to it, and how it ended."""

    def __init__(self, label, host, lock, weights, status):
        # `weights`: how many permits it wants, by resource.
        self.label, self.host, self.lock, self.weights, self.status = label, host, lock, weights, status
        # By the nemesis: words such as "kill front".
        self.touched = set()
        # In seconds: --min-interval, --timeout, --wait (0: none), and how long the command wants to run.
        self.interval = self.timeout = self.wait_s = self.length = 0
        # None: for ever.
        self.lease_wait = None
        self.is_in_container = False
        self.run = self.began = self.ended = None

    def roles(self):
        """Process ids by role, as far as they are there."""
        roles = self.run.roles()
        commands = [pid for pid in roles.pop("others") if (found := processes.process(pid)) and found.comm == "job"]
        return {**{name: [pid] for name, pid in roles.items()}, **({"command": commands} if commands else {})}

    def signal(self, role, number, pids):
        self.touched.add(f"{number.name} {role}")
        for pid in pids:
            processes.kill(pid, number)

    @property
    def code(self):
        """Negative when a signal ended it. unshare(1) cannot die of the SIGKILL that process 1 died of, and says 1, which neither
        switchman nor these commands do."""
        return -9 if self.run.code == 1 and self.is_in_container else self.run.code


def some_permits(dice, most=2):
    """Of one resource, or of both."""
    count = dice.choice((1, 1, most))
    return {resource: dice.randint(1, TOTAL) for resource in sorted(dice.sample(RESOURCES, count))}


def claims(lock, weights):
    """A recorder job's options: the same by the kernel's own locks."""
    words = ["--claim", f"lock-{lock}:1:1"] if lock else []
    for resource, weight in weights.items():
        words += ["--claim", f"{resource}:{TOTAL}:{weight}"]
    return words


class Contenders(Callers):
    def __init__(self, fleet, ensemble, timeline, configs, seed, long_ms, unruly=UNRULY):
        super().__init__()
        self.unruly = unruly
        self.fleet, self.ensemble, self.timeline, self.configs = fleet, ensemble, timeline, configs
        self.long_ms, self.attempts = long_ms, []
        for host in configs:
            for number in range(2):
                self.add(f"{host}.{number}", random.Random(f"{seed} {host} {number}"),
                         functools.partial(self.attempt, host), rest_s=0.6)

    def running(self):
        return [one for one in list(self.attempts) if one.run and one.run.running]

    def attempt(self, host, label, dice):
        kind = dice.choice(("lock", "lock", "lock", "lock and permits", "permits"))
        lock = None if kind == "permits" else dice.choice(LOCKS)
        weights = {} if kind == "lock" else some_permits(dice)
        words = ["--lockname", lock] if lock else ["--no-lock", "--lockname", label]
        lease_wait = dice.randint(1, 4) if weights and dice.random() < 0.4 else None
        if lease_wait:
            words += ["--lease-wait", lease_wait]
        # Long ones, to be hit; but no queue that takes minutes.
        length_ms = dice.randint(*(50, 1000) if weights else dice.choice(((50, 1500), self.long_ms)))
        options = ["--for", length_ms]
        if dice.random() < 0.5:
            options.append("--stubborn")
            words += ["--descendants", "kill"]
        if dice.random() < 0.25 and self.unruly:
            options += dice.choice(self.unruly)
            words += ["--descendants", "kill"]
        prefixed = CONTAINER if dice.random() < 0.2 else ()
        wishes = self._wishes(lock, dice)
        words += [word for name, value in wishes.items() for word in (f"--{name}", value)]
        attempt = self.start_one(host, label, lock, weights, words, options, dice.choice((0, 0, 3)), prefixed)
        attempt.interval, attempt.timeout = wishes.get("min-interval", 0), wishes.get("timeout", 0)
        attempt.wait_s, attempt.lease_wait = wishes.get("wait", 0), lease_wait
        attempt.length = length_ms / 1000
        return attempt.wait(90)

    @staticmethod
    def _wishes(lock, dice):
        """What the original does not know, each now and then."""
        wishes = {}
        if lock and dice.random() < 0.4:
            wishes["wait"] = dice.randint(1, 5)
        if lock and dice.random() < 0.25:
            wishes["min-interval"] = dice.randint(1, 4)
        if dice.random() < 0.2:
            wishes |= {"retries": dice.randint(1, 2), "retry-delay": dice.randint(0, 1)}
        if dice.random() < 0.15:
            wishes["timeout"] = dice.randint(1, 2)
        return wishes

    def start_one(self, host, label, lock, weights, words, options, status=0, prefixed=()):
        """Start a recorder job that holds, besides what the words ask for, the same by the kernel's own locks."""
        attempt = Attempt(label, host, lock, weights, status)
        attempt.is_in_container = bool(prefixed)
        options = [*claims(lock, weights), *options]
        for resource, weight in weights.items():
            words = [*words, "--lease", f"{resource}={weight}:{TOTAL}"]
        attempt.began = now()
        attempt.run = self.fleet.start(
            "-E", SKIPPED, "--exit-code", f"queued={QUEUED}", "--exit-code", f"too-soon={TOO_SOON}", *words, "--",
            *self.fleet.job(label, *options, "--exit", status),
            config=self.configs[host], prefixed=(*self.ensemble.prefix_for(host), *prefixed))
        self.attempts.append(attempt)
        said = " ".join(map(str, [*prefixed[:1], *words, *options]))
        self.timeline.note(label, f"run {attempt.run.front}: {said}", attempt.began)
        attempt.wait = lambda within: self._wait(attempt, within)
        return attempt

    def _wait(self, attempt, within):
        attempt.run.wait(within)
        attempt.ended = now()
        is_common = attempt.code in (attempt.status, *SKIPS)
        said = "" if is_common else f"; {attempt.run.err.strip()}"
        self.timeline.note(attempt.label, f"run {attempt.run.front} ends with {attempt.code}{said}", attempt.ended)
        return attempt
