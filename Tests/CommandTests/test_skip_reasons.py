"""Why a run was skipped: in the log, at the level info, and with --verbose on standard error; a plain skip stays silent."""

import pytest

from Support.fleet import assert_silent
from Support.original import Original

VERBOSE = ("--verbose", "--lockname", "a")


def said(run):
    """The line before the one that tells the outcome."""
    assert run.code == 0, run
    lines = run.err.splitlines()
    assert "outcome=" in lines[-1], lines
    return lines[-2]


def test_a_lock_that_is_held_is_named_with_its_holder(fleet):
    run = fleet.start_job("a")
    pid = fleet.get("locks", "a").split()[1]
    line = said(fleet.run(*VERBOSE, "--", "false"))
    assert f"{fleet.path('locks', 'a')} is held by host1.example.org, process {pid}, since 20" in line
    assert_silent(fleet.run("--lockname", "a", "--", "false"), 0)
    fleet.end_job("a")
    assert run.wait() == 0


def test_of_an_originals_lock_no_holder_is_known(fleet):
    original = Original(fleet.client, fleet.prefix)
    assert original.take_lock("a")
    assert fleet.run(*VERBOSE, "--", "false").err.count(f"{fleet.path('locks', 'a')} is held") == 2, "and that it is an original's"
    original.release_lock("a")


def test_a_wait_that_ran_out_says_who_has_it(fleet):
    run = fleet.start_job("a")
    assert "is held by host1.example.org, process" in said(fleet.run(*VERBOSE, "--wait", "1s", "--", "false"))
    fleet.end_job("a")
    assert run.wait() == 0


@pytest.mark.parametrize("options, word", [((), "been started"), (("--retry-failed",), "succeeded")])
def test_a_tick_that_was_run_is_named(fleet, options, word):
    words = (*VERBOSE, "--once-per", "month", *options, "--")
    assert fleet.run(*words, "true").code == 0
    tick = fleet.record("a")["ticked"]
    assert f"tick {tick} has {word} already (the newest: {tick})" in said(fleet.run(*words, "false"))


def test_the_reason_is_a_field_for_programs(fleet):
    assert fleet.run("--lockname", "a", "--once-per", "month", "--", "true").code == 0
    config = fleet.config("json.conf", log_format="json", logfile=f"{fleet.folder}/log")
    assert_silent(fleet.run("--lockname", "a", "--once-per", "month", "--", "false", config=config), 0)
    with open(f"{fleet.folder}/log", encoding="utf-8") as log:
        assert '"reason":"tick ' in log.read().splitlines()[-1]
