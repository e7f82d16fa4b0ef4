"""switchmanctl history: the last runs of each job, by the server's clock."""

import json

import pytest

from Support.control import assert_refused
from Support.original import Original


def test_runs_are_shown_with_their_outcome_and_token(ctl, fleet):
    assert fleet.run("--lockname", "backup", "--", "true").code == 0
    assert fleet.run("--lockname", "backup", "--", "sh", "-c", "exit 3").code == 3
    runs = ctl.json("history", "backup")["runs"]
    assert [(run["outcome"], run["code"], run["host"]) for run in runs] == [
        ("ran", 0, "host1.example.org"), ("ran", 3, "host1.example.org")]
    assert runs[0]["token"] < runs[1]["token"] and runs[0]["start"] <= runs[0]["end"] <= runs[1]["start"]
    heading, *lines = ctl("history", "backup").out.splitlines()
    assert heading.split() == ["LOCK", "HOST", "START", "TOOK", "OUTCOME", "CODE", "WAITED", "TOKEN"]
    assert len(lines) == 2 and lines[1].split()[0] == "backup"


def test_all_jobs_are_shown_in_the_order_of_their_starts(ctl, fleet):
    for name in ("b", "a", "b"):
        fleet.run("--lockname", name, "--", "true")
    assert [run["lockname"] for run in ctl.json("history")["runs"]] == ["b", "a", "b"]


def test_a_run_that_is_going_on_comes_last(ctl, fleet):
    fleet.run("--lockname", "backup", "--", "true")
    run = fleet.start_job("backup")
    last = ctl.json("history", "backup")["runs"][-1]
    assert last["outcome"] == "running" and "end" not in last and last["token"] == fleet.stat("locks", "backup").czxid
    fleet.end_job("backup")
    assert run.wait() == 0


def test_a_lost_run_shows_as_lost_at_once_and_afterwards(ctl, fleet):
    config = fleet.config("quick.conf", session_timeout=4, ownership_term=4)
    run = fleet.start_job("backup", config=config)
    with fleet.successor("next", "backup", config=config) as successor:
        fleet.lose_host(run)
        fleet.client.delete(fleet.path("locks", "backup"))
    successor.taken()
    fleet.records.started("next")
    fleet.end_job("next")
    successor.taken()[0].wait()
    assert [run["outcome"] for run in ctl.json("history", "backup")["runs"]] == ["lost", "ran"]


def test_a_holder_that_has_just_been_lost(ctl, fleet):
    run = fleet.start_job("backup")
    fleet.lose_host(run)
    fleet.client.delete(fleet.path("locks", "backup"))
    last = ctl.json("history", "backup")["runs"][-1]
    assert (last["outcome"], last["host"]) == ("lost", "host1.example.org") and "start" in last
    fleet.client.delete(fleet.path("jobs", "backup"))


def test_a_lost_holders_term_is_not_in_what_a_run_has_waited(ctl, fleet):
    fleet.lose_host(fleet.start_job("backup"))
    fleet.client.delete(fleet.path("locks", "backup"))
    before = fleet.run("--lockname", "backup", "--verbose", "--", "true")
    assert before.code == 0 and "was lost; waiting for up to 6 s" in before.err
    # It waits the term out with the lock.
    assert ctl.json("history", "backup")["runs"][-1]["waited_ms"] < 3000


def test_what_an_original_does_is_shown_as_far_as_it_can_be_seen(ctl, fleet):
    original = Original(fleet.client, fleet.prefix)
    original.take_lock("old")
    run, = ctl.json("history")["runs"]
    assert (run["outcome"], run["host"], run["pid"]) == ("original", "old.example.org", 4711)
    original.release_lock("old")


def test_an_unknown_job_is_a_no_and_an_empty_fleet_is_not(ctl):
    assert_refused(ctl("history", "backup"), 1, "nothing is known of backup")
    assert (ctl("history").code, ctl("history").out) == (0, "")
    assert_refused(ctl("history", "a/b"), 64, "'/'")


@pytest.mark.parametrize("runs", [[{}], "x", [{"host": "h", "outcome": "\x1b[2J", "started": 2**63 - 1, "held_ms": 2**62}]])
def test_foreign_memories_do_no_harm(ctl, fleet, runs):
    record = {"state": "ended", "session": "1", "n": 1, "term": 30, "runs": runs}
    fleet.client.create(fleet.path("jobs", "odd"), json.dumps(record).encode(), makepath=True)
    assert ctl("history").code == 0 and "\x1b" not in ctl("history").out
    ctl.json("history")


def test_a_node_that_is_no_record_is_65_and_hides_no_other(ctl, fleet):
    fleet.run("--lockname", "backup", "--", "true")
    fleet.client.create(fleet.path("jobs", "odd"), b"rubbish")
    run = ctl("history")
    assert run.code == 65 and "jobs/odd is not a job's record" in run.err and "backup" in run.out
    assert "none of its runs starts until it is deleted" in run.err
    fleet.client.create(fleet.path("jobs", "odder"), b"rubbish")
    assert "odd and 1 more are no jobs' records; none of their runs starts until they are deleted" in ctl("history").err
    # No run of it can start, which is the first that anybody looks for.
    for shown in ctl("status").out, ctl("jobs").out:
        assert [line.split()[:2] for line in shown.splitlines()[1:3]] == [["odd", "unreadable"], ["odder", "unreadable"]], shown
    assert {lock["lockname"]: lock["state"] for lock in ctl.json("status")["locks"]} == {"odd": "unreadable", "odder": "unreadable"}
    assert fleet.run("--lockname", "odd", "--", "true").code == 65
    fleet.client.delete(fleet.path("jobs", "odder"))
    fleet.client.delete(fleet.path("jobs", "odd"))
