"""`switchmanctl check job`: whether anybody has run a job with success lately, and if not, what is wrong."""

import json
import subprocess
import time

import pytest
from kazoo.security import make_acl

from Support.control import Control
from Support.eventually import eventually
from Support.fleet import Fleet
from Support.original import Original
from Support.server import ZooKeeperServer
from Support.verdict import assert_one_line

HOUR_MS = 3600 * 1000


def check(ctl, *words, lockname="a", **options):
    return ctl("check", "job", lockname, *(words or ("--within", "1h")), **options)


def put_record(fleet, state="ended", runs=(), **changes):
    """A record that somebody else wrote."""
    record = {"state": state, "session": "1f", "n": 1, "term": 6, "host": "host2.example.org", "pid": 77, **changes}
    record["runs"] = [{"host": "host2.example.org", "started": int((time.time() - 60) * 1000 - ago_h * HOUR_MS), "held_ms": 1000,
                       "outcome": outcome, "code": code} for ago_h, outcome, code in runs]
    fleet.client.ensure_path(fleet.path("jobs", "a"))
    fleet.client.set(fleet.path("jobs", "a"), json.dumps(record).encode())


def test_a_job_that_ran_is_fine(fleet, ctl):
    fleet.run("--lockname", "a", "--", "true")
    assert_one_line(check(ctl), "OK", "job", "a: last success ", " ago on host1.example.org")
    assert fleet.list() == ["jobs", "locks"], "the check leaves nothing behind"


@pytest.mark.parametrize("words, remedy", [
    (("--within", "25", "hours"), "write 25h"), (("--within", "1h", "--running=10", "min"), "write 10m")])
def test_a_duration_in_two_words(ctl, words, remedy):
    assert_one_line(check(ctl, *words), "UNKNOWN", "job", "a duration is one word", remedy)


def test_json(fleet, ctl):
    assert ctl.json("check", "job", "a", "--within", "1h", code=2)["facts"]["state"] == "never-run"
    fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3")
    said = ctl.json("check", "job", "a", "--within", "1h", code=1)
    assert (said["status"], said["facts"]["state"]) == ("warning", "failing") and "last_success" not in said["facts"]


def test_a_job_that_fails(fleet, ctl):
    fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3")
    fleet.run("--lockname", "a", "--", "sh", "-c", "kill -9 $$")
    assert_one_line(check(ctl), "WARNING", "job", "a: failing: the last 2 runs failed", "signal 9", "host1.example.org")
    put_record(fleet, runs=[(9, "ran", 0), (2, "ran", 3)])
    assert_one_line(check(ctl), "CRITICAL", "job", "failing: the last run failed", "exit code 3", "last success 9h ")


def test_a_job_that_nobody_starts(fleet, ctl):
    put_record(fleet, runs=[(30, "ran", 0)])
    assert_one_line(check(ctl, "--within", "29h"), "CRITICAL", "job", "not started by anybody since", "longer ago than 29h")
    assert_one_line(check(ctl, "--within", "31h"), "OK", "job")
    assert_one_line(check(ctl, "--within", "31h", "--warning", "29h"), "WARNING", "job", "longer ago than 29h")


def test_a_job_that_never_ran(fleet, ctl):
    fleet.run("--lockname", "backup", "--", "true")
    run = check(ctl, lockname="bakcup")
    assert_one_line(run, "CRITICAL", "job", "bakcup: never run", fleet.path("jobs", "bakcup"), 'did you mean "backup"?')


def test_a_prefix_that_is_not_there(fleet, ctl):
    assert_one_line(check(ctl), "CRITICAL", "job", "never run")
    assert not fleet.client.exists(fleet.prefix), "a check makes no tree"


def test_a_running_job(fleet, ctl):
    run = fleet.start_job("a")
    assert_one_line(check(ctl), "OK", "job", "running on host1.example.org (pid ", "for the first time")
    fleet.end_job("a")
    run.wait()
    run = fleet.start_job("a2", arguments=("--lockname", "a"))
    assert_one_line(check(ctl), "OK", "job", "running on ", "last success ")
    fleet.end_job("a2")
    run.wait()


def test_a_job_that_runs_too_long(fleet, ctl):
    run = fleet.start_job("a")
    eventually(lambda: check(ctl, "--within", "1h", "--running", "1s").code == 2, what="it runs for a second")
    assert_one_line(check(ctl, "--within", "1h", "--running", "1s"), "CRITICAL", "job", "running too long", "longer than 1s")
    assert_one_line(check(ctl, "--within", "1h"), "OK", "job")
    fleet.end_job("a")
    run.wait()


def test_a_job_whose_holder_was_lost(fleet, ctl):
    put_record(fleet, state="running", runs=[(9, "ran", 0)])
    assert_one_line(check(ctl), "CRITICAL", "job", "lost: host2.example.org (pid 77) vanished", "last success 9h ")
    assert_one_line(check(ctl, "--within", "10h"), "WARNING", "job", "lost")
    fleet.leaves_marks = True


def test_a_paused_job_is_a_warning(fleet, ctl):
    fleet.run("--lockname", "a", "--", "true")
    fleet.prefix_data({"paused": ["a"]})
    assert_one_line(check(ctl), "WARNING", "job", "a: paused", "last success")


def test_a_job_that_an_operator_has_stopped_is_not_failing(fleet, ctl):
    """As `jobs` has it, and the metrics."""
    run = fleet.start_job("a")
    assert ctl("stop", "a", "--why", "it hangs", env={"SUDO_USER": "anna"}).code == 0 and run.wait() == 80
    assert_one_line(check(ctl), "WARNING", "job", "a: stopped: the last run was stopped ", "on host1.example.org (by anna@",
                    ": it hangs); no success yet")
    assert not ctl.json("jobs")["jobs"][0]["failed"]
    assert ctl.json("check", "job", "a", "--within", "1h", code=1)["facts"]["state"] == "stopped"
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    run = fleet.start_job("a2", arguments=("--lockname", "a"))
    assert ctl("stop", "a").code == 0 and run.wait() == 80
    assert_one_line(check(ctl), "OK", "job", "a: last success ", "; the last run was stopped ")


def test_data_that_no_run_can_read_is_a_warning_on_standard_output(fleet, ctl):
    """Nobody can tell whether the job is paused, and a plugin is read by its standard output alone."""
    fleet.run("--lockname", "a", "--", "true")
    fleet.prefix_data('{"paused": ["a"],')
    run = check(ctl)
    assert_one_line(run, "WARNING", "job", f"a: the data of {fleet.prefix}: prefix data is not valid JSON", "fleet restore",
                    "whether the job is paused; last success ")
    assert run.err == ""
    assert "not valid JSON" in ctl.json("check", "job", "a", "--within", "1h", code=1)["facts"]["data_error"]
    assert_one_line(check(ctl, lockname="b"), "CRITICAL", "job", "b: never run", "not valid JSON")
    fleet.prefix_data({"x": "y" * 200})
    run = check(ctl, config=fleet.config("short.conf", data_read_len=100))
    assert_one_line(run, "WARNING", "job", "more than data_read_len (100)", "last success")
    assert run.err == ""


def test_a_job_that_an_original_runs_cannot_be_told(fleet, ctl):
    original = Original(fleet.client, fleet.prefix)
    original.take_lock("a")
    assert_one_line(check(ctl), "UNKNOWN", "job", "old.example.org (pid 4711)", "leave no record")
    original.release_lock("a")


def test_a_record_that_is_none_stops_every_run(fleet, ctl):
    fleet.client.ensure_path(fleet.path("jobs", "a"))
    fleet.client.set(fleet.path("jobs", "a"), b"\x1b[2Jnonsense")
    assert_one_line(check(ctl), "CRITICAL", "job", fleet.path("jobs", "a"), "no job's record")
    fleet.client.delete(fleet.path("jobs", "a"))


def test_foreign_words_do_not_reach_the_terminal(fleet, ctl):
    put_record(fleet, state="running", host="evil\x1b[2J\x07\nOK: job: a")
    assert_one_line(check(ctl), "CRITICAL", "job", "evil?[2J??OK")
    fleet.leaves_marks = True


BEHIND = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(id, t);
    if (id == CLOCK_REALTIME) t->tv_sec -= 86400;
    return code;
}
int gettimeofday(struct timeval *t, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec, t->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


def test_the_time_is_zookeepers_and_not_this_hosts(program, controller, recorder, tmp_path):
    """A server whose clock is a day behind wrote the record, a moment ago by its own clock."""
    (tmp_path / "behind.c").write_text(BEHIND, encoding="ascii")
    library = tmp_path / "behind.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "behind.c", "-ldl"], check=True)
    server = ZooKeeperServer(prefixed=("env", f"LD_PRELOAD={library}"))
    client = server.client()
    try:
        fleet = Fleet(program, recorder, tmp_path, server.address, client, "/fleet")
        fleet.run("--lockname", "a", "--", "true")
        assert client.get("/fleet/jobs/a")[1].mtime < (time.time() - 80000) * 1000, "its clock is behind"
        said = Control(controller, fleet).json("check", "job", "a", "--within", "1h")
        assert (said["check"], said["status"], said["exit_code"]) == ("job", "ok", 0)
        assert (said["facts"]["clock"], said["facts"]["state"]) == ("server", "fresh")
        assert said["facts"]["last_success_age_s"] < 600
    finally:
        client.stop()
        client.close()
        server.close()


def test_without_the_right_to_make_a_node_it_is_the_hosts_and_says_so(fleet, ctl):
    fleet.run("--lockname", "a", "--", "true")
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", read=True, write=True, delete=True, admin=True)])
    assert_one_line(check(ctl), "OK", "job", "by this host's clock")


def test_no_server_is_unknown(fleet, ctl):
    away = fleet.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_one_line(check(ctl, config=away), "UNKNOWN", "job", "127.0.0.1:1", "within 1 s")


@pytest.mark.parametrize("words, mention", [
    (("job", "a"), "--within"),
    (("job", "--within", "1h"), "<lockname>"),
    (("job", "a/b", "--within", "1h"), "contains '/'"),
    (("job", "0", "--within", "1h"), 'is "0"'),
    (("job", "a", "--within", "forever"), "--within"),
    (("job", "a", "--within", "1h30m"), "--within"),
    (("job", "a", "--within", "0"), "--within"),
    (("job", "a", "--within", "1h", "--running", "x"), "--running"),
    (("job", "a", "--within", "1h", "--warning", "x"), "--warning"),
    (("job", "a", "--within", "1h", "b"), "b"),
    (("job", "a", "--within", "1h", "--frobnicate"), "--frobnicate"),
    (("job", "a", "--within", "1h", "-c", "/no/such"), "/no/such: no such configuration file"),
    ((), "no check is named"),
    (("frobnicate",), "frobnicate"),
    (("frobnicate\x1b[2J",), "frobnicate"),
])
def test_bad_input_is_unknown_and_3(ctl, words, mention):
    assert_one_line(ctl("check", *words), "UNKNOWN", "job" if words[:1] == ("job",) else "check", mention)


@pytest.mark.parametrize("words", [("check", "--help"), ("check", "job", "--help"), ("help", "check", "job")])
def test_help_is_no_verdict(ctl, words):
    run = ctl(*words)
    assert (run.code, run.err) == (0, "") and "USAGE: switchmanctl check" in run.out


def test_what_cannot_be_checked_is_json_as_well(ctl, fleet):
    for words in (("job", "a"), ("job", "a", "--within", "1h", "-c", "/no/such"), ("frobnicate",)):
        said = ctl.json("check", *words, code=3)
        assert (said["status"], said["exit_code"]) == ("unknown", 3) and len(said["findings"]) == 1


def test_the_last_success_is_remembered_however_many_failures_came_after_it(ctl, fleet):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    for _ in range(12):
        assert fleet.run("--lockname", "a", "--", "false").code == 1
    assert [run["code"] for run in fleet.record("a")["runs"]] == [1] * 10
    verdict = ctl("check", "job", "a", "--within", "1h")
    assert verdict.code == 0 and "last success" in verdict.out and "the last 10 runs failed" in verdict.out, verdict.out
