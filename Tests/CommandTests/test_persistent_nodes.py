"""Persistent nodes where ephemeral ones belong, as tools make them that copy trees: nobody's end takes them away."""

import pytest

from Support.control import assert_refused
from Support.fleet import assert_one_line

WAITING = ("--wait", "forever")


@pytest.mark.parametrize("options", [(), WAITING, ("--lease", "r=1:2")], ids=["skipping", "waiting", "with-a-lease"])
def test_a_lock(fleet, options):
    fleet.resources("r")
    path = fleet.path("locks", "a")
    fleet.client.create(path, b"host.example.org 1", makepath=True)
    assert_one_line(fleet.run("--lockname", "a", *options, "--", "false"), 65, path, "persistent", "delete")
    fleet.client.delete(path)


def test_stop_says_what_it_is_and_deletes_it_when_forced(ctl, fleet):
    path = fleet.path("locks", "a")
    fleet.client.create(path, b"host.example.org 1", makepath=True)
    asked = ctl("stop", "a")
    assert_refused(asked, 1, "belongs to no session", "--force deletes it")
    assert "original" not in asked.err
    assert ctl("stop", "--force", "a").code == 0 and not fleet.client.exists(path)


@pytest.mark.parametrize("options", [(), WAITING], ids=["skipping", "waiting"])
def test_a_place_among_those_who_wait_for_the_lock(fleet, options):
    path = fleet.path("waiters", "a", "a-0000000000")
    fleet.client.create(path, b"", makepath=True)
    assert_one_line(fleet.run("--lockname", "a", *options, "--", "false"), 65, path, "persistent")


@pytest.mark.parametrize("lockname", ["a", "b"], ids=["of-this-job", "of-another"])
def test_a_place_in_a_queue(fleet, lockname):
    fleet.resources("r")
    path = fleet.path("queues", "r", f"{lockname}-0000000000")
    # A number less than the next one's.
    fleet.client.create(fleet.path("queues", "r", "x"), b"", makepath=True)
    fleet.client.delete(fleet.path("queues", "r", "x"))
    fleet.client.create(path, b"")
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:2", "--", "false"), 65, path, "persistent")


def test_a_lease(fleet):
    fleet.resources("r")
    path = fleet.path("semaphores", "r", "leases", "2_2_100000000000001_0000000000")
    fleet.client.create(path, b"", makepath=True)
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:2", "--", "false"), 65, path, "persistent")


def test_whoever_has_room_beside_it_runs(fleet):
    fleet.resources("r")
    fleet.client.create(
        fleet.path("semaphores", "r", "leases", "1_2_100000000000001_0000000000"), b"", makepath=True)
    assert fleet.run("--lockname", "a", "--lease", "r=1:2", "--", "true").code == 0


def test_stop_force_of_a_lock_with_children(ctl, fleet):
    fleet.client.create(fleet.path("locks", "a", "child"), b"", makepath=True)
    assert_refused(ctl("stop", "--force", "a"), 1, fleet.path("locks", "a"), "has children")
    fleet.client.delete(fleet.path("locks", "a"), recursive=True)
