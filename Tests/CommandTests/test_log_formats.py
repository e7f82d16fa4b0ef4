"""The log as JSON, and a logfile that is rotated under a run that lasts."""

import datetime
import json
import os
import re

import pytest

from Support.eventually import eventually
from Support.fleet import HOST, assert_silent

TEXT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t\[\d+\]\t.+")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def objects(lines):
    return [json.loads(line) for line in lines]


def test_every_line_is_an_object(fleet):
    log = f"{fleet.folder}/log"
    config = fleet.config(logfile=log, log_format="json", loglevel="debug")
    run = fleet.run("--lockname", "a", "--", "true", config=config)
    assert_silent(run, 0)
    lines = objects(read(log))
    assert len(lines) >= 2
    for line in lines:
        assert (line["lockname"], line["host"]) == ("a", HOST)
        assert line["level"] in ("debug", "info") and line["message"] and line["pid"] == run.front


def test_the_story_is_there_as_fields(fleet):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(logfile=log, log_format="json"))
    story = objects(read(log))[-1]
    assert (story["outcome"], story["code"]) == ("ran", 3)
    assert isinstance(story["waited_seconds"], (int, float)) and isinstance(story["held_seconds"], (int, float))
    assert story["token"] > 0 and f"token={story['token']}" in story["message"]
    assert "reason" not in story


def test_the_reason_of_a_failure_is_a_field(fleet):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "/no/such/program", config=fleet.config(logfile=log, log_format="json"))
    story = objects(read(log))[-1]
    assert story["outcome"] == "not-found" and "/no/such/program" in story["reason"]


@pytest.mark.parametrize("zone, offset", [("UTC", "+00:00"), ("Asia/Kolkata", "+05:30"), ("America/St_Johns", "-0")])
def test_times_name_their_zone(fleet, zone, offset):
    log = f"{fleet.folder}/log"
    config = fleet.config(logfile=log, log_format="json")
    before = datetime.datetime.now(datetime.timezone.utc)
    fleet.run("--lockname", "a", "--", "true", config=config, env={"TZ": zone})
    after = datetime.datetime.now(datetime.timezone.utc)
    time = objects(read(log))[-1]["time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", time) and time[23:].startswith(offset)
    millisecond = datetime.timedelta(milliseconds=1)
    assert before - millisecond <= datetime.datetime.fromisoformat(time) <= after


def test_standard_error_has_the_same_form(fleet):
    run = fleet.run("--verbose", "--lockname", "a", "--", "true", config=fleet.config(log_format="json"))
    assert objects(run.err.splitlines())[-1]["outcome"] == "ran"


def test_what_is_refused_before_there_is_a_log_is_text(fleet):
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(log_format="json", fqdn=7))
    assert run.code == 78 and run.err.startswith("switchman: ")


def test_the_environment_sets_the_form(fleet):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log), env={"SWITCHMAN_LOG_FORMAT": "json"})
    assert objects(read(log))


@pytest.mark.parametrize("letter", ["x", "\x01", "\"", "\u00e9"], ids=["plain", "control", "quote", "two-bytes"])
def test_a_line_too_long_for_one_write_is_still_an_object(fleet, letter):
    """Cut in the message, and not in the middle of a letter or an escape."""
    log = f"{fleet.folder}/log"
    config = fleet.config(logfile=log, log_format="json")
    fleet.run("--lockname", "a" * 512, "--", "/no/such/" + letter * 9000, "x", config=config)
    lines = read(log)
    assert max(len(line.encode()) for line in lines) < 4096
    complaint, story = objects(lines)[-2:]
    assert complaint["message"].startswith("/no/such/") and "\ufffd" not in complaint["message"]
    assert complaint["level"] == "error" and story["code"] in (126, 127)


def test_text_is_the_default(fleet):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log))
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log, log_format="text"))
    assert all(TEXT.fullmatch(line) for line in read(log))


def rename(log):
    os.rename(log, f"{log}.1")


def remove(log):
    os.unlink(log)


def rename_and_create(log):
    os.rename(log, f"{log}.1")
    with open(log, "w", encoding="ascii") as file:
        file.write("somebody else's\n")


@pytest.mark.parametrize("rotate", [rename, remove, rename_and_create])
def test_a_long_run_goes_on_in_the_new_file(fleet, rotate):
    log = f"{fleet.folder}/log"
    run = fleet.start_job("a", config=fleet.config(logfile=log, loglevel="debug"))
    eventually(lambda: read(log), what="it writes to the old one")
    rotate(log)
    fleet.end_job("a")
    assert run.wait() == 0
    lines = read(log)
    assert "outcome=ran" in lines[-1]
    assert (lines[0] == "somebody else's") == (rotate is rename_and_create), "it is appended to"
    if rotate is not remove:
        assert not any("outcome=" in line for line in read(f"{log}.1"))


def test_a_run_whose_log_folder_is_gone_ends_as_ever(fleet):
    os.mkdir(f"{fleet.folder}/logs")
    log = f"{fleet.folder}/logs/log"
    run = fleet.start_job("a", config=fleet.config(logfile=log, loglevel="debug"))
    eventually(lambda: read(log), what="it writes")
    os.unlink(log)
    os.rmdir(f"{fleet.folder}/logs")
    fleet.end_job("a")
    assert run.wait() == 0
    assert run.err == ""
