"""`paused` and `drained` in the data of PREFIX: no new starts of a job, or on a host; what runs goes on."""

import pytest

from Support.eventually import always, eventually
from Support.fleet import HOST, assert_one_line, assert_silent

CODE = ("--exit-code", "paused=5")


@pytest.mark.parametrize("data", [
    {"paused": ["a"]}, {"paused": ["other", "a"]}, {"drained": [HOST]}, {"drained": ["elsewhere", HOST], "paused": []},
], ids=str)
def test_nothing_is_started(fleet, data):
    fleet.prefix_data(data)
    assert_silent(fleet.run("--lockname", "a", "--", "false"), 0)
    assert_silent(fleet.run("--lockname", "a", *CODE, "--", "false"), 5)
    assert_silent(fleet.run("--lockname", "a", "-E", 9, "--", "false"), 9)
    assert_silent(fleet.run("--no-lock", "--lockname", "a", *CODE, "--", "false"), 5)
    fleet.assert_no_trace()
    fleet.prefix_data({})
    assert fleet.run("--lockname", "a", *CODE, "--", "sh", "-c", "exit 3").code == 3


@pytest.mark.parametrize("data", [
    {"paused": ["b", "A", "a ", ""]}, {"drained": [HOST.upper(), HOST.split(".")[0], HOST + "."]},
    {"paused": [HOST], "drained": ["a"]}, {"paused": None, "drained": None},
], ids=str)
def test_other_names_are_other_names(fleet, data):
    fleet.prefix_data(data)
    assert fleet.run("--lockname", "a", *CODE, "--", "sh", "-c", "exit 3").code == 3


def test_names_are_compared_byte_by_byte(fleet):
    """To Swift a composed letter is the same as a decomposed one."""
    fleet.prefix_data({"paused": ["e\u0301"]})
    assert fleet.run("--lockname", "\u00e9", *CODE, "--", "sh", "-c", "exit 3").code == 3
    assert fleet.run("--lockname", "e\u0301", *CODE, "--", "false").code == 5


@pytest.mark.parametrize("data", ["garbage", {"paused": "a"}, {"paused": [1]}, {"drained": {}}], ids=str)
def test_data_that_cannot_be_read_pauses_nobody_who_needs_none_of_it(fleet, data):
    fleet.prefix_data(data)
    assert_silent(fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3"), 3)
    run = fleet.run("--verbose", "--lockname", "a", "--", "true")
    assert run.code == 0 and "paused" in run.err
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false"), 65, fleet.prefix)


def test_what_runs_goes_on(fleet):
    run = fleet.start_job("a", "--log-signals")
    fleet.prefix_data({"paused": ["a"], "drained": [HOST]})
    always(lambda: run.running and not fleet.records.signals("a"), during=0.5)
    fleet.end_job("a")
    assert_silent(run.finished(), 0)


def test_the_next_attempt_of_what_runs_goes_on_too(fleet):
    run = fleet.start("--verbose", "--lockname", "a", "--retries", 1, "--retry-delay", 1, *CODE, "--", "sh", "-c", "exit 3")
    eventually(lambda: "again in" in run.err)
    fleet.prefix_data({"paused": ["a"]})
    assert run.wait() == 3


@pytest.mark.parametrize("change", [{"paused": ["a"]}, {"drained": [HOST]}], ids=str)
def test_it_is_seen_in_the_queue_for_the_lock(fleet, change):
    fleet.prefix_data({})
    fleet.start_job("holder", arguments=("--lockname", "a"))
    runs = []
    for number in (1, 2):
        runs.append(fleet.launch_job(f"job{number}", arguments=("--lockname", "a", "--wait", "forever", *CODE)))
        fleet.waiting("a", number)
    fleet.prefix_data({"other": 1})
    always(lambda: all(run.running for run in runs), during=0.3, what="another change is none")
    fleet.prefix_data(change)
    for run in runs:
        assert_silent(run.finished(), 5)
    assert fleet.waiters("a") == []
    fleet.end_job("holder")


def test_it_is_seen_by_the_first_run_of_a_fleet(fleet):
    """It has looked before the prefix was there, which its own place in the queue then makes."""
    assert fleet.client.exists(fleet.prefix) is None
    run = fleet.launch_job("job", arguments=("--lockname", "a", "--after", "b", "--wait", "forever", *CODE))
    fleet.waiting("a", 1)
    always(lambda: run.running, during=0.3, what="that the prefix is there is no pause")
    fleet.prefix_data({"paused": ["a"]})
    assert_silent(run.finished(), 5)


@pytest.mark.parametrize("change", [{"paused": ["a"]}, {"drained": [HOST]}], ids=str)
def test_it_is_seen_in_the_queue_for_permits(fleet, change):
    fleet.resources("r")
    fleet.start_job("blocker", arguments=("--lease", "r=1:1"))
    runs = []
    for name in ("a", "b"):
        runs.append(fleet.launch_job(name, arguments=("--lease", "r=1:1", *CODE)))
        fleet.queued("r", name)
    fleet.resources("r", **change)
    assert_silent(runs[0].finished(), 5)
    if "drained" in change:
        assert_silent(runs[1].finished(), 5)
    else:
        always(lambda: runs[1].running, during=0.3)
        fleet.queued("r", "b")
    fleet.end_job("blocker")
    fleet.end_job("b")


def test_it_is_seen_while_a_lost_holder_is_waited_out(fleet):
    config = fleet.config(session_timeout=2, ownership_term=8)
    fleet.prefix_data({})
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config)
    with fleet.successor("second", "a", config=config) as successor:
        fleet.lose_host(first)
    second, _ = successor.taken()
    fleet.prefix_data({"paused": ["a"]})
    assert_silent(second.finished(5), 0)
    assert not fleet.records.events("start", "second")
    assert fleet.record("a")["state"] == "running", "the next one waits the rest out"
    fleet.leaves_marks = True
