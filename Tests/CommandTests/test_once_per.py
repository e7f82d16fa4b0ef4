"""--once-per: one start for each tick of the clock, across the fleet. The zone decides which tick it is: the tests set it."""

import json
import os
import random
import re
import signal

import pytest

from Support import processes
from Support.eventually import eventually
from Support.fleet import assert_one_line, assert_silent
from Support.ticks import Zones, other_clocks

HOUR = ("--once-per", "hour")
SEEN = ("--exit-code", "already-run=6", "--exit-code", "locked=5")


BEGAN = {}


@pytest.fixture(autouse=True)
def began():
    BEGAN["zones"] = Zones()


def zone(minute):
    return BEGAN["zones"].at(minute)


OLDER, NOW, NEWER = 46, 30, 14


def start(fleet, *options, arguments=HOUR, number=1, minute=NOW, **more):
    """Launch the 10 ms job on the so-manyth host."""
    environment = {"SWITCHMAN_FQDN": f"host{number}.example.org", "CRON_TZ": zone(minute), **more.pop("env", {})}
    return fleet.launch_job("job", "--for", more.pop("lasts", 10), *options, arguments=("--lockname", "a", *arguments, *SEEN),
                            until=False, env=environment, **more)


def starts(fleet):
    return len(fleet.records.events("start", "job"))


@pytest.fixture
def clock(tmp_path):
    return other_clocks(tmp_path)


@pytest.mark.parametrize("options, hosts", [
    ((), 1000), (("--wait", "forever"), 250), (("--retry-failed",), 250), (("--wait", "forever", "--retry-failed"), 250),
], ids=str)
def test_a_thousand_hosts_whose_clocks_are_apart_start_each_tick_once(fleet, clock, options, hosts):
    """By 40 % of the period, side by side and one after the other, with jobs that are over at once; then the next tick."""
    dice = random.Random(1)
    for first in range(0, hosts, 25):
        minute = NOW if first < hosts / 2 else NEWER
        runs = [start(fleet, arguments=(*HOUR, *options), number=first + n, minute=minute, env=clock(dice.randint(-720, 720)))
                for n in range(25)]
        for run in runs:
            assert run.wait() in (0, 5, 6) and not run.err
    ticks = [run["tick"] for run in fleet.record("a")["runs"]]
    assert starts(fleet) == 2 and len(set(ticks)) == 2
    fleet.records.assert_never_two()


def test_the_command_is_told_its_tick(fleet):
    script = "echo ${SWITCHMAN_TICK-none}"
    said = fleet.run("--lockname", "a", *HOUR, "--", "sh", "-c", script, env={"CRON_TZ": zone(NOW)}).out.strip()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00\+00:\d\d", said)
    assert fleet.record("a")["ticked"] == fleet.record("a")["done"] == said
    assert fleet.run("--lockname", "b", "--", "sh", "-c", script, env={"SWITCHMAN_TICK": "of another"}).out.strip() == "none"


@pytest.mark.parametrize("written, word", [("60m", "hour"), ("24h", "day"), ("1d", "day"), ("7d", "week")])
def test_a_period_in_other_units_has_the_marks_of_the_word(fleet, written, word):
    """Two lines of one crontab, of which one was edited: together they start it once."""
    command = ("--lockname", "a", *SEEN, "--", "true")
    assert fleet.run("--once-per", written, *command).code == 0
    assert fleet.record("a")["period"] == word
    assert fleet.run("--once-per", word, *command).code == fleet.run("--once-per", written, *command).code == 6


def test_the_zone_of_the_crontab_comes_before_the_hosts(fleet):
    command = ("--lockname", "a", "--once-per", "day", "--", "sh", "-c", "echo $SWITCHMAN_TICK $TZ")
    env = {"CRON_TZ": "Asia/Tokyo", "TZ": "America/New_York"}
    tick, own = fleet.run(*command, env=env).out.split()
    assert tick.endswith("T00:00:00+09:00") and own == "America/New_York", "the command's own zone is left alone"


def test_the_next_tick_starts_and_an_older_one_does_not(fleet):
    assert start(fleet).wait() == 0
    assert start(fleet, number=2).wait() == 6
    assert start(fleet, minute=OLDER).wait() == 6
    assert start(fleet, minute=NEWER).wait() == 0
    assert start(fleet).wait() == 6
    assert starts(fleet) == 2


def test_already_run_is_a_skip_that_leaves_no_trace(fleet):
    assert start(fleet).wait() == 0
    before = fleet.record("a")
    silent = fleet.run("--lockname", "a", *HOUR, "--", "false", env={"CRON_TZ": zone(NOW)})
    assert_silent(silent, 0)
    assert fleet.record("a") == before


def test_a_tick_that_is_being_run_is_an_everyday_skip_and_an_overrun_is_not(fleet):
    fleet.start_job("holder", arguments=("--lockname", "a", *HOUR), env={"CRON_TZ": zone(NOW)})
    assert start(fleet).wait() == 6
    assert start(fleet, arguments=(*HOUR, "--wait", "forever")).wait() == 6
    assert start(fleet, minute=NEWER).wait() == 5, "this tick is run by nobody"
    fleet.end_job("holder")


def test_of_those_who_wait_behind_an_overrun_one_starts(fleet):
    fleet.start_job("holder", arguments=("--lockname", "a", *HOUR), env={"CRON_TZ": zone(NOW)})
    runs = [start(fleet, arguments=(*HOUR, "--wait", "forever"), number=n, minute=NEWER) for n in range(4)]
    eventually(lambda: len(fleet.list("waiters", "a")) == 4, what="they wait")
    fleet.end_job("holder")
    assert sorted(run.wait() for run in runs) == [0, 6, 6, 6]
    assert starts(fleet) == 1


# What uses a tick up.


@pytest.mark.parametrize("command", [["/no/such/program"], ["/etc/passwd"]])
def test_a_command_that_cannot_be_run_does_not(fleet, command):
    assert fleet.run("--lockname", "a", *HOUR, "--", *command, env={"CRON_TZ": zone(NOW)}).code in (126, 127)
    assert start(fleet).wait() == 0
    assert start(fleet).wait() == 6


def test_an_attempt_that_finds_no_program_any_more_does(fleet):
    """The first has run."""
    script = f"#!/bin/sh\nrm {fleet.folder}/once\nexit 3\n"
    path = fleet.write("once", script)
    os.chmod(path, 0o755)
    run = fleet.run("--lockname", "a", *HOUR, "--retries", 1, "--retry-delay", 0, "--", path, env={"CRON_TZ": zone(NOW)})
    assert run.code == 127
    assert start(fleet).wait() == 6


def test_a_failure_does_but_with_retry_failed(fleet):
    again = (*HOUR, "--retry-failed")
    assert start(fleet, "--exit", 3).wait() == 3
    assert start(fleet).wait() == 6
    assert start(fleet, "--exit", 4, arguments=again, number=2).wait() == 4
    assert start(fleet, arguments=again, number=3).wait() == 0
    assert start(fleet, arguments=again, number=4).wait() == 6
    assert starts(fleet) == 3


def test_a_run_that_an_operator_ended_is_done(fleet, ctl):
    """Else stop would start the job on the next host."""
    run = fleet.start_job("holder", arguments=("--lockname", "a", *HOUR, "--retry-failed"), env={"CRON_TZ": zone(NOW)})
    standby = start(fleet, arguments=(*HOUR, "--retry-failed", "--wait", "forever"), number=2)
    eventually(lambda: fleet.list("waiters", "a"), what="it stands by")
    assert ctl("stop", "a").code == 0
    assert run.wait() == 80
    assert standby.wait() == 6
    assert starts(fleet) == 0


def test_a_hot_standby_takes_a_failed_tick_over_and_leaves_a_done_one(fleet):
    again = (*HOUR, "--retry-failed", "--wait", "forever")
    holder = fleet.start_job("holder", "--exit", 3, arguments=("--lockname", "a", *again), env={"CRON_TZ": zone(NOW)})
    standbys = [start(fleet, arguments=again, number=n) for n in range(3)]
    eventually(lambda: len(fleet.list("waiters", "a")) == 3, what="they stand by")
    fleet.end_job("holder")
    assert holder.wait() == 3
    assert sorted(run.wait() for run in standbys) == [0, 6, 6]
    assert starts(fleet) == 1
    fleet.records.assert_never_two()


def test_a_hot_standby_takes_a_lost_hosts_tick_over(fleet):
    config = fleet.config(session_timeout=2, ownership_term=3)
    again = (*HOUR, "--retry-failed", "--wait", "forever")
    holder = fleet.start_job("holder", "--stubborn", arguments=("--lockname", "a", *again), config=config,
                             env={"CRON_TZ": zone(NOW)})
    standby = start(fleet, arguments=again, config=config)
    eventually(lambda: fleet.list("waiters", "a"), what="it stands by")
    fleet.lose_host(holder)
    assert standby.wait(60) == 0
    fleet.records.assert_one_after_the_other("holder", "job")


def test_a_lost_run_has_used_its_tick_up(fleet):
    config = fleet.config(session_timeout=2, ownership_term=3)
    holder = fleet.start_job("holder", arguments=("--lockname", "a", *HOUR), config=config, env={"CRON_TZ": zone(NOW)})
    fleet.lose_host(holder)
    eventually(lambda: fleet.list("locks") == [], what="the lock goes with its session")
    assert start(fleet, config=config).wait() == 6
    assert fleet.run("--lockname", "a", "--", "true", config=config).code == 0, "by hand, and it remembers"
    assert start(fleet, config=config).wait() == 6
    assert start(fleet, config=config, minute=NEWER).wait(60) == 0
    assert [run.get("tick") is not None for run in fleet.record("a")["runs"]] == [True, False, True]


def test_a_run_without_the_option_is_once_more_by_hand(fleet):
    assert start(fleet).wait() == 0
    ticked = fleet.record("a")["ticked"]
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    assert fleet.record("a")["ticked"] == ticked
    assert start(fleet).wait() == 6


def test_who_is_paused_or_gives_up_uses_no_tick_up(fleet, ctl):
    fleet.resources("r")
    holder = fleet.start_job("other", arguments=("--no-lock", "--lease", "r=1:1"))
    short = start(fleet, arguments=(*HOUR, "--lease", "r=1:1", "--lease-wait", "1s"))
    assert short.wait() == 75
    waits = start(fleet, arguments=(*HOUR, "--lease", "r=1:1"))
    eventually(lambda: fleet.queue("r"), what="it waits")
    waits.send(signal.SIGTERM)
    assert waits.wait() == 143
    fleet.end_job("other")
    assert holder.wait() == 0
    assert ctl("pause", "a").code == 0
    assert start(fleet).wait() == 0 and starts(fleet) == 0, "paused"
    assert ctl("resume", "a").code == 0
    assert start(fleet).wait() == 0 and starts(fleet) == 1


# Clocks.


@pytest.mark.parametrize("ahead_s, direction", [(1900, "ahead of"), (-1900, "behind")])
def test_a_clock_that_is_off_by_more_than_half_a_period_is_an_error(fleet, clock, ahead_s, direction):
    """And does no harm to the others' ticks."""
    run = start(fleet, env=clock(ahead_s)).finished()
    assert_one_line(run, 65, "this host's clock is", f"{direction} ZooKeeper's", "set the clock")
    assert fleet.list("locks") == [] and starts(fleet) == 0
    assert start(fleet).wait() == 0
    assert start(fleet).wait() == 6


@pytest.mark.parametrize("members", [
    {"ticked": "2999-01-01T00:00:00+00:00", "period": "hour"}, {"ticked": "2999-01-01T00:00:00+00:00"}, {"ticked": "soon"},
    {"ticked": 7, "done": [], "tick": {}, "period": "fortnight"}, {"done": "\x1b[31m"},
], ids=json.dumps)
def test_what_no_clock_can_have_written_keeps_nothing_from_running(fleet, members):
    """A record is data from outside."""
    record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "h", "pid": 1, "runs": [], **members}
    fleet.client.create(fleet.path("jobs", "a"), json.dumps(record).encode(), makepath=True)
    assert start(fleet).wait() == 0
    assert start(fleet).wait() == 6


# What it says.


def test_explain_and_dry_run_say_why(fleet, ctl):
    words = ("--lockname", "a", *HOUR, "--", "true")
    env = {"CRON_TZ": zone(NOW)}
    assert fleet.run("--dry-run", *words, env=env).out.startswith("a: would start")
    assert start(fleet).wait() == 0
    said = fleet.run("--dry-run", *words, env=env)
    assert said.out.startswith("a: would skip (already-run): tick 2") and "has been started already" in said.out
    holder = fleet.start_job("holder", arguments=("--lockname", "b", *HOUR), env=env)
    assert "is being run" in fleet.run("--dry-run", "--lockname", "b", *HOUR, "--", "true", env=env).out
    fleet.end_job("holder")
    assert holder.wait() == 0


def test_the_log_and_the_history_name_the_tick(fleet, ctl):
    assert start(fleet).wait() == 0
    tick = fleet.record("a")["ticked"]
    run = fleet.run("--verbose", "--lockname", "a", *HOUR, "--", "true", env={"CRON_TZ": zone(NOW)})
    assert "already-run" in run.err
    assert json.loads(ctl("history", "--json", "a").out)["runs"][0].get("tick") == tick


def test_all_three_killed_between_the_take_and_the_start_cost_the_tick_and_nothing_else(fleet):
    """A stated limit: the take is the start."""
    run = fleet.start_job("holder", arguments=("--lockname", "a", *HOUR), env={"CRON_TZ": zone(NOW)})
    for pid in run.three():
        processes.kill(pid)
    assert start(fleet, minute=NEWER, arguments=(*HOUR, "--wait", "forever")).wait(60) == 0
