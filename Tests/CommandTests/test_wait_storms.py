"""Thousands of orphans, whose ends and stops the guardian is told of: that keeps it neither from its timer nor from its answers."""

import signal

import pytest

from Support import processes
from Support.eventually import always, eventually, now

pytestmark = pytest.mark.timeout(300)
# The long one: a server that shares the processors with such a storm has answered after 1.3 s and, twice, after more than the 2 s
# of patience that a term of 6 s has. A guardian that is kept by the storm is kept for good.
TERM_S, LONG_TERM_S = 3, 12
# Without a control group the run itself refuses to hold what it could not kill in time.
COUNTS = {"auto": 5000, "old": 6000, "off": 1000}


@pytest.fixture
def crowded(alone, held, ground):
    """A fleet of short terms, for commands with many orphans."""
    held.settings["ownership_term"] = TERM_S
    held.count = COUNTS[ground.mode]
    return held


def launch(fleet, *options):
    run = fleet.launch_job("a", "--orphans", fleet.count, *options)
    fleet.records.ready("a", within=120)
    return run


def test_a_storm_of_stops_does_not_keep_the_guardian_from_its_timer(crowded, ground):
    """They are stopped and continued faster than anybody can wait for them, and the supervisor is stopped."""
    run = launch(crowded, "--storm", "--stubborn")
    processes.stop(run.supervisor)
    stopped_at = now()
    eventually(lambda: crowded.records.last_sign("a") < now() - 1, 60, "the tree is dead")
    late = crowded.records.last_sign("a") - (stopped_at + TERM_S * 0.99)
    print(f"storm: {ground}: last sign of life {late:+.3f} s from the deadline")
    processes.kill(run.supervisor, signal.SIGCONT)
    assert run.wait(60) == 81
    assert late < 0, f"{late:.3f} s after the deadline"
    crowded.leaves_marks = True


def test_a_storm_of_stops_ends_no_run(crowded):
    crowded.settings["ownership_term"] = LONG_TERM_S
    run = launch(crowded, "--storm", "--stubborn")
    always(lambda: run.running, during=0.75 * LONG_TERM_S, what=lambda: f"it is well: {run.err}")
    run.send(signal.SIGTERM)
    assert run.wait(60) == 128 + signal.SIGTERM


def test_what_the_term_cannot_hold_is_ended_with_the_numbers(crowded, ground):
    """While ownership is still proven; a cgroup holds it, whose processes are killed by one write."""
    if ground.mode == "old":
        pytest.skip("says nothing of it")
    crowded.count = COUNTS["auto"]
    run = crowded.launch_job("a", "--orphans", crowded.count)
    if ground.mode == "auto":
        crowded.records.ready("a", within=120)
        always(lambda: run.running, during=1.5 * TERM_S, what=lambda: f"it is well: {run.err}")
        run.send(signal.SIGTERM)
        assert run.wait(60) == 128 + signal.SIGTERM
    else:
        assert run.wait(120) == 81
        assert "the command has too many processes: killing its " in run.err and "ownership lost" not in run.err, run.err
        assert crowded.record("a")["state"] == "ended", "it has given its lock back"


@pytest.mark.parametrize("stays", [True, False])
def test_ends_at_one_stroke_end_no_run(crowded, stays):
    """Whether the command lives on, or ends together with its orphans."""
    crowded.settings["ownership_term"] = LONG_TERM_S
    go = crowded.flag("go")
    run = launch(crowded, *(("--let-go", go) if stays else ()), "--exit", 3)
    if stays:
        crowded.raise_flag(go)
        eventually(lambda: len(run.processes()) < 10, 60, "they have ended and are reaped")
    crowded.end_job("a")
    assert run.wait(60) == 3, run.err
    assert run.left() == []
