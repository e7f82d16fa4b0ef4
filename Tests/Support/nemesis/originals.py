"""Hosts with the Perl original among those of a mixed fleet: a stand-in that speaks its protocol (Docs/Protocol.md) on
sessions of its own, and runs recorder jobs. Nothing is done to it: what becomes of its commands then, nobody else could
help."""

import random
import subprocess

from ..eventually import eventually, now
from ..original import Original
from .callers import Callers
from .contenders import LOCKS, RESOURCE, TOTAL

# The original's own.
SESSION_S = 10


class Old:
    """One run of the original: what it wants, for the checker."""

    def __init__(self, label, lock, weight):
        self.label, self.lock, self.weight = label, lock, weight
        # Granted what it wanted; else skipped.
        self.ran = False
        self.began = self.ended = None
        # Nothing is done to it.
        self.touched = frozenset()


class Originals(Callers):
    """Two that come again and again."""

    def __init__(self, fleet, ensemble, timeline, seed):
        super().__init__()
        self.fleet, self.ensemble, self.timeline, self.runs = fleet, ensemble, timeline, []
        for number in range(2):
            self.add(f"old.{number}", random.Random(f"{seed} old {number}"), self._run, rest_s=1.5)

    def _run(self, label, dice):
        kind = dice.choice(("lock", "lock", "lock and permits", "permits"))
        lock = None if kind == "permits" else dice.choice(LOCKS)
        one = Old(label, lock, 0 if kind == "lock" else dice.randint(1, TOTAL))
        one.began = now()
        self.runs.append(one)
        self.timeline.note(label, f"an original: {lock or 'no lock'}, {one.weight} of {RESOURCE}")
        # Its session ends with the process, as a program's that exits: closed, not left to expire.
        client = self.ensemble.client(timeout=SESSION_S)
        try:
            original = Original(client, self.fleet.prefix, host=f"{label}.example.org")
            one.ran = self._take(original, one)
            if one.ran:
                self._work(one, dice.randint(50, 1500))
        finally:
            client.stop()
            client.close()
            one.ended = now()
        self.timeline.note(label, "ends" if one.ran else "is skipped")

    @staticmethod
    def _take(original, one):
        """First the permits, then the lock, which it does not wait for."""
        if one.weight:
            place = original.enqueue(RESOURCE, one.lock or one.label)
            eventually(lambda: original.heads(place), 90, f"{one.label} is the first in its queue")
            eventually(lambda: original.lease(RESOURCE, one.weight, TOTAL), 90, f"{one.label} gets its permits")
            original.client.delete(place)
        return one.lock is None or original.take_lock(one.lock)

    def _work(self, one, length_ms):
        options = ["--for", length_ms]
        if one.lock:
            options = ["--claim", f"lock-{one.lock}:1:1", *options]
        if one.weight:
            options = ["--claim", f"{RESOURCE}:{TOTAL}:{one.weight}", *options]
        code = subprocess.run(self.fleet.job(one.label, *options), check=False, timeout=60).returncode
        if code != 0:
            self.errors.append(f"{one.label}: its job exited with {code}")
