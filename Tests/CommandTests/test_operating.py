"""Docs/Operating.md: its commands print what it says, and it knows the log's lines."""

import re

import pytest

from Support import sources
from Support.eventually import eventually
from Support.manuscript import Page, Shell
from Support.server import free_ports

PAGE = Page("Docs/Operating.md")
ME, OTHER = "web1.example.org", "web2.example.org"
PLAYED = {"A job was lost", "Everything is skipped", "A chain stands still", "ZooKeeper is away", "Run it now",
          "A host is gone for good", "Restore ZooKeeper", "The prefix data is broken"}


@pytest.fixture
def other(fleet):
    """The configuration of the other host."""
    fleet.settings["fqdn"] = ME
    return fleet.config("other.conf", fqdn=OTHER)


@pytest.fixture
def shell(fleet, other, program, controller):
    configuration = fleet.config("operator.conf", connect_timeout=2)
    shell = Shell(fleet.folder, program, controller, {"SWITCHMAN_CONFIG": configuration}, {})
    shell.names.update({
        "/usr/local/bin/report": f"{shell.tools}/report", "/switchman": fleet.prefix,
        "PATH=/usr/bin:/bin": f"SWITCHMAN_CONFIG={configuration} PATH={shell.environment['PATH']}"})
    shell.tool("report", "#!/bin/sh\nsleep 0.1\n")
    return shell


def vanish(fleet, run):
    """With its host; until its session is over too."""
    fleet.lose_host(run)
    eventually(lambda: not fleet.list("locks"), what="the session has expired")


def start_slow_to_end(fleet, configuration):
    """A holder whose command takes a second to end, so that each step of a stop is seen."""
    loop = "trap 'sleep 1; exit' TERM; while :; do sleep 0.05; done"
    run = fleet.start("--lockname", "report", "--", "sh", "-c", loop, config=configuration)
    eventually(lambda: fleet.record("report").get("state") == "running", what="it runs")
    run.command()
    return run


def test_each_runbook_is_here():
    assert PAGE.played() == PLAYED


def test_a_job_was_lost(fleet, shell, other):
    fleet.run("--lockname", "report", "--", "true")
    vanish(fleet, fleet.start_job("report", config=other))
    seen, next_run = PAGE.blocks("A job was lost")
    shell.play(seen)
    shell.play(next_run)
    fleet.run("--lockname", "report", "--", "true")
    assert shell.type("switchmanctl status") == ["nothing runs, and nothing waits"]


def test_everything_is_skipped(fleet, shell, other):
    holder = start_slow_to_end(fleet, other)
    why, hangs = PAGE.blocks("Everything is skipped")
    shell.fleeting = ["nothing of the command runs any more; releasing"]
    shell.play(why)
    shell.play(hangs)
    assert holder.wait() == 80


# The words of the run, and what explain says of it.
CAUSES = [
    ("", "is paused"), ("", "is drained"), ("-g web", "is not in group"), ("--lease db=1:1", "is held until"),
    ("--lease db=1:1", "is held ("), ("", "is held by"), ("--lease db=1:1", "queued"), ("--once-per month", "tick 2"),
    ("--after extract", "there is no record of"), ("--after extract", "has not succeeded"),
    ("--after extract --once-per day", "have no tick"), ("--min-interval 1h", "the last start was"), ("", "would start"),
    ("", "which waits until"),
]
# Of a run's log alone: what it has seen at a second look (test_skip_reasons), and between two others.
OF_RUNS = ["which has left no record", "was taken, or is waited for"]


def test_each_row_of_the_table_is_tried():
    told = [cause for row in rows("Everything is skipped") for cause in re.findall(r"`([^`]+)`", row[0])]
    assert sorted(told) == sorted([*(cause for _, cause in CAUSES), *OF_RUNS])


@pytest.mark.parametrize("words, cause", CAUSES)
def test_what_explain_says(fleet, shell, other, words, cause):
    fleet.prefix_data({"groups": {"web": [OTHER]}, "resources": ["db"], "paused": ["report"] if cause == "is paused" else [],
                       "drained": [ME] if cause == "is drained" else []})
    if cause == "is held by":
        fleet.start_job("report", config=other)
    if cause in ("the last start was", "tick 2"):
        assert fleet.run("--lockname", "report", *(words.split() if cause == "tick 2" else ()), "--", "true").code == 0
    if cause == "queued":
        fleet.start_job("holder", arguments=("--lease", "db=1:1"))
        fleet.launch_job("report", arguments=("--lockname", "report", "--lease", "db=1:1"))
        fleet.queued("db", "report")
    if cause in ("is held until", "is held ("):
        shell.type("switchmanctl resources hold db" + (" --for 1h" if cause == "is held until" else ""))
    if cause in ("has not succeeded", "have no tick"):
        fleet.run("--lockname", "extract", "--", "true" if cause == "have no tick" else "false")
    if cause == "which waits until":
        vanish(fleet, fleet.start_job("report", config=other))
        fleet.launch_job("holder", arguments=("--lockname", "report"))
        eventually(lambda: fleet.list("locks") and fleet.record("report").get("waiting"), what="it waits the term out")
    said, = shell.type(f"switchmanctl explain {words} --lockname report -- /usr/local/bin/report")
    assert cause in said
    for label in "report", "holder":
        fleet.end_job(label)


def test_a_chain_stands_still(fleet, shell, other):
    assert fleet.run("--lockname", "extract", "--", "false", config=other).code == 1
    for block in PAGE.blocks("A chain stands still"):
        shell.play(block)


@pytest.mark.parametrize("state, options, cause", [
    ("none", (), "there is no record of"), ("failed", (), "has not succeeded yet"), ("used", (), "has not succeeded again"),
    ("failed", ("--once-per", "day"), "has not succeeded for"), ("done", ("--once-per", "day"), "have no tick")])
def test_what_explain_says_of_a_chain(fleet, shell, state, options, cause):
    """The rows of the table, but for that of a later period."""
    assert f"`{cause}`" in PAGE.section("A chain stands still")
    if state != "none":
        fleet.run("--lockname", "extract", *(options if state == "failed" else ()), "--", "false" if state == "failed" else "true")
    if state == "used":
        assert fleet.run("--lockname", "load", "--after", "extract", "--", "true").code == 0
    said, = shell.type(f"switchmanctl explain --lockname load --after extract {' '.join(options)} -- /usr/local/bin/report")
    assert cause in said


def test_zookeeper_is_away(fleet, shell):
    ports = free_ports(3)
    fleet.config("operator.conf", connect_timeout=2, zkhosts=",".join(f"127.0.0.1:{port}" for port in ports))
    shell.names.update({f"zk{number + 1}.example.org:2181": f"127.0.0.1:{port}" for number, port in enumerate(ports)})
    for block in PAGE.blocks("ZooKeeper is away"):
        shell.play(block)


def test_run_it_now(fleet, shell):
    run, history = PAGE.blocks("Run it now")
    shell.play(run)
    shell.play(history)
    fleet.start_job("report")
    (command, _), = run
    assert shell.type(command) == ["99"]
    fleet.end_job("report")


def test_a_host_is_gone_for_good(fleet, shell, other):
    fleet.prefix_data({"groups": {"web": [ME, OTHER]}})
    drain, force, names, left = PAGE.blocks("A host is gone for good")
    start_slow_to_end(fleet, other)
    shell.play(drain)
    shell.play(force)
    shell.play(names)
    vanish(fleet, fleet.start_job(f"clean-{OTHER}", config=other))
    assert "lost" in shell.type("switchmanctl status")[1]
    shell.play(left)


def test_restore_zookeeper(server, program, controller, tmp_path):
    """From nothing: what the one command has made is there again, and a second time it changes nothing."""
    block, = PAGE.blocks("Restore ZooKeeper")
    fleet = {"SWITCHMAN_ZKHOSTS": server.address, "SWITCHMAN_PREFIX": "/switchman"}
    shell = Shell(tmp_path, program, controller, fleet, {})
    shell.play(block)
    seen = shell.type("switchmanctl status")
    assert "web1.example.org, web2.example.org" in "".join(seen) and "host_cpu" in "".join(seen)
    server.empty()
    shell.play(block)
    assert shell.type("switchmanctl status") == seen
    shell.play(block)
    assert shell.type("switchmanctl status") == seen


def test_the_prefix_data_is_broken(fleet, ctl, shell):
    for words in (["groups", "add", "web", "web1.example.org"], ["pause", "invoice"]):
        assert ctl(*words).code == 0
    fleet.prefix_data('{"groups": {"web": ["web1.example.org",]}, "paused": ["invoice"]}')
    seen, read, mended = PAGE.blocks("The prefix data is broken")
    shell.play(seen)
    assert shell.type("switchman --lockname invoice -- echo starts") == ["starts"]
    shell.play(read)
    shell.play(mended)
    assert shell.type("switchman --lockname invoice -- echo starts") == []


# The log.

def rows(heading):
    return [[cell.strip() for cell in row.split(" | ")] for row in re.findall(r"^\| (.*) \|$", PAGE.section(heading), re.M)]


def test_the_table_has_each_line_of_the_log_and_no_other():
    listed = {(row[0], re.sub(r"[A-Z][A-Z]+|\bN\b", "*", row[1].strip("`")))
              for row in rows("What each line of the log means") if row[1].startswith("`")}
    listed = {(level, re.sub(r"\*+", "*", text)) for level, text in listed}
    listed = {(level, text.replace(" held=* token=*", "*").replace("**", "*")) for level, text in listed}
    said = {(level, re.sub(r"\*+", "*", re.sub(r"[A-Z][A-Z]+", "*", text))) for level, text in sources.logged()}
    missing, needless = sorted(said - listed), sorted(listed - said)
    assert not missing, f"Docs/Operating.md, What each line of the log means: add {missing}"
    assert not needless, f"Docs/Operating.md has lines that no program writes: {needless}"


def test_each_reason_to_end_is_listed_and_no_other():
    def starred(text):
        return re.sub(r"[*\s]+", " ", re.sub(r"\b[A-Z][A-Z]+\b|\bN\b", "*", text)).strip()
    listed = [starred(row[0].strip("`")) for row in rows("Why a run has ended") if row[0].startswith("`")]
    said = {starred(text) for text in sources.reasons()} - {"the data of :", "(the data of )"}
    missing = sorted(text for text in said if not any(text in row for row in listed))
    needless = [row for row in listed if not any(text in row for text in said)]
    assert not missing, f"Docs/Operating.md, Why a run has ended: add {missing}"
    assert not needless and len(listed) > 30, f"Docs/Operating.md has reasons that no program gives: {needless}"


def test_quoted_messages_are_in_the_programs():
    """What the runbooks quote, and the reasons of a loss."""
    known = "\n".join(sources.literals())
    quoted = [row[0].strip("`") for row in rows("What each line of the log means") if row[0].startswith("`")]
    assert len(quoted) >= 4
    quoted += ["no heartbeat was acknowledged in time", "is paused", "the last start was", "never run", "not started",
               "the servers have lost acknowledged transactions", "is drained"]
    for text in quoted:
        for part in re.split(r"\b[A-Z][A-Z]+\b", text):
            assert part.strip() in known, f"{text}: no program says {part!r}"
