"""--timeout: the command and its tree are ended after so long; 124, as timeout(1)."""

import pytest

from Support.eventually import now
from Support.fleet import assert_one_line, assert_silent

SECOND = ("--timeout", "1s")


def test_the_command_is_asked_to_end_and_124_returned(fleet):
    run = fleet.start_job("a", "--log-signals", "--end-on", 15, arguments=SECOND, until=False)
    assert_one_line(run.finished(), 124, "--timeout")
    assert fleet.records.signals("a") == [15]
    started, ended = fleet.records.events("start")[0].time, fleet.records.events("end")[0].time
    # The second counts from the exec; the command writes its start down a moment later.
    assert 0.95 <= ended - started < 2
    last = fleet.record("a")["runs"][-1]
    assert last["outcome"] == "timeout" and fleet.list("locks") == []


def test_one_that_ignores_it_is_killed_with_all_its_descendants(fleet):
    """After termination_timeout."""
    run = fleet.start_job("a", "--stubborn", arguments=SECOND, until=False, config=fleet.config(termination_timeout=1))
    assert run.wait() == 124
    # A process stamps the time now and then while it lives.
    assert 1.9 <= fleet.records.last_sign("a") - fleet.records.events("start")[0].time < 4
    assert not run.left() and len(fleet.records.spans("a")) == 3


def test_descendants_that_outlive_the_command_do_not_outlive_the_time(fleet):
    run = fleet.run("--lockname", "a", *SECOND, "--", "sh", "-c", "sleep 600 & exit 3")
    assert run.code == 3, "the command itself was done in time"
    assert now() - run.began < 5


@pytest.mark.parametrize("limit", ["30s", "0", "forever"])
@pytest.mark.parametrize("status", [0, 3, 124])
def test_a_command_that_ends_in_time_keeps_its_status(fleet, limit, status):
    assert_silent(fleet.run("--lockname", "a", "--timeout", limit, "--", "sh", "-c", f"exit {status}"), status)


def test_what_it_exits_with_when_asked_to_end_is_no_success(fleet):
    assert fleet.run("--lockname", "a", *SECOND, "--", "sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait").code == 124


def test_the_code_can_be_chosen(fleet):
    assert fleet.run("--lockname", "a", *SECOND, "--exit-code", "timeout=7", "--", "sleep", 600).code == 7


def test_the_time_begins_with_the_command(fleet):
    """Not with the wait for the lock."""
    fleet.start_job("holder", "--for", 1200, arguments=("--lockname", "a"), until=False)
    run = fleet.run("--lockname", "a", "--wait", "forever", *SECOND, "--", *fleet.job("late", "--for", 500))
    assert_silent(run, 0)
    assert now() - run.began > 1.2
