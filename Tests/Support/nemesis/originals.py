"""Hosts with the Perl original among those of a mixed fleet: a stand-in that speaks its protocol (Docs/Protocol.md) on
sessions of its own, and runs recorder jobs. Nothing is done to it: what becomes of its commands then, nobody else could
help."""

import random
import subprocess
import threading
import traceback

from ..eventually import elapsed, eventually, now
from ..original import Original
from .contenders import LOCKS, RESOURCE, TOTAL

# The original's own.
SESSION_S = 10


class Old:
    """One run of the original: what it wants, for the checker."""

    def __init__(self, label, lock, weight):
        self.label, self.lock, self.weight = label, lock, weight
        # Granted what it wanted; else skipped.
        self.ran = False


class Originals:
    """Two that come again and again, each one run after the other."""

    def __init__(self, fleet, ensemble, timeline, seed):
        self.fleet, self.ensemble, self.timeline = fleet, ensemble, timeline
        self.runs, self.errors, self._closing = [], [], threading.Event()
        self._threads = [
            threading.Thread(target=self._contend, args=(f"old.{n}", random.Random(f"{seed} old {n}"))) for n in range(2)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def close(self):
        self._closing.set()

    def join(self, within):
        deadline = now() + within
        for thread in self._threads:
            thread.join(max(0.0, deadline - now()))
        return not any(thread.is_alive() for thread in self._threads)

    def _contend(self, name, dice):
        turn = 0
        try:
            while not self._closing.is_set():
                turn += 1
                self._run(f"{name}.{turn}", dice)
                elapsed(now() + dice.uniform(0, 1.5))
        except BaseException:  # Told by the history.
            self.errors.append(f"{name}: {traceback.format_exc()}")

    def _run(self, label, dice):
        kind = dice.choice(("lock", "lock", "lock and permits", "permits"))
        lock = None if kind == "permits" else dice.choice(LOCKS)
        one = Old(label, lock, 0 if kind == "lock" else dice.randint(1, TOTAL))
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
