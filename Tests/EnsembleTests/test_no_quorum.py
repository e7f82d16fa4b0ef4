"""A holder whose server has lost its quorum has no proof, however alive its connection: reads, pings and sync lie."""

import pytest

from Support.eventually import eventually, now
from Support.server import connected_client

TERM_S = 6
CLAIM = ("--claim", "lock:1:1")


def holder_on(fleet, server):
    """A stubborn holder that talks to this server alone."""
    config = fleet.config("holder.conf", zkhosts=server.address, session_timeout=4, ownership_term=TERM_S)
    return fleet.start_job("first", "--stubborn", *CLAIM, arguments=("--lockname", "a"), config=config)


@pytest.mark.parametrize("fault", ["kill", "stop"])
def test_the_tree_is_dead_by_the_term(ensemble, ensemble_fleet, fault):
    ensemble_fleet.leaves_marks = True
    alone = ensemble.followers()[0]
    run = holder_on(ensemble_fleet, alone)
    lost_at = now()
    others = [server for server in ensemble.servers if server is not alone]
    for server in others:
        getattr(server, fault)()
    eventually(lambda: ensemble_fleet.records.last_sign("first") < now() - 0.5, TERM_S + 5, "the tree is dead")
    assert ensemble_fleet.records.last_sign("first") < lost_at + TERM_S
    assert run.wait(30) == 81
    for server in others:
        if fault == "kill":
            server.start()
        else:
            server.cont()
    ensemble.wait_ready()


def test_a_stopped_leader_and_a_rival_on_the_new_one(ensemble, ensemble_fleet):
    """The holder hangs on the old leader, which is stopped; the two others elect, expire it, and let the rival in."""
    old = ensemble.leader()
    others = ensemble.followers()
    rest = ",".join(server.address for server in others)
    ensemble_fleet.client.stop()
    ensemble_fleet.client = connected_client(rest)
    first = holder_on(ensemble_fleet, old)
    lost_at = now()
    with ensemble_fleet.successor("second", "a", *CLAIM, config=ensemble_fleet.config(zkhosts=rest)) as successor:
        lost_at = now()
        old.stop()
    second, taken_at = successor.taken()
    started = ensemble_fleet.records.started("second", within=TERM_S * 3).time
    assert ensemble_fleet.records.last_sign("first") < lost_at + TERM_S
    assert started - taken_at > 1.01 * TERM_S - 0.5
    old.cont()
    assert first.wait(30) == 81
    ensemble_fleet.end_job("second")
    assert second.wait() == 0
    ensemble_fleet.records.assert_never_two()


def test_a_follower_that_lags_keeps_nobody_alive(ensemble, ensemble_fleet):
    """A follower cut off from the others answers reads for seconds more; heartbeats need a quorum, and get none."""
    follower = ensemble.followers()[0]
    others = [server for server in ensemble.servers if server is not follower]
    rest = ",".join(server.address for server in others)
    ensemble_fleet.client.stop()
    ensemble_fleet.client = connected_client(rest)
    first = holder_on(ensemble_fleet, follower)
    with ensemble_fleet.successor("second", "a", *CLAIM, config=ensemble_fleet.config(zkhosts=rest)) as successor:
        follower.stop()
    second, taken_at = successor.taken()
    follower.cont()
    started = ensemble_fleet.records.started("second", within=TERM_S * 3).time
    assert started - taken_at > 1.01 * TERM_S - 0.5
    assert first.wait(30) == 81
    ensemble_fleet.end_job("second")
    assert second.wait() == 0
    ensemble_fleet.records.assert_never_two()
