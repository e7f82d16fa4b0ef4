"""switchmanctl tidy: what is left of jobs that have not run for long goes, and nothing else."""

import glob
import json

import pytest

from Support.control import Control, assert_no_request, assert_refused
from Support.eventually import eventually
from Support.fleet import Fleet
from Support.server import ZooKeeperServer

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), "libfaketime.so.1: install faketime")
OLD = ("--older-than", "1d")


@pytest.fixture
def later(controller, program, recorder, tmp_path):
    """A fleet whose server has been three days behind; called, it lets the server find out."""
    server = ZooKeeperServer(prefixed=(
        "env", f"LD_PRELOAD={LIBRARY}", "FAKETIME=-3d", "DONT_FAKE_MONOTONIC=1"))
    client = server.client()
    ctl = Control(controller, Fleet(program, recorder, tmp_path, server.address, client, "/fleet"))

    def three_days_later():
        server.prefixed = ()
        # Not killed: faketime's library removes its shared memory as the process exits.
        server.process.terminate()
        server.process.wait()
        server.restart()
        eventually(lambda: client.connected, what="the tests' own client is back")
        return ctl
    three_days_later.fleet = ctl.fleet
    yield three_days_later
    client.stop()
    client.close()
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


def test_old_records_go_but_not_those_that_say_running_or_whose_lock_is_held(later):
    fleet = later.fleet
    for name, data in {"old": record(), "running": record("running"), "held": record(), "renewed": record(), "odd": b"?"}.items():
        fleet.client.create(fleet.path("jobs", name), data, makepath=True)
    fleet.client.create(fleet.path("semaphores/r/marks/1_1_ab_1_30"), b"", makepath=True)
    ctl = later()
    fleet.client.create(fleet.path("locks", "held"), b"old.example.org 1", ephemeral=True, makepath=True)
    fleet.client.set(fleet.path("jobs", "renewed"), record())
    assert ctl("tidy").out == "", "ninety days is the default"
    assert ctl("tidy", "--older-than", "2d", "--dry-run").out == f"{fleet.path('jobs/old')}\n"
    assert ctl("tidy", "--older-than", "2d").out == f"{fleet.path('jobs/old')}\n"
    assert fleet.list("jobs") == ["held", "odd", "renewed", "running"]
    assert fleet.marks("r") == ["1_1_ab_1_30"]


def test_in_a_mixed_fleet_the_originals_queues_stay(ctl, fleet):
    fleet.client.ensure_path(fleet.path("queues/empty"))
    assert ctl("tidy", config=fleet.config("mixed.conf", mixed_fleet=True, session_timeout=20)).code == 0
    assert fleet.list("queues") == ["empty"]


@pytest.mark.parametrize("text", ["1h", "0", "forever", "soon", "-1d", "99999999999999999999d"])
def test_bad_ages(ctl, text):
    assert_refused(ctl("tidy", f"--older-than={text}"), 64, "--older-than")


def test_an_empty_fleet(ctl):
    assert (ctl("tidy").code, ctl("tidy").out) == (0, "")
