"""Pauses and drains that end, their reasons, and the pause of all jobs."""

import json
import re
import signal
import time

import pytest

from Support.control import assert_refused, assert_silent_yes, assert_told_end
from Support.eventually import eventually
from Support.fleet import HOST
from Support.verdict import assert_one_line

CODE = ("--exit-code", "paused=5")
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def data(fleet):
    return json.loads(fleet.get())


def starts(fleet, lockname="a"):
    code = fleet.run("--lockname", lockname, *CODE, "--", "sh", "-c", "exit 3").code
    assert code in (3, 5)
    return code == 3


@pytest.mark.parametrize("verb, name, key, undo", [
    ("pause", "a", "paused", "resume"), ("drain", HOST, "drained", "undrain")])
def test_it_ends_by_itself_and_goes_with_an_edit_a_day_later(ctl, fleet, verb, name, key, undo):
    assert_told_end(ctl(verb, name, "--for", 2, "--why", "a reason"), {"pause": "paused", "drain": "drained"}[verb])
    notes = {"paused": "pauses", "drained": "drains"}[key]
    assert key not in data(fleet), "versions that know no ends would never lift it"
    assert set(data(fleet)[notes][name]) == {"until", "why", "by", "since"}
    assert not starts(fleet)
    assert ctl.json("status")[key] == [name]
    eventually(lambda: starts(fleet), within=10, what="the pause is over")
    status = ctl.json("status")
    assert status[key] == [] and status[notes] == {}
    assert_refused(ctl(undo, name), 1, f"{name} is not {key}")
    assert name in data(fleet)[notes], "nobody has edited it yet"
    assert ctl("pause", "other").code == 0
    assert name in data(fleet)[notes], "another host's clock may be behind this one's"
    long_over = data(fleet)
    long_over[notes][name]["until"] = "2026-01-01T00:00:00Z"
    fleet.prefix_data(long_over)
    assert ctl("pause", "another").code == 0
    assert name not in data(fleet).get(notes, {})


def test_its_end_its_reason_and_its_operator_are_shown(ctl, fleet):
    note = ("--until", "2038-01-02T03:04:05Z", "--why", "disk full \u00e9")
    assert_told_end(ctl("pause", "a", *note, env={"SUDO_USER": "anna"}), "paused")
    assert_told_end(ctl("drain", HOST, *note, env={"SUDO_USER": "", "LOGNAME": "bert"}), "drained")
    told = r"until {} \(by {}@\S+ since {}: disk full \u00e9\)"
    local = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"
    shown = ctl("status", env={"TZ": "UTC"}).out
    assert re.search("paused: a " + told.format("2038-01-02 03:04:05", "anna", local), shown), shown
    assert re.search(f"drained: {HOST} " + told.format("2038-01-02 03:04:05", "bert", local), shown), shown
    one = ctl("status", "a").out
    assert "paused: a until" in one and "drained" not in one
    status = ctl.json("status")
    assert status["locks"][0] == {"lockname": "a", "state": "free", "paused": True, "waiting": []}
    assert status["pauses"]["a"]["until"] == "2038-01-02T03:04:05.000Z" and status["pauses"]["a"]["why"] == "disk full \u00e9"
    sentence = told.format("2038-01-02T03:04:05Z", "anna", TIME)
    explained = ctl("explain", "--lockname", "a", "true")
    assert explained.code == 1 and re.search(r"would skip \(paused\): a is paused " + sentence, explained.out)
    run = fleet.run("--verbose", "--lockname", "a", "--", "false")
    assert run.code == 0 and re.search("a is paused " + sentence, run.err), run.err
    drained = fleet.run("--verbose", "--lockname", "b", "--", "false")
    assert re.search(f"{HOST} is drained " + told.format("2038-01-02T03:04:05Z", "bert", TIME), drained.err), drained.err
    check = ctl("check", "job", "--within", "1h", "a")
    told = "a: paused, and not started by anybody until 2038-01-02T03:04:05Z (by anna@"
    assert_one_line(check, "WARNING", "job", told, "never run")
    facts = ctl.json("check", "job", "--within", "1h", "a", code=1)["facts"]
    assert facts["paused"] and facts["pause"]["until"] == "2038-01-02T03:04:05.000Z"


def test_a_pause_is_changed_and_keeps_what_is_not_said_again(ctl, fleet):
    ctl("pause", "a", "--why", "first")
    assert data(fleet)["paused"] == ["a"] and "until" not in data(fleet)["pauses"]["a"]
    since = "2026-01-01T00:00:00Z"
    fleet.steered({**data(fleet), "pauses": {"a": {**data(fleet)["pauses"]["a"], "since": since}}})
    assert_told_end(ctl("pause", "a", "--for", "1h"), "paused")
    assert data(fleet)["paused"] == []
    note = data(fleet)["pauses"]["a"]
    assert (note["why"], note["since"]) == ("first", since) and re.fullmatch(TIME, note["until"])
    assert_silent_yes(ctl("pause", "a", "--why", "second"))
    assert data(fleet)["paused"] == ["a"] and data(fleet)["pauses"]["a"]["why"] == "second"
    version = fleet.client.exists(fleet.prefix).version
    assert_silent_yes(ctl("pause", "a"))
    assert_silent_yes(ctl("pause", "a", "--why", "second", "--for", "forever"))
    assert fleet.client.exists(fleet.prefix).version == version, "made already"
    assert_silent_yes(ctl("resume", "a"))
    assert data(fleet) == {"paused": []}


def test_several_at_once_or_none(ctl, fleet):
    assert_silent_yes(ctl("pause", "a", "b", "a"))
    assert data(fleet)["paused"] == ["a", "b"]
    assert_refused(ctl("resume", "a", "c"), 1, "c is not paused")
    assert data(fleet)["paused"] == ["a", "b"]
    assert_silent_yes(ctl("resume", "b", "a", "a"))
    assert data(fleet) == {"paused": []}
    assert_told_end(ctl("drain", "h1", "h2", "--for", "1h"), "drained")
    assert ctl.json("status")["drained"] == ["h1", "h2"]
    assert_silent_yes(ctl("undrain", "h1", "h2"))


def test_all_jobs_are_paused_those_included_that_are_new(ctl, fleet):
    fleet.run("--lockname", "old", "--", "true")
    fleet.run("--lockname", "named", "--", "true")
    ctl("pause", "named")
    assert_told_end(ctl("pause", "--all", "--for", "1h", "--why", "move"), "paused")
    assert "*" not in data(fleet)["paused"]
    assert not starts(fleet, "old") and not starts(fleet, "new") and not starts(fleet, "*")
    assert fleet.run("--no-lock", *CODE, "--", "true").code == 5
    shown = ctl("status").out
    assert "paused: all jobs until" in shown and "old" not in shown.split("paused: all")[0], shown
    status = ctl.json("status")
    assert status["all_paused"]["why"] == "move" and [lock["lockname"] for lock in status["locks"]] == ["named"]
    assert ctl.json("status", "old", code=1)["locks"][0]["paused"]
    assert "all jobs are paused until" in ctl("explain", "--lockname", "old", "true").out
    assert_one_line(ctl("check", "job", "--within", "1h", "old"), "WARNING", "job", "old: paused with all jobs, and not started")
    assert_refused(ctl("resume", "old"), 1, "old is not paused by its name", "switchmanctl resume --all")
    assert_silent_yes(ctl("resume", "--all"))
    assert starts(fleet, "old") and not starts(fleet, "named")
    assert_refused(ctl("resume", "--all"), 1, "no pause of all jobs")


def test_what_waits_leaves_when_all_jobs_are_paused(ctl, fleet):
    fleet.prefix_data({})
    fleet.start_job("holder", arguments=("--lockname", "a"))
    run = fleet.launch_job("b", arguments=("--lockname", "a", "--wait", "forever", *CODE))
    fleet.waiting("a", 1)
    ctl("pause", "--all")
    assert run.finished().code == 5
    fleet.end_job("holder")


def test_the_picture_is_drawn_anew_when_a_pause_ends(ctl, fleet):
    assert_told_end(ctl("pause", "a", "--for", 3), "paused")
    watch = ctl.start("status", "--watch", "--json")
    eventually(lambda: len(watch.out.splitlines()) == 2, within=10, what="a second document, with no change in ZooKeeper")
    assert [json.loads(line)["paused"] for line in watch.out.splitlines()] == [["a"], []]
    watch.send(signal.SIGTERM)
    watch.wait()


@pytest.mark.parametrize("text, until", [
    ("2038-02-03 04:05", "2038-02-03T03:05:00Z"), ("2038-02-03T04:05:06", "2038-02-03T03:05:06Z"),
    ("2038-07-03", "2038-07-02T22:00:00Z"), ("2038-02-03T04:05:06+05:30", "2038-02-02T22:35:06Z"),
])
def test_times_are_those_of_the_reader(ctl, fleet, text, until):
    run = ctl("pause", "a", "--until", text, env={"TZ": "Europe/Berlin"})
    assert_told_end(run, "paused")
    assert run.out.endswith(" CEST\n" if "-07-" in text else " CET\n")
    assert data(fleet)["pauses"]["a"]["until"] == until


def test_a_time_without_a_date_is_the_next_one(ctl, fleet):
    now = time.time()
    for offset in (-3600, 3600):
        clock = time.strftime("%H:%M", time.gmtime(now + offset))
        told = ctl("pause", "a", "--until", clock, env={"TZ": "UTC"}).out
        until = time.strptime(data(fleet)["pauses"]["a"]["until"], "%Y-%m-%dT%H:%M:%SZ")
        assert time.strftime("%H:%M", until) == clock and 0 < time.mktime(until) - time.timezone - now <= 86400
        assert told == time.strftime("paused until %Y-%m-%d %H:%M:%S UTC\n", until), "05:00 may be tomorrow's"


@pytest.mark.parametrize("words, mention", [
    (("pause", "a", "--for", "0"), "--for"), (("pause", "a", "--for", "2w"), '"2w" for --for'),
    (("pause", "a", "--for", str(2**62)), "year 9999"), (("pause", "a", "--for", "1h", "--until", "18:00"), "exclude each other"),
    (("pause", "a", "--until", "2020-01-01"), "is past"), (("pause", "a", "--until", "2038-02-30"), "--until"),
    (("pause", "a", "--until", "tomorrow"), "2026-12-01 06:00"), (("pause", "a", "--until", "24:00"), "--until"),
    (("pause", "a", "--why", ""), "--why"), (("pause", "a", "--why", "x\ny"), "--why"),
    (("pause", "a", "--why", "x" * 201), "--why"), (("pause", "a", "--all"), "exclude each other"),
    (("resume", "a", "--all"), "exclude each other"), (("resume",), "--all"),
    (("pause", "a", "--until", "tomorrow 05:00"), "18:30 (the next one)"),
    (("pause", "--until", "2038-12-01", "05:00", "a"), '"05:00" stands where a name belongs; write --until "2038-12-01 05:00"'),
    (("pause", "a", "--until=2038-12-01", "5:00:30"), '"2038-12-01 5:00:30"'),
    (("pause", "--until", "05:00", "2038-12-01", "a"), '"2038-12-01 05:00"'),
    (("drain", "--until", "2038-12-01", "05:00", "h"), '"05:00" stands'),
    (("resources", "hold", "--until", "2038-12-01", "05:00", "r"), '"05:00" stands'),
    (("pause", "--until", "5:00", "PM", "a"), '"PM" stands'), (("pause", "--until", "05:00", "tomorrow", "a"), '"tomorrow" stands'),
    (("pause", "--for", "2", "hours", "a"), "--for 2 hours: a duration is one word; write 2h"),
    (("drain", "--for=30", "min", "h"), "write 30m"), (("stop", "--timeout", "10", "s", "a"), "write 10s"),
    (("drain", "--for", "1h"), "hosts"), (("drain", "--all"), "hosts"), (("undrain",), "hosts"),
])
def test_bad_words(ctl, fleet, words, mention):
    assert_refused(ctl(*words), 64, mention)
    assert not fleet.client.exists(fleet.prefix)


def test_jobs_may_have_the_names_of_times(ctl, fleet):
    assert_told_end(ctl("pause", "--until", "2038-12-01 05:00", "05:00", "tomorrow"), "paused")
    assert_told_end(ctl("pause", "--for", "2h", "hours", "05:00"), "paused")
    assert sorted(data(fleet)["pauses"]) == ["05:00", "hours", "tomorrow"]


@pytest.mark.parametrize("text, mention", [
    ('{"pauses": []}', '"pauses" is a list'), ('{"pauses": {"a": "x"}}', '"pauses" of "a" is a string'),
    ('{"drains": {"h": {"until": "soon"}}}', '"until" in "drains" of "h" is "soon"'),
    ('{"all_paused": {"until": 7}}', '"until" in "all_paused" is a number'),
])
def test_data_that_cannot_be_read_is_named(ctl, fleet, text, mention):
    fleet.prefix_data(text)
    assert_refused(ctl("pause", "a"), 65, fleet.prefix, mention)
    assert starts(fleet)


def test_a_reason_by_a_stranger_moves_no_cursor(ctl, fleet):
    fleet.prefix_data({"pauses": {"a": {"until": "2038-01-01T00:00:00Z", "why": "\x1b[2Jx\n\u202ey", "by": "\x1b]0;z\x07"}}})
    run = fleet.run("--verbose", "--lockname", "a", "--", "false")
    for text in (ctl("status").out, ctl("explain", "--lockname", "a", "true").out, run.err,
                 ctl("check", "job", "--within", "1h", "a").out):
        assert "?[2Jx" in text and not re.search("[\x1b\x07\u202e]", text), text
    assert "\x1b" not in ctl("status", "--json").out


def test_an_older_version_reads_and_edits_the_data_as_before(ctl, fleet):
    """It knows the two lists only: whatever stands in them, and it keeps the other keys."""
    ctl("pause", "a", "--why", "x")
    ctl("pause", "b", "--for", "1h")
    ctl("drain", "h", "--why", "x")
    now = data(fleet)
    assert now["paused"] == ["a"] and now["drained"] == ["h"] and all(isinstance(now[key], list) for key in ("paused", "drained"))
    now["paused"] = ["b"]
    fleet.prefix_data(now)
    status = ctl.json("status")
    assert status["paused"] == ["b"] and status["pauses"] == {"b": {}}, "it has resumed a, and paused b without an end"
    ctl("undrain", "h")
    assert data(fleet) == {"paused": ["b"], "drained": []}, "what is said of nobody goes with the next edit"
