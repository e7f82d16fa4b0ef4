"""Runs within runs that would wait for what is released only when they have ended."""

import pytest

from Support.fleet import assert_one_line


def nested(fleet, outer, inner):
    return fleet.run(*outer, "--", fleet.program, *inner, "--", "true", within=20)


@pytest.mark.parametrize("wait", ["forever", "1h"])
def test_for_the_outer_runs_lock(fleet, wait):
    run = nested(fleet, ("--lockname", "o"), ("--lockname", "o", "--wait", wait))
    assert_one_line(run, 64, fleet.path("locks/o"), "would never end")


def test_for_the_outer_runs_permits(fleet):
    fleet.resources("r")
    run = nested(fleet, ("--lockname", "o", "--lease", "r=1:2"), ("--lockname", "i", "--lease", "r=2:2"))
    assert_one_line(run, 64, "r", "1 of them by the run that started this one")


@pytest.mark.parametrize("outer, inner", [
    (("--lockname", "o"), ("--lockname", "o")),
    (("--lockname", "o"), ("--lockname", "i", "--wait", "forever")),
    (("--lockname", "o", "--lease", "r=1:2"), ("--lockname", "i", "--lease", "r=1:2")),
])
def test_what_needs_no_wait_is_as_before(fleet, outer, inner):
    fleet.resources("r")
    run = nested(fleet, outer, inner)
    assert (run.code, run.err) == (0, "")


def test_whoever_else_is_in_the_way_is_waited_for(fleet):
    fleet.resources("r")
    fleet.start_job("other", arguments=("--lease", "r=1:3"))
    run = fleet.start(
        "--lockname", "o", "--lease", "r=1:3", "--", fleet.program, "--lockname", "i", "--lease", "r=2:3", "--", "true")
    fleet.queued("r", "i")
    fleet.end_job("other")
    assert run.wait() == 0
