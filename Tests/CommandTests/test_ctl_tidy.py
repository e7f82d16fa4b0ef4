"""switchmanctl tidy: what is left of jobs that have not run for long goes, and nothing else."""

import glob
import json

import pytest

from Support.control import Control, assert_no_request, assert_refused
from Support.eventually import now
from Support.fleet import Fleet
from Support.server import ZooKeeperServer

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), "libfaketime.so.1: install faketime")
OLD = ("--older-than", "1d")


@pytest.fixture
def later(controller, program, recorder, tmp_path):
    """A fleet whose server has been three days behind; called, it lets the server find out."""
    server = ZooKeeperServer(prefixed=(
        "env", f"LD_PRELOAD={LIBRARY}", "FAKETIME=-3d", "DONT_FAKE_MONOTONIC=1"))
    ctl = Control(controller, Fleet(program, recorder, tmp_path, server.address, server.client(), "/fleet"))

    def three_days_later():
        # One that comes while the server reads its data may never be heard (3.8.0): not this one again.
        ctl.fleet.client.stop()
        ctl.fleet.client.close()
        server.prefixed = ()
        # Not killed: faketime's library removes its shared memory as the process exits.
        server.process.terminate()
        server.process.wait()
        server.restart()
        ctl.fleet.client = server.client()
        return ctl
    three_days_later.fleet = ctl.fleet
    yield three_days_later
    ctl.fleet.client.stop()
    ctl.fleet.client.close()
    server.close()


def record(state="ended", **more):
    return json.dumps({"state": state, "session": "1", "n": 1, "term": 30, "runs": [], **more}).encode()


def test_young_records_stay_and_empty_queues_go(ctl, fleet):
    fleet.run("--lockname", "young", "--", "true")
    for path in ("queues/empty", "waiters/nobody", "queues/full/a-0000000001"):
        fleet.client.create(fleet.path(path), b"", makepath=True)
    planned = ctl.json("tidy", "--dry-run", *OLD)
    assert planned == {"removed": [fleet.path("queues/empty"), fleet.path("waiters/nobody")]}
    assert fleet.list("queues") == ["empty", "full"]
    assert ctl("tidy", *OLD).out.splitlines() == planned["removed"]
    assert (fleet.list("queues"), fleet.list("waiters"), fleet.list("jobs")) == (["full"], [], ["young"])
    assert_no_request(fleet)
    assert ctl("tidy", *OLD).out == ""
    fleet.client.delete(fleet.path("queues/full"), recursive=True)


def test_a_record_stays_while_its_tick_may_come_again(later):
    """No skip writes anything: that of a month's job is as old as its only run."""
    client, path = later.fleet.client, later.fleet.path
    for period in ("hour", "day", "week", "month"):
        client.create(path("jobs", period), record(ticked="2026-01-01T00:00:00+00:00", period=period), makepath=True)
    ctl = later()
    assert ctl("tidy", *OLD).out.splitlines() == [path("jobs", "day"), path("jobs", "hour")]


def test_a_record_stays_while_the_job_would_start_again_without_it(later):
    """After the same success of the job before it."""
    client, path = later.fleet.client, later.fleet.path
    success = {"host": "h", "token": 7, "started": 1, "ended": 2}
    client.create(path("jobs", "extract"), record(succeeded=success), makepath=True)
    client.create(path("jobs", "load"), record(consumed={"extract": {"started": 7}}), makepath=True)
    client.create(path("jobs", "report"), record(consumed={"extract": {"started": 6}}), makepath=True)
    ctl = later()
    assert ctl("tidy", *OLD).out.splitlines() == [path("jobs", "extract"), path("jobs", "report")]
    assert ctl("tidy", *OLD).out.splitlines() == [path("jobs", "load")], "with the success the memory may go"


def test_old_records_go_but_not_those_that_say_running_or_whose_lock_is_held(later):
    fleet = later.fleet
    for name, data in {"old": record(), "running": record("running"), "held": record(), "renewed": record(), "odd": b"?"}.items():
        fleet.client.create(fleet.path("jobs", name), data, makepath=True)
    fleet.client.create(fleet.path("semaphores/r/marks/1_1_ab_1_30"), b"", makepath=True)
    ctl = later()
    fleet.client.create(fleet.path("locks", "held"), b"old.example.org 1", ephemeral=True, makepath=True)
    fleet.client.set(fleet.path("jobs", "renewed"), record())
    assert ctl("tidy").out == "", "ninety days is the default"
    before = fleet.stat("jobs").version
    assert ctl("tidy", "--older-than", "2d", "--dry-run").out == f"{fleet.path('jobs/old')}\n"
    assert ctl("tidy", "--older-than", "2d").out == f"{fleet.path('jobs/old')}\n"
    assert fleet.stat("jobs").version == before + 1, "runs that have read the old record notice"
    assert fleet.list("jobs") == ["held", "odd", "renewed", "running"]
    assert fleet.marks("r") == ["1_1_ab_1_30"]


def test_what_is_kept_of_a_jobs_output_goes_with_its_record(later):
    fleet = later.fleet
    for name in ("old", "young"):
        fleet.client.create(fleet.path("jobs", name), record(), makepath=True)
        fleet.client.create(fleet.path("outputs", name), b"{}\n", makepath=True)
    ctl = later()
    fleet.client.set(fleet.path("jobs", "young"), record())
    assert ctl("tidy", *OLD, "--dry-run").out == f"{fleet.path('jobs/old')}\n"
    assert ctl("tidy", *OLD).out == f"{fleet.path('jobs/old')}\n"
    assert (fleet.list("jobs"), fleet.list("outputs")) == (["young"], ["young"])


def test_runs_without_a_lock_are_forgotten_when_none_is_young(later):
    fleet = later.fleet
    for name in ("old", "young"):
        for place in ("1", "7"):
            fleet.client.create(fleet.path("runs", name, place), b'{"host":"h","outcome":"ran"}', makepath=True)
    ctl = later()
    fleet.client.set(fleet.path("runs", "young", "7"), b'{"host":"h","outcome":"ran"}')
    assert ctl("tidy", *OLD, "--dry-run").out == f"{fleet.path('runs/old')}\n"
    assert ctl("tidy", *OLD).out == f"{fleet.path('runs/old')}\n"
    assert (fleet.list("runs"), fleet.list("runs", "young")) == (["young"], ["1", "7"])


def test_an_output_whose_record_is_gone_goes_too(ctl, fleet):
    fleet.run("--lockname", "a", "--", "true")
    for name in ("a", "b"):
        fleet.client.create(fleet.path("outputs", name), b"{}\n", makepath=True)
    assert ctl("tidy", "--dry-run").out == ctl("tidy").out == f"{fleet.path('outputs/b')}\n"
    assert fleet.list("outputs") == ["a"]


def test_in_a_mixed_fleet_the_originals_queues_stay(ctl, fleet):
    fleet.client.ensure_path(fleet.path("queues/empty"))
    assert ctl("tidy", config=fleet.config("mixed.conf", mixed_fleet=True, session_timeout=20)).code == 0
    assert fleet.list("queues") == ["empty"]


@pytest.mark.parametrize("text", ["1h", "0", "forever", "soon", "-1d", "99999999999999999999d"])
def test_bad_ages(ctl, text):
    assert_refused(ctl("tidy", f"--older-than={text}"), 64, "--older-than")


def test_an_empty_fleet(ctl):
    assert (ctl("tidy").code, ctl("tidy").out) == (0, "")


def test_a_record_that_was_removed_and_made_again_is_not_taken_for_the_old_one(fleet, proxy):
    """Between a run's look and its take: tidy, and a whole run that was lost. Versions begin anew with each node."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    path, term_s, left = fleet.path("jobs/a"), 3, [1]

    def meanwhile(request):
        if left and any(part == ("create", fleet.path("locks/a")) for part in request.parts):
            left.pop()
            version = fleet.client.get(path)[1].version
            removal = fleet.client.transaction()
            removal.delete(path)
            removal.set_data(fleet.path("jobs"), b"")
            removal.commit()
            fleet.client.create(path, record())
            for _ in range(version):
                fleet.client.set(path, record("running", term=term_s))
    proxy.on_request = meanwhile
    begun = now()
    run = fleet.launch_job("a", config=fleet.config(zkhosts=proxy.address))
    assert fleet.records.started("a").time - begun > term_s and not left
    fleet.end_job("a")
    assert run.wait() == 0
