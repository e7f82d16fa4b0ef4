"""Groups: who belongs, and what happens to a running command when its host leaves."""

import pytest

from Support.eventually import always, eventually
from Support.fleet import HOST, assert_one_line, assert_silent
from Support.server import expire_session

GROUP = ("-g", "g")


@pytest.mark.parametrize("groups", [
    {"g": HOST},
    {"g": [HOST]},
    {"g": ["other", HOST]},
    {"g": ["inner"], "inner": HOST},
    {"g": "inner", "inner": ["deeper"], "deeper": ["other", HOST]},
    {"g": ["h", HOST], "h": ["g"]},
    {"g": ["g", HOST]},
    {"g": ["h"], "h": ["i"], "i": ["g", HOST]},
])
def test_a_member_runs(fleet, groups):
    fleet.prefix_data({"groups": groups})
    assert_silent(fleet.run("--lockname", "a", *GROUP, "--", "sh", "-c", "exit 3"), 3)


@pytest.mark.parametrize("groups", [
    {"g": []},
    {"g": "other"},
    {"g": ["other"]},
    {"g": [HOST.upper()]},
    {"g": [HOST.split(".")[0]]},
    {"g": [HOST + "."]},
    {"g": ["inner"], "inner": []},
    {"g": ["g"]},
    {"g": ["h"], "h": ["i"], "i": ["g"]},
    {"g": [HOST], HOST: ["other"]},
])
def test_nobody_else_does(fleet, groups):
    """The last: a member that is a group's name is that group, whatever else it might be."""
    fleet.prefix_data({"groups": groups})
    assert_silent(fleet.run("--lockname", "a", *GROUP, "--", "false"), 0)
    fleet.assert_no_trace()


def test_the_long_option(fleet):
    fleet.prefix_data({"groups": {"g": "other"}})
    assert_silent(fleet.run("--lockname", "a", "--group", "g", "-E", 5, "--", "false"), 5)
    assert_silent(fleet.run("--lockname", "a", "--group=g", "-E", 5, "--", "false"), 5)


def running_member(fleet, *options, **more):
    fleet.prefix_data({"groups": {"g": [HOST]}})
    return fleet.start_job("a", "--log-signals", *options, arguments=GROUP, **more)


def test_leaving_the_group_ends_the_command_with_79(fleet):
    run = running_member(fleet, "--end-on", 15)
    fleet.prefix_data({"groups": {"g": ["other"]}})
    assert run.wait() == 79
    assert fleet.records.signals("a") == [15]
    assert len(run.err.splitlines()) == 1 and "g" in run.err
    assert fleet.record("a")["state"] == "ended" and fleet.list("locks") == []


def test_a_command_that_ignores_the_request_is_killed(fleet):
    fleet.prefix_data({"groups": {"g": [HOST]}})
    run = fleet.start_job("a", "--stubborn", arguments=GROUP)
    fleet.prefix_data({"groups": {"g": []}})
    assert run.wait() == 79
    assert not run.left()


@pytest.mark.parametrize("groups", [{"g": []}, {"g": ["inner"], "inner": []}, {"g": ["g"]}], ids=str)
def test_a_group_that_nobody_is_in_excludes_everybody(fleet, groups):
    run = running_member(fleet, "--end-on", 15)
    fleet.prefix_data({"groups": groups})
    assert run.wait() == 79


@pytest.mark.parametrize("data", [
    {"groups": {"g": [HOST, "more"]}}, {"groups": {"g": ["inner"], "inner": [HOST]}}, {"groups": {"g": HOST}, "x": 1},
], ids=str)
def test_a_change_that_keeps_the_host_keeps_the_command(fleet, data):
    run = running_member(fleet)
    fleet.prefix_data(data)
    always(lambda: run.running and not fleet.records.signals("a"), during=1)
    fleet.end_job("a")
    assert_silent(run.finished(), 0)


def test_the_watch_is_set_again_after_each_change(fleet):
    run = running_member(fleet, "--end-on", 15)
    for turn in range(5):
        fleet.prefix_data({"groups": {"g": [HOST]}, "turn": turn})
    always(lambda: run.running, during=0.5)
    fleet.prefix_data({"groups": {"g": ["other"]}})
    assert run.wait() == 79


@pytest.mark.parametrize("data", ["garbage", "", "[]", {}, {"groups": {}}, {"groups": {"g": 7}}], ids=str)
def test_data_that_cannot_be_read_excludes_nobody(fleet, data):
    """Only data that was read and excludes this host stops the command; a group that is not described is bad data."""
    run = running_member(fleet)
    fleet.prefix_data(data)
    always(lambda: run.running and not fleet.records.signals("a"), during=1.5)
    assert "badData" not in run.err and len(run.err.splitlines()) <= 1, "a line for people, not for Swift"
    fleet.prefix_data({"groups": {"g": [HOST]}})
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_lost_connection_alone_excludes_nobody(fleet, proxy):
    run = running_member(fleet, config=fleet.config(zkhosts=proxy.address))
    proxy.cut()
    eventually(lambda: len(proxy.handshakes) >= 2, what="it reconnects")
    always(lambda: run.running and not fleet.records.signals("a"), during=0.5)
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_change_behind_a_lost_connection_is_seen(fleet, proxy):
    run = running_member(fleet, "--end-on", 15, config=fleet.config(zkhosts=proxy.address))
    proxy.refuse()
    fleet.prefix_data({"groups": {"g": ["other"]}})
    proxy.accept()
    assert run.wait() == 79


def test_without_a_group_nobody_watches(fleet):
    fleet.prefix_data({"groups": {"g": [HOST]}})
    run = fleet.start_job("a")
    fleet.prefix_data({"groups": {"g": ["other"]}})
    always(lambda: run.running, during=0.5)
    fleet.end_job("a")
    assert run.wait() == 0


def test_with_on_group_exit_finish_the_command_may_finish(fleet):
    fleet.prefix_data({"groups": {"g": [HOST]}})
    run = fleet.start_job("a", "--log-signals", arguments=(*GROUP, "--on-group-exit", "finish"))
    fleet.prefix_data({"groups": {"g": ["other"]}})
    always(lambda: run.running and not fleet.records.signals("a"), during=0.5)
    assert_silent(fleet.run("--lockname", "b", *GROUP, "--on-group-exit", "finish", "--exit-code", "not-in-group=5", "--",
                            "false"), 5)
    fleet.end_job("a")
    assert_silent(run.finished(), 0)


def test_what_waits_has_not_begun_and_does_not_finish(fleet):
    fleet.prefix_data({"groups": {"g": [HOST]}})
    fleet.start_job("holder", arguments=("--lockname", "a"))
    run = fleet.launch_job("a", arguments=("--lockname", "a", *GROUP, "--on-group-exit", "finish", "--wait", "forever",
                                           "--exit-code", "not-in-group=5"))
    fleet.waiting("a")
    fleet.prefix_data({"groups": {"g": ["other"]}})
    assert_silent(run.finished(), 5)
    fleet.end_job("holder")


def test_with_on_group_exit_stop_it_is_stopped_as_without(fleet):
    fleet.prefix_data({"groups": {"g": [HOST]}})
    run = fleet.start_job("a", "--log-signals", "--end-on", 15, arguments=(*GROUP, "--on-group-exit", "stop"))
    fleet.prefix_data({"groups": {"g": ["other"]}})
    assert run.wait() == 79


def test_a_host_that_owns_nothing_is_watched_beyond_its_session(fleet, proxy):
    """Bare --no-lock has nothing to lose with it."""
    fleet.prefix_data({"groups": {"g": [HOST]}})
    run = fleet.start_job("a", arguments=("--no-lock", *GROUP), config=fleet.config(zkhosts=proxy.address))
    session = proxy.handshakes[-1][1]
    expire_session(fleet.address, session)
    eventually(lambda: proxy.handshakes[-1][1] not in (0, session), what="it has another session")
    fleet.prefix_data({"groups": {"g": ["other"]}})
    assert run.wait() == 79


@pytest.mark.parametrize("groups, told", [
    ({"web": [], "db": []}, '(there are db, web); did you mean "web"? If not, add its hosts: switchmanctl groups add wbe HOST'),
    ({}, "(there are no groups); add its hosts"),
    ({f"g{number:02}": [] for number in range(12)}, "g03, g04, and 7 more)"),
])
def test_an_unknown_group_is_told_with_those_that_there_are(fleet, groups, told):
    fleet.prefix_data({"groups": groups})
    assert_one_line(fleet.run("-g", "wbe", "--lockname", "a", "--", "false"), 65, 'group "wbe" is not described', told)
