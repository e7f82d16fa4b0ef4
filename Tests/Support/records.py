"""The recorder jobs' own books (see job.c), and what must be true of them."""

import collections
import math
import os
import struct

from .eventually import eventually

Event = collections.namedtuple("Event", "kind label pid time detail")
Span = collections.namedtuple("Span", "label pid first last")


class Records:
    """A folder that any number of jobs write to."""

    def __init__(self, folder, program):
        self.folder, self.program = folder, program
        os.makedirs(f"{folder}/stamps", exist_ok=True)

    def job(self, label, *options):
        """The argument list of a recorder job."""
        return [self.program, self.folder, label, *(str(option) for option in options)]

    def events(self, kind=None, label=None):
        try:
            with open(f"{self.folder}/events", encoding="utf-8") as file:
                # What comes after the last end of a line is being written just now.
                lines = file.read().split("\n")[:-1]
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            words = line.split()
            found.append(Event(words[0], words[1], int(words[2]), int(words[3]) / 1e9, words[4:]))
        return [one for one in found if kind in (None, one.kind) and label in (None, one.label)]

    def started(self, label, within=20.0):
        """Wait for the job to start; its first start."""
        return eventually(lambda: next(iter(self.events("start", label)), None), within, f"{label} starts")

    def ready(self, label, within=60.0):
        """Wait until it has forked all that it was told to."""
        return eventually(lambda: next(iter(self.events("ready", label)), None), within, f"{label} has forked")

    def signals(self, label):
        return [int(one.detail[0]) for one in self.events("signal", label)]

    def spans(self, label=None):
        """Each process's first and newest sign of life."""
        found = []
        for name in os.listdir(f"{self.folder}/stamps"):
            owner, pid = name.rsplit(".", 1)
            if label not in (None, owner):
                continue
            with open(f"{self.folder}/stamps/{name}", "rb") as file:
                data = file.read()
            found += [Span(owner, int(pid), first / 1e9, last / 1e9)
                      for first, last in struct.iter_unpack("qq", data[:len(data) // 16 * 16]) if first]
        return found

    def last_sign(self, label):
        """The newest instant at which any process of the job's tree was alive."""
        return max(span.last for span in self.spans(label))

    def assert_one_after_the_other(self, first, second):
        """No process of the first was alive when the second began, by the stamps and by the kernel's own locks."""
        began = min(span.first for span in self.spans(second))
        assert self.last_sign(first) < began, f"{first} was alive {self.last_sign(first) - began:.3f} s after the start of {second}"
        assert not self.events("violation", second)

    def assert_never_two(self):
        """No process of one label was alive in the time of another's, by the stamps and by the kernel's own locks."""
        self.assert_totals({label: 1 for label in {span.label for span in self.spans()}}, 1)
        self.assert_no_violation()

    def assert_no_violation(self):
        assert not self.events("violation"), self.events("violation")

    def assert_totals(self, weights, total):
        """At no instant did the labels that were alive weigh more than the total."""
        edges = []
        for label in {span.label for span in self.spans()}:
            spans = self.spans(label)
            first, last = min(span.first for span in spans), max(span.last for span in spans)
            edges.append((first, 1, label))
            # One that was killed before its second sign has an end all the same, and not before its start.
            edges.append((max(last, math.nextafter(first, math.inf)), 0, label))
        held = {}
        # At one instant an end comes before a start.
        for time, starts, label in sorted(edges):
            if starts:
                held[label] = weights.get(label, 0)
            else:
                held.pop(label, None)
            assert sum(held.values()) <= total, f"at {time}: {held} is more than {total}"
