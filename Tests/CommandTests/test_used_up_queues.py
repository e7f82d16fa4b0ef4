"""The end of a queue's 32-bit counter: nobody is served out of order, and an empty queue is made anew."""

import pytest

from Support import snapshot
from Support.control import Control
from Support.fleet import Fleet, assert_one_line
from Support.server import ZooKeeperServer

END = 2 ** 31 - 1


@pytest.fixture
def aged(controller, program, recorder, tmp_path):
    """Called with a queue's path and its number, it lets the server have counted that far."""
    server = ZooKeeperServer()
    fleet = Fleet(program, recorder, tmp_path, server.address, server.client(), "/fleet")
    fleet.resources("db")
    assert fleet.run("--lockname", "first", "--lease", "db=1:1", "--", "true").code == 0

    def age(path, number):
        fleet.client.ensure_path(path)
        # One that comes while the server reads its data may never be heard (3.8.0): not this one again.
        fleet.client.stop()
        fleet.client.close()
        # It begins with a snapshot of what it has read.
        server.restart()
        server.kill()
        snapshot.set_cversion(server.data, path, number)
        server.restart()
        fleet.client = server.client()
        return fleet
    age.fleet, age.ctl = fleet, Control(controller, fleet)
    yield age
    fleet.client.stop()
    fleet.client.close()
    server.close()


def test_at_the_end_of_a_resources_queue_permits_do_not_exceed_their_total(aged):
    fleet = aged(aged.fleet.path("queues/db"), END - 3)
    runs = [fleet.launch_job(f"a{n}", arguments=("--lease", "db=1:1")) for n in range(8)]
    for run in runs:
        assert_one_line(run.finished(), 65, fleet.path("queues/db"), "tidy")
    assert (fleet.queue("db"), fleet.leases("db")) == ([], [])
    assert aged.ctl.json("tidy") == {"removed": [fleet.path("queues/db")]}
    assert fleet.run("--lockname", "a", "--lease", "db=1:1", "--", "true").code == 0


def test_who_stands_before_the_last_stretch_is_served_in_order(aged):
    fleet = aged(aged.fleet.path("queues/db"), 2 ** 31 - 2 ** 24 - 3)
    fleet.start_job("holder", arguments=("--lease", "db=1:1"))
    for name in ("a", "b"):
        run = fleet.launch_job(name, arguments=("--lease", "db=1:1"))
        fleet.queued("db", name)
    assert_one_line(
        fleet.run("--lockname", "late", "--lease", "db=1:1", "--", "false"), 65, fleet.path("queues/db"), "used up")
    for name in ("holder", "a", "b"):
        fleet.records.started(name)
        assert len(fleet.leases("db")) == 1
        fleet.end_job(name)
    assert run.wait() == 0 and "half" in run.err and "tidy" in run.err


@pytest.mark.parametrize("number", [END - 1, END])
def test_among_those_who_wait_for_a_lock(aged, number):
    fleet = aged(aged.fleet.path("waiters/a"), number)
    fleet.start_job("a")
    for _ in range(2):
        run = fleet.run("--lockname", "a", "--wait", "1m", "--", "false")
        assert_one_line(run, 65, fleet.path("waiters/a"), "used up")
    fleet.end_job("a")


def test_leases_are_told_apart_by_their_sessions(aged):
    fleet = aged(aged.fleet.path("semaphores/db/leases"), END - 1)
    for _ in range(4):
        assert fleet.run("--lockname", "a", "--lease", "db=1:1", "--", "true").code == 0
    fleet.start_job("b", arguments=("--lease", "db=1:1"))
    fleet.launch_job("c", arguments=("--lease", "db=1:1"))
    fleet.queued("db", "c")
    assert len(fleet.leases("db")) == 1
    fleet.end_job("b")
    fleet.records.started("c")
    fleet.end_job("c")


def test_in_a_mixed_fleet_an_originals_queue_is_made_anew(aged):
    """In one transaction: an original looks for it once, and dies if it is gone."""
    fleet = aged(aged.fleet.path("queues/db"), 2 ** 30 + 1)
    config = fleet.config("mixed.conf", mixed_fleet=True, session_timeout=20)
    before = fleet.stat("queues/db").czxid
    assert aged.ctl.json("tidy", config=config) == {"removed": [fleet.path("queues/db")]}
    assert fleet.stat("queues/db").czxid > before
    assert aged.ctl.json("tidy", config=config) == {"removed": []}
