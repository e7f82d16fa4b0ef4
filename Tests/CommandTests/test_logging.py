"""What is said, where, and in which form."""

import os
import re
import signal

import pytest

from Support.fleet import assert_silent

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t\[\d+\]\ta: .+")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def test_the_log_keeps_the_originals_columns_and_names_the_job(fleet):
    log = f"{fleet.folder}/log"
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log, loglevel="debug"))
    assert_silent(run, 0)
    lines = read(log)
    assert lines and all(LINE.fullmatch(line) for line in lines), lines


def test_it_is_appended_to(fleet):
    log = fleet.write("log", "mine\n")
    for _ in range(2):
        fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log, loglevel="info"))
    lines = read(log)
    assert lines[0] == "mine" and len(lines) >= 3


def test_one_line_tells_the_story_of_a_run(fleet):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(logfile=log, loglevel="info"))
    story = read(log)[-1]
    for word in ("ran", "waited", "held", "token"):
        assert word in story


def test_a_higher_level_says_less(fleet):
    counts = []
    for level in ("debug", "info", "critical"):
        log = f"{fleet.folder}/log.{level}"
        fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log, loglevel=level))
        counts.append(len(read(log)) if os.path.exists(log) else 0)
    assert counts[0] >= counts[1] > counts[2] == 0


def test_a_level_that_is_a_number_silences_nothing(fleet):
    """To the original 1 is info, and to syslog 6."""
    for level in (1, 6):
        log = f"{fleet.folder}/log.{level}"
        fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log, loglevel=level))
        assert "outcome=ran" in read(log)[-1]


def test_a_log_that_cannot_be_written_is_one_warning(fleet):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(logfile="/no/such/folder/log"))
    assert run.code == 3
    assert len(run.err.splitlines()) == 1 and "/no/such/folder/log" in run.err


def test_a_full_disk_does_not_stop_the_job(fleet):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(logfile="/dev/full"))
    assert run.code == 3


def test_verbose_and_quiet(fleet):
    assert fleet.run("--verbose", "--lockname", "a", "--", "true").err != ""
    config = fleet.config(logfile="/no/such/folder/log")
    assert_silent(fleet.run("--quiet", "--lockname", "a", "--", "true", config=config), 0)


def test_quiet_still_tells_errors(fleet):
    assert fleet.run("--quiet", "--lockname", "a", "--", "/no/such/program").err != ""


def test_lines_on_standard_error_name_the_program_and_the_lockname(fleet):
    run = fleet.run("--verbose", "--lockname", "a", "--", "true")
    assert all(line.startswith("switchman: a: ") for line in run.err.splitlines()), run.err


def test_a_closed_standard_error_stops_nothing(fleet):
    run = fleet.run("--verbose", "--lockname", "a", "--", "true", prefixed=["sh", "-c", 'exec "$@" 2>&-', "sh"])
    assert run.code == 0


def test_the_fqdn_is_found_without_a_setting(fleet):
    run = fleet.start_job("a", config=fleet.config(fqdn=None))
    host = fleet.get("locks", "a").split(" ")[0]
    assert host and " " not in host
    fleet.end_job("a")
    assert run.wait() == 0


def test_the_pid_is_that_of_the_lock(fleet):
    """A signal to it reaches the command, and `switchmanctl status` shows the same."""
    log = f"{fleet.folder}/log"
    run = fleet.start_job("a", config=fleet.config(logfile=log, loglevel="debug"))
    pid = fleet.get("locks", "a").split(" ")[1]
    assert int(pid) == run.front
    os.kill(int(pid), signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM
    assert {line.split("\t")[1] for line in read(log)} == {f"[{pid}]"}


def waited(log):
    return float(re.search(r" waited=(\d+\.\d{3})s", read(log)[-1])[1])


def test_a_run_that_does_not_reach_its_command_has_waited_all_the_same(busy):
    log = f"{busy.folder}/log"
    run = busy.run("--lockname", "a", "--lease", "r=1:1", "--lease-wait", 2, "--", "true", config=busy.config(logfile=log))
    assert run.code == 75 and 2 <= waited(log) < 10
    run = busy.run("--lockname", "blocker", "--wait", 2, "--", "true", config=busy.config(logfile=log))
    assert run.code == 0 and 2 <= waited(log) < 10
    away = busy.config("away.conf", logfile=log, zkhosts="127.0.0.1:1", connect_timeout=2)
    assert busy.run("--lockname", "a", "--", "true", config=away).code == 69 and 2 <= waited(log) < 10
    busy.end_job("blocker")


@pytest.mark.parametrize("data, word", [({"drained": ["host1.example.org"]}, "host1.example.org is drained"), ({}, "outcome=ran")])
def test_the_log_names_the_job_and_why_it_was_not_started(fleet, data, word):
    log = f"{fleet.folder}/named"
    fleet.prefix_data(data)
    named = fleet.config("named.conf", logfile=log, loglevel="info")
    assert fleet.run("--lockname", "one of seven", "--", "true", config=named).code == 0
    said = read(log)
    assert any(word in line for line in said) and said[-1].rstrip().endswith("lock=one of seven"), said


@pytest.mark.parametrize("script, line", [
    ("exit 3", "a: failed: the command exited with 3"), ("kill -9 $$", "a: failed: signal 9 ended the command"), ("exit 0", None)])
def test_a_failure_is_called_one(fleet, script, line):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "sh", "-c", script, config=fleet.config(logfile=log, loglevel="info"))
    messages = [entry.split("\t")[2] for entry in read(log)]
    assert (line is None and "failed" not in "".join(messages)) or messages[-2] == line, messages
    assert messages[-1].startswith("a: outcome="), "programs have their word as before"


def test_a_signal_before_the_start_is_told(busy):
    log = f"{busy.folder}/log"
    run = busy.start("--lockname", "a", "--lease", "r=1:1", "--", "true", config=busy.config(logfile=log))
    busy.queued("r", "a")
    run.send(signal.SIGTERM)
    assert run.wait() == 143
    assert any(line.endswith("a: signal 15 ended the run before its command was started") for line in read(log)), read(log)
    busy.end_job("blocker")
