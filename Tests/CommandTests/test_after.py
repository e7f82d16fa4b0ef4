"""--after: a job that runs once for each success of the jobs before it."""

import json
import signal
import time

import pytest

from Support.eventually import always, eventually
from Support.fleet import assert_one_line, assert_silent

SKIPS = ("--exit-code", "not-ready=8", "--exit-code", "locked=5", "--exit-code", "already-run=6", "--exit-code", "queued=7")
HOUR = ("--once-per", "hour")
BEGAN = {}


@pytest.fixture(autouse=True)
def began():
    """Looked at once for each test: a minute later the same zone has to be meant."""
    BEGAN["minute"] = time.gmtime().tm_min


def zone(minute=30):
    """A time zone in which it was half past the hour as the test began."""
    return {"CRON_TZ": f"TEST-0:{(minute - BEGAN['minute']) % 60:02}"}


def later():
    """One in which it was less, so that the hour began at a later instant."""
    return zone(14)


def parent(fleet, code=0, lockname="extract", options=(), **more):
    assert fleet.run("--lockname", lockname, *options, "--", "sh", "-c", f"exit {code}", **more).code == code


def child(fleet, *options, label="load", lockname="load", after="extract", code=0, **more):
    """Launch a run of the 10 ms job that comes after the others."""
    return fleet.launch_job(label, "--for", 10, "--exit", code, until=False,
                            arguments=("--lockname", lockname, "--after", after, *SKIPS, *options), **more)


def starts(fleet, label="load"):
    return len(fleet.records.events("start", label))


def test_it_runs_once_for_each_success(fleet):
    assert child(fleet).wait() == 8
    parent(fleet, code=3)
    assert child(fleet).wait() == 8, "it has failed"
    parent(fleet)
    assert child(fleet).wait() == 0
    assert child(fleet).wait() == 8
    parent(fleet, code=3)
    assert child(fleet).wait() == 8
    parent(fleet)
    parent(fleet)
    assert child(fleet).wait() == 0
    assert child(fleet).wait() == 8, "the newest is enough"
    assert starts(fleet) == 2


def test_not_ready_is_a_skip_that_leaves_no_trace(fleet):
    assert_silent(fleet.run("--lockname", "load", "--after", "extract", "--", "false"), 0)
    assert fleet.run("-E", 9, "--lockname", "load", "--after", "extract", "--", "false").code == 9
    fleet.assert_no_trace()


def test_each_of_several_has_to_succeed(fleet):
    parent(fleet, lockname="a")
    assert child(fleet, after="a,b").wait() == 8
    parent(fleet, lockname="b")
    assert child(fleet, "--after", "b", after="a").wait() == 0, "given twice it is one list"
    parent(fleet, lockname="b")
    assert child(fleet, after="a,b").wait() == 8
    parent(fleet, lockname="a")
    assert child(fleet, after="a,b").wait() == 0
    assert starts(fleet) == 2


def test_another_code_that_is_a_success_of_it_counts(fleet):
    parent(fleet, code=3, options=("--success", "3"))
    assert child(fleet).wait() == 0


def test_many_hosts_start_it_once(fleet):
    for _ in range(3):
        parent(fleet)
        runs = [child(fleet, env={"SWITCHMAN_FQDN": f"host{n}.example.org"}) for n in range(20)]
        codes = [run.wait() for run in runs]
        assert codes.count(0) == 1 and set(codes) <= {0, 8, 5}, codes
    assert starts(fleet) == 3
    fleet.records.assert_never_two()


@pytest.mark.parametrize("command", [["/no/such/program"], ["/etc/passwd"]])
def test_what_starts_nothing_consumes_nothing(fleet, command):
    parent(fleet)
    assert fleet.run("--lockname", "load", "--after", "extract", "--", *command).code in (126, 127)
    assert child(fleet).wait() == 0


def test_a_failure_uses_it_up_but_with_retry_failed(fleet):
    parent(fleet)
    assert child(fleet, code=3).wait() == 3
    assert child(fleet).wait() == 8
    parent(fleet)
    assert child(fleet, "--retry-failed", code=3).wait() == 3
    assert child(fleet, "--retry-failed").wait() == 0
    assert child(fleet, "--retry-failed").wait() == 8
    assert starts(fleet) == 3


def test_a_generation_that_is_being_run_is_an_everyday_skip_and_an_overrun_is_not(fleet):
    parent(fleet)
    for label, *options in (("holder",), ("another", "--retry-failed")):
        holder = fleet.start_job(label, arguments=("--lockname", "load", "--after", "extract", *options))
        assert child(fleet, *options).wait() == 8
        parent(fleet)
        assert child(fleet, *options).wait() == 5, "nobody runs this one"
        fleet.end_job(label)
        assert holder.wait() == 0


def test_a_lost_run_has_used_its_generation_up_but_with_retry_failed(fleet):
    config = fleet.config(session_timeout=2, ownership_term=3)
    for options, code in (((), 8), (("--retry-failed",), 0)):
        parent(fleet)
        holder = fleet.start_job(f"holder{code}", arguments=("--lockname", "load", "--after", "extract", *options), config=config)
        fleet.lose_host(holder)
        eventually(lambda: fleet.list("locks") == [], what="the lock goes with its session")
        assert child(fleet, *options, config=config).wait(60) == code
    assert starts(fleet) == 1


def test_a_run_that_an_operator_ended_is_done(fleet, ctl):
    parent(fleet)
    run = fleet.start_job("holder", arguments=("--lockname", "load", "--after", "extract", "--retry-failed"))
    assert ctl("stop", "load").code == 0
    assert run.wait() == 80
    assert child(fleet, "--retry-failed").wait() == 8


def test_a_run_without_the_option_is_once_more_by_hand(fleet):
    parent(fleet)
    assert child(fleet).wait() == 0
    consumed = fleet.record("load")["consumed"]
    assert fleet.run("--lockname", "load", "--", "true").code == 0
    assert fleet.record("load")["consumed"] == consumed
    assert child(fleet).wait() == 8


def test_a_record_without_the_option_is_as_it_was(fleet):
    parent(fleet)
    assert not {"after", "consumed"} & set(fleet.record("extract"))


def test_with_leases_and_an_interval(fleet):
    fleet.resources("r")
    parent(fleet)
    options = ("--lease", "r=1:1", "--min-interval", "1h")
    assert child(fleet, *options).wait() == 0
    parent(fleet)
    assert child(fleet, *options, "--exit-code", "too-soon=4").wait() == 4
    assert child(fleet, "--lease", "r=1:1").wait() == 0, "too soon has consumed nothing"


# With --once-per.


def test_by_ticks_it_needs_a_success_of_the_same_period(fleet):
    assert child(fleet, *HOUR, env=zone()).wait() == 8
    parent(fleet, options=HOUR, env=zone())
    assert child(fleet, *HOUR, env=zone()).wait() == 0
    assert child(fleet, *HOUR, env=zone()).wait() == 6
    assert child(fleet, *HOUR, env=later()).wait() == 8
    parent(fleet, options=HOUR, env=later())
    assert child(fleet, *HOUR, env=later()).wait() == 0
    assert starts(fleet) == 2


def test_by_ticks_the_longer_period_counts(fleet):
    day = ("--once-per", "day")
    zone_of_noon = {"CRON_TZ": f"TEST{'-' if (12 - time.gmtime().tm_hour) >= 0 else '+'}{abs(12 - time.gmtime().tm_hour)}"}
    parent(fleet, options=("--once-per", "15m"), env=zone_of_noon)
    assert child(fleet, *day, env=zone_of_noon).wait() == 0
    assert child(fleet, *HOUR, label="other", lockname="other", after="load", env=zone_of_noon).wait() == 0, "after a daily one"
    assert child(fleet, *day, label="other", lockname="weekly", after="other", env=zone_of_noon).wait() == 0


def test_by_ticks_a_success_without_one_does_not_count(fleet):
    parent(fleet)
    assert child(fleet, *HOUR, env=zone()).wait() == 8
    said = fleet.run("--dry-run", "--lockname", "load", "--after", "extract", *HOUR, "--", "true", env=zone()).out
    assert "the successes of extract have no tick; give it --once-per as well" in said


def test_by_ticks_a_later_success_alone_is_the_end_of_a_wait(fleet):
    parent(fleet, options=HOUR, env=later())
    run = child(fleet, *HOUR, "--wait", "forever", env=zone())
    assert run.wait() == 8


def test_a_chain_of_three_by_ticks_and_failover(fleet):
    steps = ("extract", "load", "report")
    again = (*HOUR, "--retry-failed", "--wait", "1m")
    for host in range(3):
        for before, name in zip(("", *steps), steps):
            after = ("--after", before) if before else ()
            fleet.launch_job(name, "--for", 50, "--exit", 1 if host == 0 else 0, until=False, env=zone(),
                             arguments=("--lockname", name, *after, *again, *SKIPS))
    for run in fleet.runs:
        run.wait(90)
    ended = [[run["code"] for run in fleet.record(name)["runs"]] for name in steps]
    assert all(codes[-1] == 0 and codes.count(0) == 1 for codes in ended), ended
    times = [fleet.record(name)["succeeded"] for name in steps]
    assert all(one["ended"] <= two["started"] + 1 for one, two in zip(times, times[1:])), times


# With --wait.


def test_it_waits_for_the_success(fleet):
    run = child(fleet, "--wait", "forever")
    fleet.waiting("load")
    assert child(fleet).wait() == 8
    parent(fleet, code=3)
    always(lambda: run.running, 1, what="a failure does not end the wait")
    parent(fleet)
    assert run.wait() == 0
    assert starts(fleet) == 1 and fleet.waiters("load") == []


def test_meanwhile_the_lock_is_as_good_as_held(fleet):
    run = child(fleet, "--wait", "forever")
    fleet.waiting("load")
    assert fleet.run("--lockname", "load", "--exit-code", "locked=5", "--", "false").code == 5
    run.send(signal.SIGTERM)
    assert run.wait() == 143


def test_a_wait_that_ends_is_not_ready(fleet):
    began = time.monotonic()
    assert child(fleet, "--wait", "2s").wait() == 8
    assert time.monotonic() - began >= 2


def test_of_those_who_wait_one_runs_it(fleet):
    runs = [child(fleet, "--wait", "forever", env={"SWITCHMAN_FQDN": f"host{n}.example.org"}) for n in range(4)]
    fleet.waiting("load", 4)
    parent(fleet)
    assert sorted(run.wait() for run in runs) == [0, 8, 8, 8]
    assert starts(fleet) == 1


def test_of_those_who_wait_the_next_takes_a_failure_over(fleet):
    runs = [child(fleet, "--wait", "forever", "--retry-failed", code=3)]
    fleet.waiting("load")
    runs += [child(fleet, "--wait", "forever", "--retry-failed") for _ in range(2)]
    fleet.waiting("load", 3)
    parent(fleet)
    assert [runs[0].wait(), *sorted(run.wait() for run in runs[1:])] == [3, 0, 8]


def test_it_waits_for_permits_once_it_is_ready(fleet):
    fleet.resources("r")
    holder = fleet.start_job("other", arguments=("--no-lock", "--lease", "r=1:1"))
    run = child(fleet, "--wait", "forever", "--lease", "r=1:1")
    fleet.waiting("load")
    always(lambda: "load" not in str(fleet.queue("r")), 1, what="it stands in no queue for permits")
    parent(fleet)
    eventually(lambda: "load" in str(fleet.queue("r")), what="it waits for permits")
    fleet.end_job("other")
    assert (holder.wait(), run.wait()) == (0, 0)


# What it says.


def test_dry_run_and_explain_name_the_job_and_why(fleet, ctl):
    words = ("--lockname", "load", "--after", "extract", "--", "true")

    def said(*options, code=0):
        run = fleet.run("--dry-run", *options, *words)
        assert run.code == code
        return run.out
    assert said("--exit-code", "not-ready=8", code=8).startswith("load: would skip (not-ready): there is no record of extract")
    parent(fleet, lockname="extracts")
    assert "did you mean extracts?" in said()
    parent(fleet, code=3)
    assert "extract has not succeeded yet; its last run failed on " in said() and "(ran, code 3)" in said()
    parent(fleet)
    assert said().startswith("load: would start")
    assert child(fleet).wait() == 0
    assert "extract has not succeeded again since its last success at 20" in said()
    assert said("--wait", "1m", "--exit-code", "not-ready=8", code=8).startswith("load: would wait: extract has not succeeded")
    holder = fleet.start_job("holder", arguments=("--lockname", "extract"))
    assert "it has been running on " in said()
    fleet.end_job("holder")
    assert holder.wait() == 0


def test_the_log_says_what_is_waited_for_and_why_it_was_skipped(fleet):
    run = fleet.run("--verbose", "--lockname", "load", "--after", "extract", "--wait", "1s", "--", "true")
    assert "waiting for a job of --after: there is no record of extract" in run.err
    assert "outcome=not-ready" in run.err


def test_names_from_a_record_cannot_harm_a_terminal(fleet):
    record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "\x1b[31mh", "pid": 1,
              "runs": [{"host": "\x1b[31mh", "started": 1, "held_ms": 1, "outcome": "\x1b[2J", "code": 3}]}
    fleet.client.create(fleet.path("jobs", "extract"), json.dumps(record).encode(), makepath=True)
    said = fleet.run("--dry-run", "--lockname", "load", "--after", "extract", "--", "true").out
    assert "its last run failed" in said and "\x1b" not in said


@pytest.mark.parametrize("members", [
    {"consumed": 7}, {"after": [1], "consumed": {"extract": 7}}, {"consumed": {"extract": {"started": "x"}}},
    {"consumed": {f"job{n}": {"started": n} for n in range(50)}}, {"consumed": {"x" * 3000: {"started": 1}}},
], ids=lambda members: json.dumps(members)[:40])
def test_what_nobody_of_ours_has_written_keeps_nothing_from_running(fleet, members):
    parent(fleet)
    record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "h", "pid": 1, "runs": [], **members}
    fleet.client.create(fleet.path("jobs", "load"), json.dumps(record).encode(), makepath=True)
    assert child(fleet).wait() == 0
    assert child(fleet).wait() == 8
    assert len(json.dumps(fleet.record("load"))) < 1000


WRONG = {"a,": "a name is empty", "a/b": "\"a/b\" contains '/'", "0": '"0" is no lockname',
         "a,b,c,d,e,f,g,h,i": "these are 9 names", "x" * 300 + "," + "y" * 300: "these are 601 bytes"}


@pytest.mark.parametrize("value", ["", "a,", ",", "a/b", ".", "0", "a,b,c,d,e,f,g,h,i", "x" * 513, "x" * 300 + "," + "y" * 300])
def test_a_list_that_is_none_is_refused(fleet, value):
    run = fleet.run("--lockname", "load", "--after", value, "--", "false")
    assert_one_line(run, 64, "--after", "at most 8 and 512 bytes", WRONG.get(value, ""))


def test_too_many_in_several_options_are_refused_too(fleet):
    words = [word for n in range(9) for word in ("--after", f"job{n}")]
    assert_one_line(fleet.run("--lockname", "load", *words, "--", "false"), 64, "--after", "at most 8")
