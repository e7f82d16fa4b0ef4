"""--min-interval: at most one start in an interval, across the fleet, by the servers' clock; decided under the claim."""

import json
import signal
import subprocess
import time

import pytest

from Support import processes, wire
from Support.eventually import eventually
from Support.fixtures import ROOT
from Support.fleet import assert_silent

HOUR = ("--min-interval", "1h")
SEEN = ("--exit-code", "too-soon=6", "--exit-code", "locked=5")


def start(fleet, *options, arguments=HOUR, number=1, **more):
    """Launch the 10 ms job on the so-manyth host."""
    return fleet.launch_job("job", "--for", 10, *options, arguments=("--lockname", "a", *arguments), until=False,
                            env={"SWITCHMAN_FQDN": f"host{number}.example.org", **more.pop("env", {})}, **more)


def starts(fleet):
    return len(fleet.records.events("start", "job"))


@pytest.mark.parametrize("wait", [(), ("--wait", "forever")], ids=["skipping", "waiting"])
def test_twenty_hosts_at_once_start_a_short_job_once(fleet, wait):
    """Each that waits has the claim in its turn, long after the job was over."""
    runs = [start(fleet, arguments=(*HOUR, *wait), number=number) for number in range(20)]
    for run in runs:
        assert_silent(run.finished(), 0)
    assert starts(fleet) == 1
    assert len(fleet.record("a")["runs"]) == 1, "a skip is no run"


def test_a_thousand_hosts_whose_clocks_are_apart_start_a_job_of_ten_milliseconds_once(fleet):
    """They come one after the other as well as side by side, long after the job is over, and each gets the claim."""
    for first in range(0, 1000, 25):
        for run in [start(fleet, number=first + n) for n in range(25)]:
            assert_silent(run.finished(), 0)
    assert starts(fleet) == 1
    assert len(fleet.record("a")["runs"]) == 1


def test_too_soon_is_a_skip(fleet):
    assert_silent(fleet.run("--lockname", "a", *HOUR, "--", "true"), 0)
    assert_silent(fleet.run("--lockname", "a", *HOUR, "--", "false"), 0)
    assert_silent(fleet.run("--lockname", "a", *HOUR, "-E", 9, "--", "false"), 9)
    assert_silent(fleet.run("--lockname", "a", *HOUR, *SEEN, "--", "false"), 6)
    assert fleet.list("locks") == [] and fleet.record("a")["state"] == "ended"


def test_a_run_without_the_option_does_not_ask_but_counts(fleet):
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert_silent(fleet.run("--lockname", "a", *HOUR, *SEEN, "--", "false"), 6)
    assert fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3").code == 3


def test_the_leases_of_one_that_comes_too_soon_are_given_back(fleet):
    fleet.resources("r")
    assert_silent(fleet.run("--lockname", "a", *HOUR, "--lease", "r=1:1", "--", "true"), 0)
    assert_silent(fleet.run("--lockname", "a", *HOUR, *SEEN, "--lease", "r=1:1", "--", "false"), 6)
    assert (fleet.leases("r"), fleet.marks("r"), fleet.queue("r")) == ([], [], [])


def test_after_the_interval_it_runs_and_skips_do_not_put_it_off(fleet):
    """Tried all the time, it starts once in each interval: it counts from the start, not from the last attempt."""
    interval = ("--min-interval", "2s", *SEEN)
    assert start(fleet, arguments=interval).wait() == 0
    codes = []

    def runs_again():
        codes.append(start(fleet, arguments=interval).wait())
        return codes[-1] == 0

    eventually(runs_again, within=10)
    assert starts(fleet) == 2 and codes.count(6) > 2
    first, second = [run["started"] for run in fleet.record("a")["runs"]]
    assert 2000 <= second - first < 3000, "by the server's clock"


def test_the_start_counts_not_the_end(fleet):
    run = fleet.launch_job("job", "--for", 1200, arguments=("--lockname", "a", "--min-interval", "1s"), until=False)
    assert run.wait() == 0
    assert start(fleet, arguments=("--min-interval", "1s", *SEEN)).wait() == 0
    assert starts(fleet) == 2


@pytest.mark.parametrize("ahead_s", [-3600, 3600])
def test_the_hosts_clocks_do_not_matter(fleet, tmp_path, ahead_s):
    """A host whose clock is an hour off starts too soon by the servers' clock, and knows."""
    library = tmp_path / "other_clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "Tests/Support/other_clock.c"], check=True)
    wrong = {"LD_PRELOAD": str(library), "SWITCHMAN_TEST_CLOCK_AHEAD": str(ahead_s)}
    run = fleet.run("--lockname", "clock", "--", "sh", "-c", "date +%s", env=wrong)
    assert abs(int(run.out) - time.time() - ahead_s) < 60, "it is off"
    interval = ("--min-interval", "30m", *SEEN)
    assert start(fleet, arguments=interval, env=wrong).wait() == 0
    assert abs(fleet.record("a")["runs"][-1]["started"] / 1000 - time.time()) < 60, "written down by the server's clock"
    assert start(fleet, arguments=interval).wait() == 6
    assert start(fleet, arguments=interval, env=wrong).wait() == 6
    assert starts(fleet) == 1


# What counts.


@pytest.mark.parametrize("command", [["/no/such/program"], ["/etc/passwd"]])
def test_a_command_that_cannot_be_run_does_not_count(fleet, command):
    assert fleet.run("--lockname", "a", *HOUR, "--", *command).code in (126, 127)
    assert start(fleet, arguments=(*HOUR, *SEEN)).wait() == 0
    assert start(fleet, arguments=(*HOUR, *SEEN)).wait() == 6


def test_one_that_gave_up_before_the_start_does_not_count(fleet):
    fleet.start_job("holder", arguments=("--lockname", "a"))
    before = fleet.record("a")["runs"]
    assert_silent(fleet.run("--lockname", "a", *HOUR, "--wait", 1, *SEEN, "--", "false"), 5)
    assert fleet.record("a")["runs"] == before
    fleet.end_job("holder")


def test_a_failed_run_counts(fleet):
    assert start(fleet, "--exit", 3).wait() == 3
    assert start(fleet, arguments=(*HOUR, *SEEN)).wait() == 6
    assert starts(fleet) == 1


def test_a_failed_run_does_not_count_with_retry_failed(fleet):
    again = (*HOUR, "--retry-failed", *SEEN)
    assert start(fleet, "--exit", 3).wait() == 3
    assert start(fleet, "--exit", 4, arguments=again).wait() == 4
    assert start(fleet, arguments=again).wait() == 0
    assert start(fleet, arguments=again).wait() == 6, "one that went well does count"
    assert starts(fleet) == 3


def test_one_that_died_of_a_signal_failed(fleet):
    assert fleet.run("--lockname", "a", *HOUR, "--", "sh", "-c", "kill -KILL $$").code == 137
    assert start(fleet, arguments=(*HOUR, *SEEN)).wait() == 6
    assert start(fleet, arguments=(*HOUR, "--retry-failed", *SEEN)).wait() == 0


@pytest.mark.parametrize("arguments", [HOUR, ()], ids=["with the option", "without"])
def test_a_lost_holder_counts_but_with_retry_failed(fleet, arguments):
    """Nobody ever heard of its end; that it started was written down before, or when it took the lock."""
    config = fleet.config(session_timeout=2, ownership_term=3)
    run = fleet.start_job("job", "--stubborn", arguments=("--lockname", "a", *arguments), config=config)
    assert (fleet.record("a").get("started") is not None) == bool(arguments)
    fleet.lose_host(run)
    eventually(lambda: fleet.list("locks") == [], what="the lock goes with its session")
    assert start(fleet, arguments=(*HOUR, *SEEN), config=config).wait() == 6
    assert starts(fleet) == 1
    assert start(fleet, arguments=(*HOUR, *SEEN, "--retry-failed"), config=config).wait() == 0
    assert starts(fleet) == 2
    assert [run["outcome"] for run in fleet.record("a")["runs"]] == ["lost", "ran"]
    fleet.records.assert_never_two()


@pytest.mark.parametrize("started", [
    0, -1, 2 ** 63 - 1, -2 ** 63, 2 ** 63, 1.5, 1e300, "now", None, True, [],
], ids=str)
def test_a_start_that_cannot_have_been_keeps_nothing_from_running(fleet, started):
    """A record is data from outside."""
    run = {"host": "h", "outcome": "ran", "code": 0, "started": started}
    record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "h", "pid": 1, "runs": [run], "started": started}
    fleet.client.create(fleet.path("jobs", "a"), json.dumps(record).encode(), makepath=True)
    assert fleet.run("--lockname", "a", *HOUR, "--dry-run", "--", "false").code == 0
    assert start(fleet, arguments=(*HOUR, "--retry-failed", *SEEN)).wait() == 0
    assert start(fleet, arguments=(*HOUR, *SEEN)).wait() == 6


def test_a_start_a_little_ahead_of_the_servers_clock_counts(fleet):
    """The clock of a new leader may lie behind the one before; but never for longer than the interval."""
    for ahead_s, code in ((1800, 6), (7200, 0)):
        run = {"host": "h", "outcome": "ran", "code": 0, "started": int((time.time() + ahead_s) * 1000)}
        record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "h", "pid": 1, "runs": [run]}
        fleet.client.ensure_path(fleet.path("jobs", "a"))
        fleet.client.set(fleet.path("jobs", "a"), json.dumps(record).encode())
        assert start(fleet, arguments=(*HOUR, *SEEN)).wait() == code


def test_a_signal_during_a_take_that_comes_too_soon_is_not_lost(fleet, proxy):
    """The claim is given back, and who asked for the end hears of it."""
    assert_silent(fleet.run("--lockname", "a", *HOUR, "--", "true"), 0)

    def hold_the_answer(request):
        if wire.is_take(request):
            proxy.hold(up=False, down=True)
    proxy.on_request = hold_the_answer
    run = fleet.start("--lockname", "a", *HOUR, "--", "false", config=fleet.config(zkhosts=proxy.address))
    eventually(lambda: fleet.list("locks"), what="it has the claim, and does not know it")
    run.send(signal.SIGTERM)
    eventually(lambda: not processes.is_pending(run.front, signal.SIGTERM), what="it has passed the signal on")
    proxy.release()
    assert run.wait() == 143
    assert fleet.list("locks") == [] and fleet.record("a")["state"] == "ended"
