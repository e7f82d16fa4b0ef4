"""Whether a skip was due: somebody else was there. By the outside of the runs only, so what is uncertain counts for the run."""

from .contenders import QUEUED, SKIPPED, SKIPS, TOO_SOON
from .fault import Fault

# By how much a healthy server may be behind, and one that has just come back.
LAG_S, LAG_AFTER_FAULT_S = 1.0, Fault.aftermath_s


class Presence:
    """When a run may have stood in a lock's place or line: from its beginning until its session is surely gone."""

    def __init__(self, faults, session_s):
        self._faults, self._session_s = sorted(faults, key=lambda fault: fault.began), session_s

    def is_disturbed(self, run):
        """Whether the servers may have been slow for it, or lagged."""
        return any(fault.reached(run) for fault in self._faults)

    def of(self, run):
        if run.ended is None:
            return run.began, float("inf")
        if not run.touched and not self.is_disturbed(run):
            return run.began, run.ended + LAG_S
        # Its session expires once the servers have had quiet for so long: each election gives it another timeout.
        quiet_since = run.ended
        for fault in self._faults:
            if fault.reaches(run) and fault.began < quiet_since + self._session_s + 3 and fault.ended > quiet_since:
                quiet_since = fault.ended
        return run.began, quiet_since + self._session_s + 3


def undue(records, attempts, others, faults, session_s):
    """Lines about skips that nobody was the cause of. `others`: runs of the original."""
    presence, found = Presence(faults, session_s), []
    starts = {}
    for event in records.events("start"):
        starts.setdefault(event.label, event.time)
    everybody = [*attempts, *others]
    for one in attempts:
        if one.code not in SKIPS or one.ended is None:
            continue
        lag = LAG_AFTER_FAULT_S if presence.is_disturbed(one) else LAG_S
        rivals = [presence.of(other) for other in everybody
                  if other is not one and other.lock == one.lock and (other.weights or one.code != QUEUED)
                  and _may_have_stood(other, starts)]

        def wrong(what, one=one):
            found.append(f"{one.label} (run {one.run.front}) exited with {one.code}: {what}")
        if one.code == TOO_SOON:
            if not one.interval:
                wrong("it has no interval")
            elif not any(start < one.ended + lag and one.began < end + one.interval + lag
                         for start, end in _starts(presence, everybody, one, starts)):
                wrong("nobody had started within its interval")
        elif not any(start < one.ended and one.began - lag < end for start, end in rivals):
            wrong("nobody else was there")
        elif one.code == SKIPPED and one.ended - one.began < one.wait_s:
            wrong(f"it waited for {one.ended - one.began:.3f} s, not for {one.wait_s} s")
        elif one.code == SKIPPED and one.wait_s and not one.weights and not one.touched and lag == LAG_S:
            hole = _hole(rivals, one.ended - one.wait_s, one.ended)
            if hole > LAG_S:
                wrong(f"for {hole:.3f} s of its wait nobody else was there")
    return found


def _starts(presence, everybody, one, starts):
    """When others of its lock have started. Who was lost before its start may have written it down."""
    for other in everybody:
        if other is one or other.lock != one.lock:
            continue
        if other.touched or other.ended is None or presence.is_disturbed(other):
            yield presence.of(other)
        elif other.label in starts:
            yield starts[other.label], starts[other.label]


def _may_have_stood(run, starts):
    """Not who was told at once that somebody else is there."""
    return run.label in starts or run.touched or run.wait_s or run.interval or run.weights or run.code not in SKIPS


def _hole(intervals, began, ended):
    """The longest time in there that none of them covers."""
    longest, at = 0.0, began
    for start, end in sorted(intervals):
        if start > at:
            longest = max(longest, min(start, ended) - at)
        at = max(at, end)
        if at >= ended:
            return longest
    return max(longest, ended - at)
