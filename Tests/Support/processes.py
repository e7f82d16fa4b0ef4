"""Processes as /proc shows them, so that nothing depends on what the program says of itself."""

import collections
import os
import signal

from .eventually import eventually

Process = collections.namedtuple("Process", "pid comm state ppid pgrp session tty start_ticks")


def process(pid):
    """The process, or None when there is none. One whose first thread has ended has the state of a thread that lives on."""
    found = _status(f"/proc/{pid}/stat")
    if found is None or found.state != "Z":
        return found
    threads = (_status(f"/proc/{pid}/task/{thread}/stat") for thread in _threads(pid))
    return next((found._replace(state=one.state) for one in threads if one and one.state not in "ZX"), found)


def _threads(pid):
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _status(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    pid = int(text[:text.index(" ")])
    comm = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    return Process(pid, comm, rest[0], int(rest[1]), int(rest[2]), int(rest[3]), int(rest[4]), int(rest[19]))


def every_process():
    found = (process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [one for one in found if one]


def children(pid):
    return [one for one in every_process() if one.ppid == pid]


def descendants(pid):
    everyone, tree, fresh = every_process(), [], {pid}
    while fresh:
        layer = [one for one in everyone if one.ppid in fresh]
        tree += layer
        fresh = {one.pid for one in layer}
    return tree


def alive(pid):
    """Whether it can still run: a zombie cannot."""
    found = process(pid)
    return bool(found) and found.state not in "ZX"


def with_variable(*assignments):
    """Live processes whose environment, as it was at exec, holds one of these: they cannot hide by a double fork."""
    wanted = {one.encode() for one in assignments}
    return [one for one in every_process() if one.state not in "ZX" and not wanted.isdisjoint(_words(one.pid, "environ"))]


def has_variable(pid, assignment):
    return assignment.encode() in _words(pid, "environ")


def _words(pid, name):
    """Of one of the files of /proc that hold words. A thread that has ended has empty ones: any other's will do."""
    for thread in _threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/{name}", "rb") as file:
                if text := file.read():
                    return text.split(b"\0")
        except OSError:
            continue
    return []


def is_pending(pid, number):
    """Whether a signal was sent to the process that it has not taken yet."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        pending = next(line.split()[1] for line in file if line.startswith("ShdPnd:"))
    return bool(int(pending, 16) >> (number - 1) & 1)


def kill(pid, number=signal.SIGKILL):
    """Send a signal; one that has gone already is no error."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def stop(pid):
    """Stop it, and return once none of its threads runs any more. One of them has to be given a processor to take the signal, which
    on a busy machine came 1.3 s late: a supervisor that was "stopped" had its heartbeats answered meanwhile."""
    kill(pid, signal.SIGSTOP)
    eventually(lambda: _at_rest(pid), 60, f"{pid} is stopped")


def _at_rest(pid):
    threads = [_status(f"/proc/{pid}/task/{thread}/stat") for thread in _threads(pid)]
    return all(one is None or one.state in "TtZX" for one in threads)


def pss_bytes(pids):
    """Proportional set size of the processes together."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total * 1024
