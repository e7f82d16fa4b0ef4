"""What the tests of --keep-output share: kept outputs, and readers of a run's pipes that are slow, blocked or gone."""

import contextlib
import fcntl
import json
import os
import select
import subprocess

from .eventually import eventually, now

KEPT = ("--keep-output", "8k")


def kept(fleet, lockname="a"):
    """The header and the bytes of a kept output; None, None without one."""
    if fleet.stat("outputs", lockname) is None:
        return None, None
    data, _ = fleet.client.get(fleet.path("outputs", lockname))
    header, _, rest = data.partition(b"\n")
    return json.loads(header), rest


@contextlib.contextmanager
def pipe():
    """A pipe's ends, that are closed in the end if the test has not done it."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                os.close(end)


class Piped:
    """A run whose standard output is a pipe of ours, and its standard error too unless told otherwise. Nobody reads it until
    asked."""

    def __init__(self, fleet, *words, options=KEPT, lockname="a", errors="output", size=None, **more):
        self.reader, writer = os.pipe()
        if size:
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, size)
        streams = {"stdout": writer}
        if errors == "output":
            streams["stderr"] = subprocess.STDOUT
        self.run = fleet.start("--lockname", lockname, *options, "--", *words, **streams, **more)
        os.close(writer)

    def read(self, most, within=20.0):
        """What comes, up to so many bytes; b'' at the end of file."""
        assert select.select([self.reader], [], [], within)[0], f"nothing to read within {within} s: {self.run!r}"
        return os.read(self.reader, most)

    def rest(self, within=30.0):
        """All that comes until the end of file."""
        found, until = [], now() + within
        while piece := self.read(1 << 20, max(0.0, until - now())):
            found.append(piece)
        return b"".join(found)

    def leave(self):
        """The reader goes away."""
        os.close(self.reader)
        self.reader = -1

    def close(self):
        if self.reader >= 0:
            self.leave()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def started(fleet, name):
    """A file that the command makes, and the wait for it."""
    path = fleet.flag(name)
    return path, lambda within=20.0: eventually(lambda: os.path.exists(path), within, what=f"the command has made {name}")


def piped(fleet, script, *options, **more):
    """The run, and all that has come through its pipe."""
    with Piped(fleet, "sh", "-c", script, options=options or KEPT, **more) as one:
        out = one.rest()
        return one.run.finished(), out
