"""A release or a heartbeat that the servers refuse (an ACL, a quota) is no outage, and is said at once."""

import pytest
from kazoo.security import OPEN_ACL_UNSAFE, make_acl

from Support.eventually import now

READ = [make_acl("world", "anyone", read=True, admin=True)]
NO_DELETE = [make_acl("world", "anyone", read=True, write=True, create=True, admin=True)]


@pytest.mark.parametrize("node, acls", [("locks", NO_DELETE), ("jobs/a", READ), ("semaphores/r/marks", NO_DELETE)])
def test_it_is_said_and_the_lock_is_free(fleet, node, acls):
    fleet.resources("r")
    fleet.start_job("a", arguments=("--lease", "r=1:2", "--term", "1d"))
    run = fleet.runs[-1]
    fleet.client.set_acls(fleet.path(node), acls)
    began = now()
    fleet.end_job("a")
    assert run.wait(20) == 0 and now() - began < 15, "not for the whole term"
    assert "refused" in run.err and fleet.path(node) in run.err and len(run.err.splitlines()) == 1
    assert (fleet.list("locks"), fleet.leases("r")) == ([], [])
    if node != "jobs/a":
        assert fleet.record("a")["state"] == "ended"
    fleet.client.set_acls(fleet.path(node), OPEN_ACL_UNSAFE)
    if node == "jobs/a":
        fleet.client.delete(fleet.path(node))
    for mark in fleet.marks("r"):
        assert node.endswith("marks")
        fleet.client.delete(fleet.path("semaphores/r/marks", mark))


def test_a_quota_refuses_the_record_and_the_lock_is_free(fleet, proxy):
    run = fleet.start_job("a", arguments=("--term", "1d"), config=fleet.config(zkhosts=proxy.address))
    # Whatever writes the record, and the release without it.
    proxy.on_request = lambda one: -125 if any(name == "setData" and "/jobs/" in path for name, path in one.parts) else None
    began = now()
    fleet.end_job("a")
    assert run.wait(20) == 0 and now() - began < 15, "not for the whole term"
    assert "refused" in run.err and "quota" in run.err and len(run.err.splitlines()) == 1
    assert fleet.list("locks") == []
    fleet.client.delete(fleet.path("jobs", "a"))


def test_a_refused_heartbeat_is_told_as_what_it_is(fleet):
    run = fleet.start_job("a", config=fleet.config(ownership_term=6))
    fleet.client.set_acls(fleet.path("locks", "a"), [make_acl("world", "anyone", admin=True)])
    assert run.wait(20) == 81
    refused, lost = run.err.splitlines()[:2]
    assert f"heartbeats are refused: no permission to read {fleet.path('locks', 'a')} by its access list" in refused
    assert "ownership lost: no heartbeat was acknowledged in time; ending the command" in lost, "and nobody is called silent"
