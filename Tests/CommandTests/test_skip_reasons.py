"""Why a run was skipped: in the log, at the level info, and with --verbose on standard error; a plain skip stays silent, but on a
terminal."""

import re
import shlex

import pytest

from Support.eventually import eventually
from Support.fleet import HOST, assert_silent
from Support.original import Original
from Support.tmux import Tmux

VERBOSE = ("--verbose", "--lockname", "a")


def said(run):
    """The line before the one that tells the outcome."""
    assert run.code == 0, run
    lines = run.err.splitlines()
    assert "outcome=" in lines[-1], lines
    assert lines[-2].startswith("switchman: a: skipped: "), lines
    return lines[-2].removeprefix("switchman: a: skipped: ")


def test_a_lock_that_is_held_is_named_with_its_holder(fleet):
    run = fleet.start_job("a")
    pid = fleet.get("locks", "a").split()[1]
    line = said(fleet.run(*VERBOSE, "--", "false"))
    assert f"{fleet.path('locks', 'a')} is held by host1.example.org, process {pid}, since 20" in line
    assert_silent(fleet.run("--lockname", "a", "--", "false"), 0)
    fleet.end_job("a")
    assert run.wait() == 0


def test_of_an_originals_lock_no_holder_is_known(fleet):
    original = Original(fleet.client, fleet.prefix)
    assert original.take_lock("a")
    path, holder = fleet.path("locks", "a"), fleet.get("locks", "a").split()
    run = fleet.run(*VERBOSE, "--", "false")
    known = f"{path} is held by {holder[0]}, process {holder[1]}, which has left no record"
    assert said(run) == known
    assert f"{known}; if it runs the Perl original, set \"mixed_fleet\": true" in run.err, "after a second look"
    original.release_lock("a")


def test_a_wait_that_ran_out_says_who_has_it(fleet):
    run = fleet.start_job("a")
    assert "is held by host1.example.org, process" in said(fleet.run(*VERBOSE, "--wait", "1s", "--", "false"))
    fleet.end_job("a")
    assert run.wait() == 0


@pytest.mark.parametrize("options, word", [((), "been started"), (("--retry-failed",), "succeeded")])
def test_a_tick_that_was_run_is_named(fleet, options, word):
    words = (*VERBOSE, "--once-per", "month", *options, "--")
    assert fleet.run(*words, "true").code == 0
    tick = fleet.record("a")["ticked"]
    assert f"tick {tick} has {word} already (the newest: {tick})" in said(fleet.run(*words, "false"))


def test_the_reason_is_a_field_for_programs(fleet):
    assert fleet.run("--lockname", "a", "--once-per", "month", "--", "true").code == 0
    config = fleet.config("json.conf", log_format="json", logfile=f"{fleet.folder}/log")
    assert_silent(fleet.run("--lockname", "a", "--once-per", "month", "--", "false", config=config), 0)
    with open(f"{fleet.folder}/log", encoding="utf-8") as log:
        assert '"reason":"tick ' in log.read().splitlines()[-1]


def told_alike(ctl, fleet, *words):
    """The sentence of a run that is skipped, which is that of explain."""
    sentence = said(fleet.run(*VERBOSE, *words, "--", "false"))
    explained = ctl("explain", "--lockname", "a", *words, "--", "false").out
    why = re.fullmatch(r"would skip \(\S+\): (.*)\n", explained)[1]

    def timeless(text):
        return re.sub(r"\d+ s ago", "N s ago", text)
    assert timeless(why).startswith(timeless(sentence)), (why, sentence)
    return sentence


def test_who_is_in_the_group(ctl, fleet):
    fleet.prefix_data({"groups": {"web": ["w1.example.org", "more"], "more": [f"w{n}.example.org" for n in range(2, 9)]}})
    assert told_alike(ctl, fleet, "-g", "web") == (
        f"{HOST} is not in group web (w1.example.org, w2.example.org, w3.example.org, w4.example.org, w5.example.org, and 3 more)")
    fleet.prefix_data({"groups": {"web": []}})
    assert told_alike(ctl, fleet, "-g", "web") == f"{HOST} is not in group web (it has no hosts)"


def test_when_the_next_may_come(ctl, fleet):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    sentence = told_alike(ctl, fleet, "--min-interval", "1h")
    assert re.fullmatch(
        rf"the last start was \d s ago on {HOST}, the next may come from 20\S+Z on \(--min-interval 3600 s\)", sentence)


@pytest.mark.parametrize("data, sentence", [({"paused": ["a"]}, "a is paused"), ({"drained": [HOST]}, f"{HOST} is drained")])
def test_what_is_paused(ctl, fleet, data, sentence):
    fleet.prefix_data(data)
    assert told_alike(ctl, fleet) == sentence


def test_how_many_wait(ctl, fleet):
    fleet.resources("db")
    lease = ("--lease", "db=1:1")
    for label in ("holder", "b", "a"):
        start = fleet.start_job if label == "holder" else fleet.launch_job
        start(label, arguments=("--lockname", label, *lease))
        if label != "holder":
            fleet.queued("db", label)
    assert told_alike(ctl, fleet, *lease).startswith("a run of a stands in the queue of db already, 1 ahead of it (")
    for label in ("a", "b", "holder"):
        fleet.end_job(label)


def test_who_waits_a_lost_run_out(ctl, fleet):
    fleet.lose_host(fleet.start_job("first", arguments=("--lockname", "a", "--term", "20s"),
                                    config=fleet.config("lost.conf", fqdn="lost.example.org", session_timeout=4)))
    successor = fleet.start("--lockname", "a", "--wait", "1m", "--", "true")
    eventually(lambda: fleet.record("a").get("waiting") and fleet.record("a")["host"] == HOST, what="it has the lock, and waits")
    sentence = told_alike(ctl, fleet)
    holder = f"{fleet.path('locks', 'a')} is held by {HOST}, process {successor.front}"
    until = "which waits until 20\\S+Z at the latest: then the lost command of lost.example.org is surely dead"
    assert re.fullmatch(f"{holder}, {until}", sentence), sentence
    assert successor.wait(60) == 0


# On a terminal.

@pytest.fixture
def terminal():
    terminal = Tmux(columns=200)
    yield terminal
    terminal.close()


def test_a_person_is_told_in_one_line(fleet, terminal):
    run = fleet.start_job("a")
    log = f"{fleet.folder}/log"
    line = shlex.join([fleet.program, "-c", fleet.config(logfile=log), "--lockname", "a"])
    terminal.line(f"clear; {line} -- false; echo code=$?")
    screen = terminal.shows("code=0")
    assert screen.count(f"switchman: a: skipped: {fleet.path('locks', 'a')} is held by {HOST}, process ") == 1, screen
    assert "outcome=" not in screen
    with open(log, encoding="utf-8") as file:
        assert file.read().count("skipped: ") == 1
    for silent in ("--quiet -- false", "-- false 2>&1 | cat"):
        terminal.line(f"clear; {line} {silent}; echo code=$?")
        terminal.hides("skipped: ")
        terminal.shows("code=0")
        assert "skipped" not in terminal.screen()
    fleet.end_job("a")
    assert run.wait() == 0


def test_so_is_one_whose_servers_may_be_away(fleet, terminal):
    config = fleet.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    terminal.line(f"clear; {fleet.program} -c {config} --on-unavailable skip --lockname a -- false; echo code=$?")
    assert "switchman: a: skipped: no answer from ZooKeeper at 127.0.0.1:1 within 1 s; 127.0.0.1:1: connection refused" in \
        terminal.shows("code=0").replace("\n", "")
