"""What the machine did meanwhile: a test that failed beside a stall is another story than one that failed alone."""

import os
import threading

from .eventually import now

STALL_S = 0.25
_TICK_S = 0.02


def stolen_s(processor):
    """Seconds since the start of this machine in which that processor had work and was not run: the machine below kept them for
    others, and no program here can be held to account for that. Source: proc_stat(5), `steal`."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = next(line.split() for line in file if line.startswith(f"cpu{processor} "))
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def _pressure():
    """Seconds since the start in which somebody waited for a processor, or all for memory or a disk. Source: the kernel's
    Documentation/accounting/psi.rst."""
    totals = {}
    for what, kind in (("cpu", "some"), ("memory", "full"), ("io", "full")):
        try:
            with open(f"/proc/pressure/{what}", encoding="ascii") as file:
                line = next(line for line in file if line.startswith(kind))
        except (OSError, StopIteration):
            continue
        totals[what] = int(line.rsplit("=", 1)[1]) / 1e6
    return totals


class Watch:
    """Begins with a test; says afterwards what the machine did. One thread of each process ticks all the while."""

    _stalls = []
    _ticker = None

    def __init__(self):
        if Watch._ticker is None:
            Watch._ticker = threading.Thread(target=self._tick, daemon=True)
            Watch._ticker.start()
        self._began = now()
        self._before = self._counts()

    @classmethod
    def _tick(cls):
        pause, last = threading.Event(), now()
        while True:
            pause.wait(_TICK_S)
            last, before = now(), last
            if last - before > STALL_S:
                cls._stalls.append((before, last))

    @staticmethod
    def _counts():
        counts = {f"stolen from processor {n}": stolen_s(n) for n in os.sched_getaffinity(0)}
        return {**counts, **{f"waited for {what}": seconds for what, seconds in _pressure().items()}}

    def report(self):
        since = self._began
        counts = [f"{what}: {seconds - self._before.get(what, 0):.2f} s" for what, seconds in self._counts().items()]
        stalls = [f"{end - begin:.2f} s, {begin - since:.2f} s after its beginning" for begin, end in self._stalls if end > since]
        return "\n".join([f"the test: {now() - since:.2f} s; load {os.getloadavg()[0]:.0f}", *counts,
                          *(f"its own ticks stood still for {stall}" for stall in stalls)])
