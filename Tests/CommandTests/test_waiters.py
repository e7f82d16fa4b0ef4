"""--waiters: how many runs may wait for a lock; the others are skipped."""

import signal
import time

import pytest

from Support import processes
from Support.eventually import always, eventually
from Support.fleet import assert_one_line, assert_silent

QUEUED = ("--exit-code", "queued=7", "--exit-code", "locked=5", "--exit-code", "already-run=6")
HOUR = ("--once-per", "hour")
NOW = "UTC"


def launch(fleet, label, *options, waiters=1, **more):
    arguments = ("--lockname", "a", "--wait", "forever", "--waiters", waiters, *QUEUED, *options)
    return fleet.launch_job(label, "--for", 10, arguments=arguments, until=False, **more)


def join(fleet, label, *options, place=1, **more):
    """Start a run that waits for lock `a`, and wait until it is the so-manyth in its queue."""
    run = launch(fleet, label, *options, **more)
    fleet.waiting("a", place)
    return run


@pytest.fixture
def held(fleet):
    fleet.start_job("holder", arguments=("--lockname", "a"))
    return fleet


@pytest.mark.parametrize("most", [1, 3])
def test_so_many_wait_and_the_next_is_skipped(held, most):
    runs = [join(held, f"job{n}", waiters=most, place=n + 1) for n in range(most)]
    assert_silent(held.run("--lockname", "a", "--wait", "forever", "--waiters", most, "--", "false"), 0)
    assert launch(held, "late", waiters=most).wait() == 7
    assert len(held.waiters("a")) == most
    held.end_job("holder")
    assert [run.wait() for run in runs] == [0] * most
    assert held.waiters("a") == []


def test_the_holder_is_no_waiter_and_room_comes_back(held):
    first = join(held, "first")
    held.end_job("holder")
    assert first.wait() == 0
    held.start_job("another", arguments=("--lockname", "a"))
    second = join(held, "second")
    held.end_job("another")
    assert second.wait() == 0


def test_a_free_lock_is_taken_without_a_place(fleet):
    assert_silent(fleet.run("--lockname", "a", "--wait", "forever", "--waiters", 1, "--", "true"), 0)
    assert fleet.list("waiters") == []


@pytest.mark.parametrize("most", [1, 2])
def test_of_many_at_once_no_more_than_that_stay(held, most):
    """Side by side: each looks again once its place is made."""
    runs = [launch(held, f"job{n}", waiters=most) for n in range(20)]
    eventually(lambda: sum(not run.running for run in runs) == 20 - most, what="the others leave")
    always(lambda: len(held.waiters("a")) == most, 0.5)
    held.end_job("holder")
    assert sorted(run.wait() for run in runs) == [0] * most + [7] * (20 - most)
    held.records.assert_never_two()


def test_each_run_goes_by_its_own_number(held):
    first = join(held, "first", waiters=1)
    second = join(held, "second", waiters=2, place=2)
    third = held.launch_job("third", "--for", 10, arguments=("--lockname", "a", "--wait", "forever"), until=False)
    held.waiting("a", 3)
    assert launch(held, "late", waiters=3).wait() == 7
    held.end_job("holder")
    assert [run.wait() for run in (first, second, third)] == [0, 0, 0]


def test_the_head_that_waits_for_permits_counts(fleet):
    fleet.resources("r")
    fleet.start_job("other", arguments=("--lockname", "b", "--lease", "r=1:1"))
    first = join(fleet, "first", "--lease", "r=1:1")
    assert launch(fleet, "late").wait() == 7, "though nobody holds the lock"
    fleet.end_job("other")
    assert first.wait() == 0


def test_an_own_place_of_a_session_that_is_over_is_nobodys(held):
    run = join(held, "first")
    held.loses_its_place("a")
    held.end_job("holder")
    assert run.wait() == 0


def test_one_that_dies_makes_room(held):
    first = join(held, "first", config=held.config(session_timeout=2))
    processes.kill(first.supervisor)
    eventually(lambda: held.waiters("a") == [], what="its place goes", within=20)
    second = join(held, "second")
    held.end_job("holder")
    assert second.wait() == 0


def test_a_run_that_does_not_wait_finds_the_lock_held(held):
    first = join(held, "first")
    assert held.run("--lockname", "a", *QUEUED, "--", "false").code == 5
    held.end_job("holder")
    assert first.wait() == 0


def test_a_place_that_belongs_to_no_session_is_named(held):
    held.client.create(held.path("waiters", "a", "a-"), b"x 1", sequence=True, makepath=True)
    place = held.waiters("a")[0]
    assert_one_line(held.run("--lockname", "a", "--wait", "forever", "--waiters", 1, "--", "true"), 65, place)
    held.client.delete(held.path("waiters", "a", place))
    held.end_job("holder")


# With --once-per: the number of standbys.

@pytest.fixture
def ticks():
    """Environments in which the hour began 46, 30 and 14 minutes ago: each tick is later than the one before. Zones are chosen
    once, or a minute later the same one would mean another instant."""
    minute = time.gmtime().tm_min
    return [{"CRON_TZ": f"TEST-0:{(past - minute) % 60:02}"} for past in (46, 30, 14)]


def test_only_the_same_tick_or_a_later_one_counts(held, ticks):
    """Who waits for an older tick does not stand by for this one."""
    line = (*HOUR, "--retry-failed")
    runs = [join(held, f"job{n}", *line, place=n + 1, env=ticks[n]) for n in range(3)]
    assert [launch(held, f"late{n}", *line, env=ticks[n]).wait() for n in range(3)] == [7, 7, 7]
    runs[2].send(signal.SIGTERM)
    assert runs[2].wait() == 128 + signal.SIGTERM
    held.waiting("a", 2)
    runs[2] = join(held, "again", *line, place=3, env=ticks[2])
    for run in runs:
        run.send(signal.SIGTERM)
        run.wait()
    held.end_job("holder")


def test_a_place_says_for_which_tick_it_is(ctl, held):
    run = join(held, "first", *HOUR, env={"CRON_TZ": NOW, "SWITCHMAN_FQDN": "host7.example.org"})
    data = held.client.get(held.path("waiters", "a", held.waiters("a")[0]))[0].decode().split()
    assert len(data) == 3 and data[0] == "host7.example.org" and data[2].endswith(":00:00+00:00")
    waiting, = ctl.json("status", "a")["locks"][0]["waiting"]
    assert (waiting["host"], waiting["pid"], waiting["tick"]) == (data[0], int(data[1]), data[2])
    held.end_job("holder")
    assert run.wait() == 0


@pytest.mark.parametrize("data", [
    b"", b"x", b"x 1", b"x 1 2026-13-41T00:00:00+00:00", b"x 1 \xff", b"x 1 1970-01-01T00:00:00+00:00"])
def test_a_place_without_a_tick_or_with_an_old_one_does_not_count(held, data):
    held.client.create(held.path("waiters", "a", "a-"), data, ephemeral=True, sequence=True, makepath=True)
    place = held.waiters("a")[0]
    run = join(held, "mine", *HOUR, place=2, env={"CRON_TZ": NOW})
    held.client.delete(held.path("waiters", "a", place))
    held.end_job("holder")
    assert run.wait() == 0


def test_one_standby_takes_over_from_a_run_that_fails(fleet):
    line = ("--lockname", "a", "--wait", "forever", "--waiters", 1, *HOUR, "--retry-failed", *QUEUED)
    script = f"until [ -e {fleet.folder}/go ]; do sleep 0.05; done; exit 3"
    env = {"CRON_TZ": NOW}
    first = fleet.start(*line, "--", "sh", "-c", script, env=env)
    eventually(lambda: fleet.stat("locks", "a"), what="the first")
    second = fleet.start(*line, "--", "true", env=env)
    fleet.waiting("a", 1)
    assert fleet.run(*line, "--", "true", env=env).code == 7
    fleet.raise_flag(f"{fleet.folder}/go")
    assert (first.wait(), second.wait()) == (3, 0)
    assert fleet.run(*line, "--", "false", env=env).code == 6


# What a dry run says, and what cannot mean anything.

def test_a_dry_run_says_so(ctl, held):
    run = join(held, "first")
    words = ("--lockname", "a", "--wait", "1m", "--waiters", 1, *QUEUED)
    dry = held.run("--dry-run", *words, "--", "true")
    assert dry.code == 7 and dry.out == (
        f"a: would skip (queued): 1 or more wait for {held.prefix}/locks/a already (--waiters 1)\n")
    assert "would skip (queued)" in ctl("explain", *map(str, words), "--", "true").out
    assert held.run("--dry-run", "--lockname", "a", "--wait", "1m", "--waiters", 2, "--", "true").out.startswith("a: would wait: ")
    held.end_job("holder")
    assert run.wait() == 0


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "", "1000001"])
def test_a_bad_number_is_refused(fleet, value):
    assert_one_line(fleet.run("--wait", "1m", f"--waiters={value}", "--", "true"), 64,
                    f'invalid value "{value}" for --waiters: expected a number from 1 to 1000000')
