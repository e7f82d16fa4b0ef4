"""Groups and drains by pattern: `*` and `?` in a host's name."""

import json

import pytest

from Support.control import assert_refused, assert_silent_yes
from Support.eventually import eventually
from Support.fleet import HOST
from Support.verdict import assert_one_line, assert_says

CODE = ("--exit-code", "not-in-group=4", "--exit-code", "paused=5")


def code(fleet, *words):
    return fleet.run(*words, "--lockname", "a", *CODE, "--", "sh", "-c", "exit 3").code


@pytest.mark.parametrize("members, group, expected", [
    (["host?.example.org"], "g", 3), (["*"], "g", 3), ("*.org", "g", 3), (["host??.example.org"], "g", 4), (["host"], "g", 4),
    (["HOST*"], "g", 4), (["host[1]*"], "g", 4), (["inner"], "g", 3), (["host*", "x"], "host*", 65), ([], "g", 4),
], ids=str)
def test_a_group_by_pattern(fleet, members, group, expected):
    fleet.prefix_data({"groups": {"g": members, "inner": ["ho*"]}})
    assert code(fleet, "-g", group) == expected


def test_a_groups_own_name_is_no_pattern(fleet):
    fleet.prefix_data({"groups": {"g": ["host*"], "host*": ["elsewhere"]}})
    assert code(fleet, "-g", "g") == 4
    assert code(fleet, "-g", "host*") == 4


def test_a_host_that_no_pattern_of_the_group_matches_any_more_ends_its_command(fleet):
    fleet.prefix_data({"groups": {"g": ["host*"]}})
    run = fleet.start_job("a", arguments=("-g", "g"))
    fleet.prefix_data({"groups": {"g": ["guest*"]}})
    assert run.finished().code == 79


def test_a_drain_by_pattern(ctl, fleet):
    assert_silent_yes(ctl("drain", "host*", "--why", "racks"))
    assert code(fleet) == 5
    assert json.loads(fleet.get())["drained"] == ["host*"] and "drained: host*" in ctl("status").out
    explained = ctl("explain", "--lockname", "a", "true")
    assert explained.code == 1 and f"{HOST} is drained as host* (by " in explained.out
    assert_refused(ctl("undrain", HOST), 1, f"{HOST} is not drained by its name, but as host*")
    assert_silent_yes(ctl("undrain", "host*"))
    assert code(fleet) == 3


def test_what_runs_on_hosts_of_a_pattern_is_stopped(ctl, fleet):
    run = fleet.start_job("a")
    assert ctl("drain", "--stop", "guest?.*").code == 0
    assert run.running
    stopped = ctl("drain", "--stop", "hos?1.*")
    assert stopped.code == 0 and "a" in stopped.out
    assert run.finished().code == 80


def test_explain_names_the_pattern(ctl, fleet):
    fleet.prefix_data({"groups": {"g": [HOST], "p": ["other", "host*.org"]}})
    assert ctl("explain", "-g", "p", "--lockname", "a", "true").out \
        == f"would start: the lock is free; {HOST} is in group p as host*.org\n"
    assert "as" not in ctl("explain", "-g", "g", "--lockname", "a", "true").out.split("free")[1]
    assert f"{HOST} is in group p as host*.org" in fleet.run("--dry-run", "-g", "p", "--lockname", "a", "--", "true").out


def test_a_pause_of_a_name_with_a_star_is_of_that_name(ctl, fleet):
    run = ctl("pause", "a*", "--for", "1h")
    assert run.code == 0 and run.out.startswith("paused until ") and '"a*" is one lockname, not a pattern' in run.err
    assert code(fleet) == 3
    assert fleet.run("--lockname", "a*", *CODE, "--", "true").code == 5


def test_groups_take_and_show_patterns(ctl, fleet):
    assert_silent_yes(ctl("groups", "add", "g", "host*", "db?.example.org"))
    assert ctl("groups", "show", "g").out == "db?.example.org\nhost*\n"
    assert_silent_yes(ctl("groups", "remove", "g", "host*"))


def test_checks_know_patterns(ctl, fleet, tmp_path):
    fleet.prefix_data({"groups": {"g": ["host*"], "none": ["zzz*"]}, "resources": ["short_mem"]})
    run = ctl("check", "hosts", HOST)
    assert "of g" in run.out and "host*" not in run.out.split("of g", 1)[1], run.out
    tab = tmp_path / "crontab"
    tab.write_text("* * * * * switchman -g none a\n")
    assert_one_line(ctl("check", "crontab", tab), "OK", "crontab")
    tab.write_text("* * * * * switchman --lease FQDN_mem=1:2 a\n")
    assert_says(ctl("check", "crontab", tab), "WARNING", "crontab", "is not in the fleet's data")
    fleet.prefix_data({"groups": {"g": ["sho*"]}, "resources": ["short_mem"]})
    assert_one_line(ctl("check", "crontab", tab), "OK", "crontab")


def test_a_run_that_waits_for_permits_leaves_when_a_pattern_drains_its_host(ctl, fleet):
    fleet.resources("r")
    fleet.start_job("blocker", arguments=("--lease", "r=1:1"))
    run = fleet.launch_job("a", arguments=("--lease", "r=1:1", *CODE))
    fleet.queued("r", "a")
    ctl("drain", "*")
    assert run.finished().code == 5
    eventually(lambda: fleet.queue("r") == [], what="its place is given up")
    fleet.end_job("blocker")
