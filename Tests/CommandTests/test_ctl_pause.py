"""pause, resume, drain, undrain: kept in PREFIX's data, seen by the next start anywhere."""

import json

import pytest

from Support.control import assert_refused, assert_silent_yes


def data(fleet):
    """Without what is only for people: by whom, and since when."""
    data = json.loads(fleet.get())
    for key in ("pauses", "drains"):
        kept = {name: {k: v for k, v in note.items() if k not in ("by", "since")} for name, note in data.get(key, {}).items()}
        data.update({key: {name: note for name, note in kept.items() if note}})
        if not data[key]:
            del data[key]
    return data


def test_a_pause_is_kept_in_the_fleets_data_and_shown(ctl, fleet):
    assert_silent_yes(ctl("pause", "backup"))
    assert_silent_yes(ctl("pause", "backup"))
    assert data(fleet)["paused"] == ["backup"]
    assert ctl.json("status")["locks"][0] == {"lockname": "backup", "state": "free", "paused": True, "waiting": []}
    assert "free, paused" in ctl("status").out
    assert_silent_yes(ctl("resume", "backup"))
    assert data(fleet)["paused"] == []


def test_a_drain_is_kept_in_the_fleets_data_and_shown(ctl, fleet):
    assert_silent_yes(ctl("drain", "host1.example.org"))
    assert data(fleet)["drained"] == ["host1.example.org"]
    assert "drained: host1.example.org" in ctl("status").out
    assert_silent_yes(ctl("undrain", "host1.example.org"))
    assert data(fleet)["drained"] == []


def test_what_was_not_paused_or_drained_is_a_no(ctl):
    assert_refused(ctl("resume", "bakcup"), 1, "bakcup is not paused")
    assert_refused(ctl("undrain", "host9"), 1, "host9 is not drained")


def test_unknown_keys_stay_as_they_are(ctl, fleet):
    before = {"groups": {"web": "a"}, "resources": ["r"], "future": {"x": None, "y": [1, 2.5, "é\u0301"]}, "": 0}
    fleet.prefix_data(before)
    ctl("pause", "backup")
    assert data(fleet) == {**before, "paused": ["backup"]}


def test_numbers_stay_as_they_are_written(ctl, fleet):
    numbers = "[18446744073709551615,12345678901234567890123,0.12345678901234567891,1.0,-0,1E+3]"
    fleet.prefix_data(f'{{"future": {numbers}}}')
    assert_silent_yes(ctl("pause", "backup"))
    assert fleet.get().startswith(f'{{"future":{numbers},"paused":["backup"],"pauses":{{"backup":{{"by":"')


def test_names_are_compared_byte_for_byte(ctl, fleet):
    """Composed and decomposed, the same letter makes two locknames."""
    assert_silent_yes(ctl("pause", "caf\u00e9"))
    assert_silent_yes(ctl("pause", "cafe\u0301"))
    assert data(fleet)["paused"] == ["caf\u00e9", "cafe\u0301"]
    assert_silent_yes(ctl("resume", "cafe\u0301"))
    assert data(fleet)["paused"] == ["caf\u00e9"]


@pytest.mark.parametrize("words, mention", [
    (("pause",), "lockname"), (("pause", ""), "is empty"), (("pause", "0"), '"0"'), (("pause", "a/b"), "'/'"),
    (("drain", ""), "is empty"), (("drain", "a b"), "blank"), (("drain", "h", "--timeout", "1.5"), "--timeout"),
    (("undrain", "a/b"), "'/'"),
])
def test_bad_words(ctl, words, mention):
    assert_refused(ctl(*words), 64, mention)


@pytest.mark.parametrize("text, mention", [
    ("{", "not"), ("[]", "a list"), ("host 12", "original"), ('{"paused": {}}', '"paused" is an object'),
])
def test_data_that_no_run_can_read_is_not_edited(ctl, fleet, text, mention):
    fleet.prefix_data(text)
    assert_refused(ctl("pause", "backup"), 65, fleet.prefix, mention)
    assert fleet.get() == text


def test_an_edit_that_would_be_too_long_to_be_read_is_refused(ctl, fleet):
    fleet.prefix_data({})
    short = fleet.config("short.conf", data_read_len=30)
    assert_refused(ctl("pause", "a" * 40, config=short), 65, "data_read_len")
    assert fleet.get() == "{}"


def test_twenty_operators_at_once_lose_nothing(ctl, fleet):
    runs = [ctl.start("pause", f"job-{number}") for number in range(20)]
    assert [run.wait() for run in runs] == [0] * 20
    assert sorted(data(fleet)["paused"]) == sorted(f"job-{number}" for number in range(20))


def test_the_next_start_sees_it(ctl, fleet):
    ctl("pause", "backup")
    skip = fleet.run("--lockname", "backup", "--exit-code", "paused=9", "--", "echo", "never")
    assert (skip.code, skip.out, skip.err) == (9, "", "")
    assert fleet.run("--lockname", "another", "--", "echo", "ran").out == "ran\n"
    ctl("resume", "backup")
    assert fleet.run("--lockname", "backup", "--", "echo", "ran").out == "ran\n"


def test_what_runs_goes_on(ctl, fleet):
    run = fleet.start_job("backup")
    ctl("pause", "backup")
    assert "running, paused" in ctl("status").out
    fleet.end_job("backup")
    assert run.wait() == 0
    ctl("resume", "backup")
