"""Beside the Perl original, played by a stand-in that speaks its protocol: neither gets in the other's way."""

import pytest

from Support.eventually import always, eventually, now
from Support.fleet import assert_silent

CLAIM = ("--claim", "lock:1:1")


def mixed(fleet, **changes):
    return fleet.config(mixed_fleet=True, **{"server_tick": 500, **changes})


@pytest.mark.parametrize("is_mixed", [True, False])
def test_a_lock_of_the_originals_is_held(fleet, original, is_mixed):
    assert original.take_lock("a")
    run = fleet.run("--lockname", "a", "--exit-code", "locked=5", "--", "false",
                    config=fleet.config(mixed_fleet=is_mixed, server_tick=500))
    assert run.code == 5 and not fleet.records.events()
    assert fleet.get("locks", "a").startswith("old.example.org")
    if not is_mixed:
        assert "mixed_fleet" in fleet.run("--verbose", "--lockname", "a", "--", "false").err
    original.release_lock("a")


@pytest.mark.parametrize("is_mixed", [True, False])
def test_ours_is_held_for_the_original(fleet, original, is_mixed):
    run = fleet.start_job("a", config=fleet.config(mixed_fleet=is_mixed, server_tick=500))
    assert not original.take_lock("a")
    fleet.end_job("a")
    assert run.wait() == 0
    assert original.take_lock("a"), "and free again with the exit"
    original.release_lock("a")


def test_after_the_original_nothing_is_waited_for(fleet, original):
    assert original.take_lock("a")
    original.release_lock("a")
    before = now()
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=mixed(fleet)), 0)
    assert now() - before < 2


def test_a_lease_of_the_originals_counts(fleet, original):
    fleet.resources("r")
    theirs = original.lease("r", 3, 5)
    run = fleet.launch_job("a", arguments=("--lease", "r=3:5"), config=mixed(fleet))
    fleet.queued("r", "a")
    always(lambda: not fleet.records.events("start", "a"), during=1)
    original.client.delete(theirs)
    fleet.records.started("a")
    assert original.lease("r", 3, 5) is None, "and ours counts for it"
    fits = original.lease("r", 2, 5)
    assert fits
    original.client.delete(fits)
    fleet.end_job("a")
    assert run.wait() == 0


def test_behind_an_original_in_the_queue(fleet, original):
    fleet.resources("r")
    place = original.enqueue("r", "theirs")
    run = fleet.launch_job("a", arguments=("--lease", "r=1:5"), config=mixed(fleet))
    fleet.queued("r", "a")
    always(lambda: not fleet.records.events("start", "a"), during=1, what="first come, first served")
    lease = original.lease("r", 5, 5)
    original.client.delete(place)
    always(lambda: not fleet.records.events("start", "a"), during=0.5)
    original.client.delete(lease)
    fleet.records.started("a")
    fleet.end_job("a")
    assert run.wait() == 0


def test_before_an_original_in_the_queue(fleet, original):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    fleet.launch_job("a", arguments=("--lease", "r=1:1"), config=mixed(fleet))
    fleet.queued("r", "a")
    place = original.enqueue("r", "theirs")
    assert not original.heads(place)
    fleet.end_job("holder")
    fleet.records.started("a")
    eventually(lambda: original.heads(place), what="our place goes with our take")
    assert original.lease("r", 1, 1) is None
    fleet.end_job("a")
    assert original.client.exists(place)
    eventually(lambda: original.lease("r", 1, 1))
    original.client.delete(place)
    for lease in fleet.leases("r"):
        original.client.delete(fleet.path("semaphores", "r", "leases", lease))


def test_an_original_that_joins_its_queues_one_by_one_does_not_block_us_for_good(fleet, original):
    """It stands before us in the first queue and behind us in the second: we stand aside, in one multi."""
    fleet.resources("one", "two")
    first = original.enqueue("one", "theirs")
    run = fleet.launch_job("a", arguments=("--lease", "one=1:1", "--lease", "two=1:1"), config=mixed(fleet))
    fleet.queued("two", "a")
    second = original.enqueue("two", "theirs")
    eventually(lambda: original.heads(first) and original.heads(second), within=10, what="the original can go on")
    places = [fleet.stat("queues", resource, fleet.queued(resource, "a")) for resource in ("one", "two")]
    assert places[0].czxid == places[1].czxid, "in one multi"
    leases = [original.lease(resource, 1, 1) for resource in ("one", "two")]
    for node in (first, second):
        original.client.delete(node)
    always(lambda: not fleet.records.events("start", "a"), during=0.5)
    for node in leases:
        original.client.delete(node)
    fleet.records.started("a")
    fleet.end_job("a")
    assert run.wait() == 0


def test_the_tree_is_dead_before_the_session_can_expire(fleet, original, proxy):
    """The original takes the lock the moment the session expires, and knows no term."""
    fleet.leaves_marks = True
    config = mixed(fleet, zkhosts=proxy.address, session_timeout=12, ownership_term=60)
    run = fleet.start_job("ours", "--stubborn", *CLAIM, arguments=("--lockname", "a"), config=config)
    eventually(lambda: len(proxy.heartbeats()) >= 2)
    proxy.hold()
    theirs = original.take_and_run("a", fleet.job("theirs", *CLAIM, "--for", 500))
    assert theirs.wait() == 0
    proxy.release()
    assert run.wait() == 81
    fleet.records.assert_never_two()
    assert original.client.exists(fleet.path("locks", "a")), "their lock is left alone"
    original.release_lock("a")


def test_a_slow_heartbeat_within_the_session_kills_nothing(fleet, proxy):
    config = mixed(fleet, zkhosts=proxy.address, session_timeout=12, ownership_term=60)
    run = fleet.start_job("a", "--log-signals", config=config)
    proxy.delay(0.2)
    always(lambda: run.running and not fleet.records.signals("a"), during=8)
    proxy.delay(0)
    fleet.end_job("a")
    assert run.wait() == 0


def test_an_original_and_ours_share_a_resource_for_a_while(fleet, original):
    """Takes of both kinds, one after the other through one queue; the sum never exceeds the total."""
    fleet.resources("r")
    runs = [fleet.launch_job(f"job{n}", "--for", 100, "--claim", "r:3:2", arguments=("--lease", "r=2:3"), until=False,
                             config=mixed(fleet)) for n in range(4)]
    for turn in range(4):
        place = original.enqueue("r", f"theirs{turn}")
        eventually(lambda place=place: original.heads(place))
        lease = eventually(lambda: original.lease("r", 2, 3))
        original.client.delete(place)
        taken = sum(int(name.split("_")[0]) for name in fleet.leases("r"))
        assert taken <= 3, fleet.leases("r")
        original.client.delete(lease)
    assert [run.wait() for run in runs] == [0] * 4
    fleet.records.assert_no_violation()
