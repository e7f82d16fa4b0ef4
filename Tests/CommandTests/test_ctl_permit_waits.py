"""A run that waits for permits, or for its lock, is known to every verb that takes the name of its job."""

import signal

import pytest

from Support.control import assert_refused, checked
from Support.eventually import eventually
from Support.fleet import assert_silent
from Support.verdict import assert_one_line

LEASE = ("--lease", "r=1:1")
HOST = "host1.example.org"


@pytest.fixture
def waiting(busy):
    """A first run of the job `q`, in the queue of `r`."""
    run = busy.launch_job("q", arguments=LEASE)
    busy.queued("r", "q")
    yield run
    busy.end_job("blocker")
    if run.running:
        busy.records.started("q")
        busy.end_job("q")
        assert run.wait() == 0


def process(fleet):
    return fleet.get("queues", "r", *fleet.list("queues", "r")).split()[1]


def test_status_shows_it(ctl, busy, waiting):
    run = ctl("status", "q")
    assert (run.code, run.err) == (1, ""), "its lock is not held"
    lines = run.out.splitlines()
    assert lines[1].split()[:3] == ["q", "free,", "queued"] and lines[1].endswith(f"1: {HOST}")
    assert lines[3].split() == ["WAITING", "FOR", "PID", "SINCE"]
    assert lines[4].split()[:3] == [HOST, "r", process(busy)]
    lock, = ctl.json("status", "q", code=1)["locks"]
    queued, = lock["queued"]
    assert (queued["host"], queued["for"], str(queued["pid"])) == (HOST, ["r"], process(busy)) and lock["waiting"] == []
    assert "queued" not in ctl.json("status", "blocker")["locks"][0]


def test_watched_it_is_seen_to_come_and_to_go(ctl, busy):
    """Of a job that is known already, nothing but its lock is read."""
    assert busy.run("--lockname", "q", "--", "true").code == 0
    watch = ctl.start("status", "--watch", "--json", "q")

    def newest():
        return checked(watch.out.splitlines()[-1], "status")["locks"][0]
    eventually(lambda: watch.out.endswith("\n") and newest()["state"] == "free")
    run = busy.launch_job("q", arguments=LEASE)
    eventually(lambda: newest().get("queued"), what="it is seen to come")
    busy.end_job("blocker")
    busy.records.started("q")
    eventually(lambda: newest()["state"] == "running" and "queued" not in newest(), what="it is seen to go")
    busy.end_job("q")
    assert run.wait() == 0
    watch.send(signal.SIGTERM)
    watch.wait()


def test_jobs_lists_it(ctl, waiting):
    told = {job["lockname"]: job for job in ctl.json("jobs")["jobs"]}
    assert (told["q"]["queued"], told["q"]["runs"], told["blocker"]["queued"]) == (1, [], 0)
    assert "free, queued" in ctl("jobs").out


def test_stop_says_who_waits_and_how_to_make_it_leave(ctl, busy, waiting):
    assert_refused(ctl("stop", "q"), 1, "nobody holds the lock q", f"a run on {HOST}, process {process(busy)}, waits for",
                   "permits of r, since ", "switchmanctl pause", "end its process there")
    # Both are true.
    assert ctl("pause", "q").err == "", "it is a name that is known"
    assert_silent(waiting.finished(), 0)
    assert busy.queue("r") == []


def test_history_and_output_know_the_name(ctl, busy, waiting):
    assert busy.run("--lockname", "p", "--", "true").code == 0
    assert_refused(ctl("history", "q"), 1, "no run of q is remembered", f"a run on {HOST}, process ", "waits for permits of r")
    assert_refused(ctl("output", "q"), 1, "no output of q is kept")
    assert ctl("history", "qq").err.endswith("nothing is known of qq\n")
    assert ctl("stop", "blockre").err.endswith('did you mean "blocker"?\n')


def test_a_check_of_its_first_run_is_a_warning_while_it_is_young(ctl, waiting):
    run = ctl("check", "job", "q", "--within", "1h")
    assert_one_line(run, "WARNING", "job", f"q: never run yet: a run on {HOST} (pid ", "has waited for permits of r for ")
    facts = ctl.json("check", "job", "q", "--within", "1h", code=1)["facts"]
    assert (facts["state"], facts["waiting_for"], facts["waiting_s"] < 60) == ("queued", ["r"], True)
    eventually(lambda: ctl("check", "job", "q", "--within", "1s").code == 2, what="it has waited for a second")


def test_a_check_of_a_job_that_has_run_before(ctl, busy):
    assert busy.run("--lockname", "q", "--", "true").code == 0
    run = busy.launch_job("q", arguments=LEASE)
    busy.queued("r", "q")
    assert_one_line(ctl("check", "job", "q", "--within", "1h"), "OK", "job", "q: last success ")
    eventually(lambda: ctl("check", "job", "q", "--within", "1s").code == 2, what="the success is old")
    assert_one_line(ctl("check", "job", "q", "--within", "1s"), "CRITICAL", "job", "q: queued: a run on ", "last success")
    busy.end_job("blocker")
    busy.records.started("q")
    busy.end_job("q")
    assert run.wait() == 0


def test_a_run_at_the_head_of_its_locks_queue(ctl, fleet):
    """Its lock is free, and it waits for another job."""
    fleet.prefix_data({})
    run = fleet.launch_job("load", arguments=("--after", "extract", "--wait", "1h"))
    eventually(lambda: "free, awaited" in ctl("status").out, what="the waiting run is shown")
    assert_refused(ctl("stop", "load"), 1, "nobody holds the lock load", "waits for its turn at the lock, since ")
    assert_one_line(ctl("check", "job", "load", "--within", "1h"), "WARNING", "job", "load: never run yet: a run on ")
    assert ctl("pause", "load").code == 0
    assert run.wait() == 0


def test_a_run_that_waits_for_two_resources_is_one(ctl, busy):
    busy.resources("r", "s")
    run = busy.launch_job("q", arguments=(*LEASE, "--lease", "s=1:1"))
    busy.queued("r", "q")
    eventually(lambda: len(ctl.json("status", "q", code=1)["locks"][0].get("queued", [{"for": []}])[0]["for"]) == 2)
    lines = ctl("status", "q").out.splitlines()
    assert len(lines) == 5 and "  r, s  " in lines[4]
    assert "permits of r, s, since" in ctl("stop", "q").err
    busy.end_job("blocker")
    busy.records.started("q")
    busy.end_job("q")
    assert run.wait() == 0


def test_text_of_others_does_no_harm(ctl, fleet):
    """Of a host and of a resource; what is nobody's place, and places of other jobs, are left out."""
    queue = fleet.path("queues", "ev\u202eil")
    for name in ("q-0000000001", "q", "qq-0000000002", "q-x-0000000003"):
        fleet.client.create(f"{queue}/{name}", b"h\x1b]0;x\x07 1", ephemeral=True, makepath=True)
    for verb in (("status", "q"), ("stop", "q"), ("history", "q"), ("jobs",), ("check", "job", "q", "--within", "1h")):
        run = ctl(*verb)
        assert "\x1b" not in run.out + run.err and "\u202e" not in run.out + run.err, verb
    assert len(ctl.json("status", "q", code=1)["locks"][0]["queued"]) == 1
    fleet.client.delete(queue, recursive=True)
