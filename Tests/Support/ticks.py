"""Ticks without waiting for the clock: a time zone in which it is as late as a test wants, and hosts whose clocks are apart."""

import subprocess
import time

from .fixtures import ROOT


class Zones:
    """Looked at once: a minute later the same zone has to be meant."""

    def __init__(self):
        self.minute = time.gmtime().tm_min

    def at(self, minute):
        """A time zone in which it was so many minutes past an hour as the test began: with a greater number the tick is an
        earlier instant."""
        ahead = (minute - self.minute) % 60
        return f"TEST-0:{ahead:02}"


def other_clocks(folder):
    """Gives a host's environment a clock that is so many seconds ahead."""
    library = folder / "other_clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "Tests/Support/other_clock.c"], check=True)
    return lambda ahead_s: {"LD_PRELOAD": str(library), "SWITCHMAN_TEST_CLOCK_AHEAD": str(ahead_s)}
