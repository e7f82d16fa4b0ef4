"""Hosts with the Perl original among those of a mixed fleet: a stand-in that speaks its protocol (Docs/Protocol.md) on
sessions of its own, and runs recorder jobs. Nothing is done to it: what becomes of its commands then, nobody else could
help."""

import functools
import random
import subprocess
import threading

from ..eventually import elapsed, now
from ..original import Original
from .callers import Callers
from .contenders import LOCKS, RESOURCES, TOTAL, claims, some_permits

# The original's own.
SESSION_S = 10
PERIOD_S = 1


class Old:
    """One run of the original: what it wants, for the checker."""

    def __init__(self, label, lock, weights):
        self.label, self.lock, self.weights = label, lock, weights
        # Granted what it wanted; else skipped.
        self.ran = False
        self.began = self.ended = self.code = None
        self.wait_s = self.interval = 0
        # Nothing is done to it, nor to its host.
        self.touched, self.host = frozenset(), None


class Originals(Callers):
    """Three that come again and again: for locks, for all that there is of one resource, and of two. Only one of them wants two at
    once: two such can block each other for good, which is their own affair (Docs/Migrating.md)."""

    def __init__(self, fleet, ensemble, timeline, seed):
        super().__init__()
        self.fleet, self.ensemble, self.timeline, self.runs = fleet, ensemble, timeline, []
        for most in range(len(RESOURCES) + 1):
            self.add(f"old.{most}", random.Random(f"{seed} old {most}"), functools.partial(self._run, most), rest_s=1.5)

    def _run(self, most, label, dice):
        """`most`: of how many resources it may want permits."""
        kind = dice.choice(("lock", "lock and permits", "permits")) if most else "lock"
        lock = None if kind == "permits" else dice.choice(LOCKS)
        one = Old(label, lock, {} if kind == "lock" else some_permits(dice, most))
        one.began = now()
        self.runs.append(one)
        self.timeline.note(label, f"an original: {lock or 'no lock'}, {one.weights or 'no permits'}")
        # Its session ends with the process, as a program's that exits: closed, not left to expire.
        client = self.ensemble.client(timeout=SESSION_S)
        try:
            original = Original(client, self.fleet.prefix, host=f"{label}.example.org")
            one.ran = self._take(original, one)
            if one.ran:
                self._work(original, one, dice.randint(50, 1500))
        finally:
            client.stop()
            client.close()
            one.ended = now()
        self.timeline.note(label, "ends" if one.ran else "is skipped")

    def _take(self, original, one):
        """First the permits, then the lock, which it does not wait for. It joins all queues before it waits in any, and keeps its
        places until it holds every lease."""
        name = one.lock or one.label
        if any(place.rsplit("-", 1)[0] == name for resource in one.weights for place in original.places(resource)):
            return False
        places = [original.enqueue(resource, name) for resource in one.weights]
        for (resource, weight), place in zip(one.weights.items(), places):
            self._until(lambda place=place: original.heads(place), f"{one.label} is the first for {resource}")
            self._until(lambda resource=resource, weight=weight: original.lease(resource, weight, TOTAL),
                        f"{one.label} gets {weight} of {resource}")
        for place in places:
            original.client.delete(place)
        return one.lock is None or original.take_lock(one.lock)

    @staticmethod
    def _until(condition, what):
        deadline = now() + 90
        while not condition():
            assert now() < deadline, f"not within 90 s: {what}"
            elapsed(now() + PERIOD_S)

    def _work(self, original, one, length_ms):
        """Its lock deleted or written to, it ends the command."""
        lost = threading.Event()
        if one.lock and not original.watch_lock(one.lock, lost.set):
            lost.set()
        words = self.fleet.job(one.label, *claims(one.lock, one.weights), "--for", length_ms)
        with subprocess.Popen(words) as job:
            deadline = now() + 60
            while job.poll() is None and now() < deadline and not lost.wait(0.02):
                pass
            if job.poll() is None:
                job.terminate()
        if job.returncode != 0:
            self.errors.append(f"{one.label}: its job exited with {job.returncode}{', its lock lost' if lost.is_set() else ''}")
