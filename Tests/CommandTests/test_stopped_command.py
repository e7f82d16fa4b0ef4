"""The command is stopped by SIGSTOP, and the front, which stands in for it, stops as well. Then one of the other two is killed:
the tree dies, and the front comes back to say so, or its caller would wait for ever."""

import signal

import pytest

from Support import processes
from Support.eventually import eventually, now


@pytest.fixture
def stopped(held):
    run = held.start_job("first", "--stubborn", "--claim", "lock:1:1", arguments=("--lockname", "a"))
    eventually(lambda: len(held.records.spans("first")) == 3, what="the command has forked")
    run.three_pids = run.three()
    processes.stop(held.records.events("start", "first")[0].pid)
    eventually(lambda: processes.process(run.front).state == "T", what="front stops as well")
    return run


@pytest.mark.parametrize("role", ["supervisor", "guardian"])
def test_the_front_of_a_stopped_command_ends(held, stopped, role):
    """And so its caller goes on."""
    second = held.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
    _, supervisor, guardian = stopped.three_pids
    struck_at = now()
    processes.kill(supervisor if role == "supervisor" else guardian)
    try:
        assert stopped.wait(held.settings["ownership_term"]) == 81
    finally:
        processes.kill(stopped.front, signal.SIGCONT)
    assert stopped.err
    assert second.wait(60) == 0
    held.records.assert_one_after_the_other("first", "second")
    assert held.records.last_sign("first") < struck_at + held.settings["ownership_term"]


def test_both_killed(held, stopped):
    """At one stroke: front alone is left, and it is stopped. Continued, by a hand or a shell, it kills what is there."""
    _, supervisor, guardian = stopped.three_pids
    for pid in (supervisor, guardian):
        processes.kill(pid)
    processes.kill(stopped.front, signal.SIGCONT)
    assert stopped.wait(held.settings["ownership_term"]) == 81
    assert not [span for span in held.records.spans("first") if processes.alive(span.pid)]
    held.leaves_marks = True
