"""The log in syslog and in the systemd journal, with a daemon of the test's own behind the socket."""

import json

import pytest

from Support.eventually import eventually
from Support.fleet import assert_silent
from Support.syslog import Syslog

USER, CRON, LOCAL0 = 1, 9, 16
ERROR, WARNING, INFO = 3, 4, 6


@pytest.fixture
def daemon():
    daemon = Syslog()
    yield daemon
    daemon.close()


@pytest.mark.parametrize("name, facility", [("", USER), ("user:", USER), ("cron:", CRON), ("local0:", LOCAL0)])
def test_a_line_has_facility_severity_tag_and_lockname(fleet, daemon, name, facility):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(syslog=name + daemon.path))
    assert_silent(run, 3)
    lines = daemon.lines()
    assert {priority for priority, _, _ in lines} == {facility * 8 + INFO}
    assert {process for _, process, _ in lines} == {run.front}
    assert all(message.startswith("a: ") for _, _, message in lines)
    assert lines[-1][2].startswith("a: outcome=ran code=3 waited=")


def test_severities(fleet, daemon):
    fleet.run("--lockname", "a", "--", "/no/such/program", config=fleet.config(syslog=daemon.path, sesion_timeout=5))
    priorities = {message.split(" ")[1]: priority for priority, _, message in daemon.lines()}
    assert priorities["/no/such/program:"] == USER * 8 + ERROR
    assert priorities["outcome=not-found"] == USER * 8 + INFO
    assert USER * 8 + WARNING in priorities.values()


def test_loglevel_counts_here_too(fleet, daemon):
    config = fleet.config(syslog=daemon.path, loglevel="error")
    fleet.run("--lockname", "a", "--", "/no/such/program", config=config)
    assert [message.split(" ")[1] for _, _, message in daemon.lines()] == ["/no/such/program:"]


def test_beside_a_logfile(fleet, daemon):
    log = f"{fleet.folder}/log"
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(syslog=daemon.path, logfile=log))
    with open(log, encoding="utf-8") as file:
        lines = [line.split("\t")[2] for line in file.read().splitlines()]
    assert lines and lines == [message for _, _, message in daemon.lines()]


def test_from_the_environment(fleet, daemon):
    fleet.run("--lockname", "a", "--", "true", env={"SWITCHMAN_SYSLOG": f"local0:{daemon.path}"})
    assert daemon.lines()[-1][0] == LOCAL0 * 8 + INFO


def test_as_json(fleet, daemon):
    config = fleet.config(syslog=daemon.path, log_format="json")
    fleet.run("--lockname", "a", "--", "true", config=config)
    story = json.loads(daemon.lines()[-1][2])
    assert (story["lockname"], story["outcome"], story["code"]) == ("a", "ran", 0)


@pytest.mark.parametrize("off", [False, "false", None])
def test_nothing_without_it(fleet, daemon, off):
    environment = {"SWITCHMAN_SYSLOG": "" if off is None else "0"}
    fleet.run("--lockname", "a", "--", "true", config=fleet.config(syslog=off), env=environment)
    assert not daemon.datagrams()


def test_a_missing_socket_is_one_warning(fleet):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(syslog="/no/such/log"))
    assert run.code == 3
    assert len(run.err.splitlines()) == 1 and "syslog" in run.err and "/no/such/log" in run.err


def test_a_daemon_that_does_not_read_holds_nobody_up(fleet, daemon):
    daemon.fill()
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(syslog=daemon.path))
    assert_silent(run, 3)
    assert all(one == b"x" * 100 for one in daemon.datagrams()), "what found no room is dropped"


def test_a_daemon_started_anew_gets_what_follows(fleet, daemon):
    run = fleet.start_job("a", config=fleet.config(syslog=daemon.path, loglevel="debug"))
    assert eventually(daemon.lines)
    daemon.stop()
    daemon.start()
    before = len(daemon.datagrams())
    fleet.end_job("a")
    assert run.wait() == 0
    assert [message for _, _, message in daemon.lines()[before:]][-1].startswith("a: outcome=ran")


def test_the_journal_gets_fields(fleet, daemon):
    config = fleet.config(syslog=f"journald:{daemon.path}")
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=config)
    assert_silent(run, 3)
    story = daemon.entries()[-1]
    assert story["MESSAGE"].startswith("a: outcome=ran code=3 ")
    assert (story["PRIORITY"], story["SYSLOG_IDENTIFIER"], story["SYSLOG_PID"]) == ("6", "switchman", str(run.front))
    assert (story["SWITCHMAN_LOCKNAME"], story["SWITCHMAN_HOST"]) == ("a", "host1.example.org")
    assert (story["SWITCHMAN_OUTCOME"], story["SWITCHMAN_CODE"]) == ("ran", "3")
    assert float(story["SWITCHMAN_HELD_SECONDS"]) >= 0 and int(story["SWITCHMAN_TOKEN"]) > 0


def test_a_message_of_several_lines_is_one_entry_of_the_journal(fleet, daemon):
    config = fleet.config(syslog=f"journald:{daemon.path}", metrics_directory="/no/such\nfolder")
    fleet.run("--lockname", "a", "--", "true", config=config)
    complaint = next(entry for entry in daemon.entries() if "metrics_directory" in entry["MESSAGE"])
    assert complaint["MESSAGE"].startswith("a: metrics_directory /no/such\nfolder: ")
    assert complaint["SWITCHMAN_LOCKNAME"] == "a"
