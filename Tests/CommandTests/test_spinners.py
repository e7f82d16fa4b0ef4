"""A command of hundreds of processes that spin, on the one processor that its guardian has as well: all are dead by the deadline.
Prints how long after SIGKILL was due the last of them was alive: `Tests/run --only-commands -k spinners -rP`. Each two of account,
kind and place are played; with SWITCHMAN_ALL_SPINNERS=1, each three."""

import itertools
import os
import subprocess

import pytest

from Support.eventually import elapsed, now
from Support.ground import ACCOUNTS
from Support.machine import stolen_s

pytestmark = pytest.mark.timeout(300)
ON_ONE_PROCESSOR = ("taskset", "--cpu-list", "0")
AT_ONCE = ("chrt", "--fifo", "50") if os.geteuid() == 0 else ()
SESSIONS_OF_THEIR_OWN, ONE_SESSION = ("--spin", 1000), ("--spin", 1000, "--together")
# An ordinary account's guardian waits its turn with them, and reckons with 5 to 14 s for that; with more turns without a cgroup,
# where they are killed one by one.
FEWER_SESSIONS, FEWER_TOGETHER = ("--spin", 300), ("--spin", 600, "--together")
LONGER_TERM_S = {SESSIONS_OF_THEIR_OWN: 24, FEWER_SESSIONS: 12, ONE_SESSION: 24, FEWER_TOGETHER: 32}
KINDS = {"sessions": (SESSIONS_OF_THEIR_OWN, FEWER_SESSIONS), "together": (ONE_SESSION, FEWER_TOGETHER)}
PLACES = ("guardian", "all three")


def cases():
    """All, or of each three values that with which their places add up to an even number: each two of them occur."""
    for choice in itertools.product(*map(enumerate, (ACCOUNTS, KINDS, PLACES))):
        if os.environ.get("SWITCHMAN_ALL_SPINNERS") or sum(place for place, _ in choice) % 2 == 0:
            account, kind, beside = (value for _, value in choice)
            yield pytest.param(account, KINDS[kind], beside, id=f"{beside}-{account}-{kind}")


@pytest.mark.parametrize("account, spinners, beside", cases(), indirect=["account"])
def test_spinners_are_dead_by_the_deadline(alone, held_own, server, ground, spinners, beside):
    """By their own stamps, and by a lock that the kernel gives back with the last of them: a process that is stopped is not dead.
    They begin when heartbeats have been unanswered for a while: before that, the supervisor would find the machine too busy and
    end it early."""
    spinners = spinners[ground.mode == "off" and ground.uid != 0]
    if ground.uid:
        held_own.settings["ownership_term"] = LONGER_TERM_S[spinners]
    go = held_own.flag("go")
    prefixed = ON_ONE_PROCESSOR if beside == "all three" else ()
    command = held_own.job("a", "--stubborn", "--claim", "lock:1:1", *spinners, "--let-go", go)
    run = held_own.start("--lockname", "a", "--", *ON_ONE_PROCESSOR, *command, prefixed=prefixed)
    os.sched_setaffinity(run.guardian, {0})
    held_own.records.ready("a")
    watch = subprocess.Popen([*AT_ONCE, *held_own.job("watch", "--await", "lock")])
    term, ready_at = held_own.settings["ownership_term"], now()
    # The guardian counts them at each heartbeat, and there is one for each tenth of the term.
    elapsed(ready_at + term * 0.25)
    stolen_before_s = stolen_s(processor=0)
    server.stop()
    stopped_at = now()
    try:
        elapsed(stopped_at + term * 0.4)
        went_at = now()
        held_own.raise_flag(go)
        code = run.wait(90)
    finally:
        server.cont()
    assert watch.wait(30) == 0
    stolen = stolen_s(processor=0) - stolen_before_s
    # Counted from the latest instant at which a heartbeat may have been sent.
    deadline = stopped_at + term * 0.99
    last_sign, free_at = held_own.records.last_sign("a"), held_own.records.events("free")[0].time
    print(f"spinners: {ground}, beside {beside}: last sign of life {last_sign - (deadline - 2):+.3f} s from SIGKILL, "
          f"{last_sign - deadline:+.3f} s from the deadline; all dead {free_at - deadline:+.3f} s from it; "
          f"stolen {stolen:.2f} s; {run.err.strip()!r}")
    assert last_sign > went_at, "they spin"
    assert last_sign < deadline, f"alive {last_sign - deadline:.3f} s past the deadline"
    assert free_at < deadline, f"dead {free_at - deadline:.3f} s past the deadline"
    assert code == 81 and run.err, "it says why"
    # That it waits for a processor may be said; it is neither stopped nor dead.
    assert "it is stopped" not in run.err and "the guardian died" not in run.err, run.err
    held_own.leaves_marks = True
