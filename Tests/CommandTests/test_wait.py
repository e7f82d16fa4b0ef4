"""--wait: a fair queue for the lock; each waits for its predecessor alone, the head for the lock."""

import signal

import pytest

from Support.eventually import always, eventually, now
from Support.fleet import HOST, assert_silent

CLAIM = ("--claim", "lock:1:1")


def join(fleet, label, *arguments, place=1, until=True, options=(), wait="forever", **more):
    """Start a run that waits for lock `a`, and wait until it is the so-manyth in its queue."""
    run = fleet.launch_job(label, *CLAIM, *options, arguments=("--lockname", "a", "--wait", wait, *arguments),
                           until=until, **more)
    fleet.waiting("a", place)
    return run


def order(fleet):
    """Labels in the order of their takes: the token is the creation zxid of the lock."""
    return [one.label for one in sorted(fleet.records.events("start"), key=lambda one: int(one.detail[0]))]


@pytest.fixture
def held(fleet):
    """A fleet in which somebody holds the lock `a`."""
    fleet.start_job("holder", *CLAIM, arguments=("--lockname", "a"))
    return fleet


def test_ten_waiters_run_in_the_order_in_which_they_came(held):
    labels = [f"job{number}" for number in range(10)]
    runs = [join(held, label, place=number + 1, until=False, options=("--for", 10))
            for number, label in enumerate(labels)]
    held.end_job("holder")
    assert [run.wait() for run in runs] == [0] * 10
    assert order(held) == ["holder", *labels]
    held.records.assert_never_two()
    assert held.waiters("a") == [] and held.record("a")["state"] == "ended"


def test_a_free_lock_is_not_waited_for(fleet):
    assert_silent(fleet.run("--lockname", "a", "--wait", "forever", "--", "true"), 0)
    assert fleet.list("waiters") == [], "nobody needed a queue"


def test_a_released_lock_is_handed_over_at_once(held):
    join(held, "next")
    held.end_job("holder")
    handed_over = held.records.started("next").time - held.records.events("end", "holder")[0].time
    assert handed_over < 0.25, handed_over
    held.end_job("next")


def test_the_wait_is_in_the_record(held):
    run = join(held, "next", until=False)
    entered = now()
    always(lambda: run.running, during=0.3)
    held.end_job("holder")
    held.records.started("next")
    waited_ms = (now() - run.began) * 1000
    run.send(signal.SIGTERM)
    run.wait()
    last = held.record("a")["runs"][-1]
    assert (now() - entered) * 1000 > 300 and 300 <= last["waited_ms"] <= waited_ms


@pytest.mark.parametrize("how", ["front", "host"])
def test_a_waiter_killed_in_the_middle_of_the_queue_is_passed_over(held, how):
    config = held.config(session_timeout=2)
    first = join(held, "first", place=1)
    second = join(held, "second", place=2, config=config)
    third = join(held, "third", place=3)
    if how == "front":
        second.send(signal.SIGKILL)
    else:
        held.lose_host(second)
    held.waiting("a", 2)
    held.end_job("holder")
    held.records.started("first")
    held.end_job("first")
    held.records.started("third")
    held.end_job("third")
    assert [first.wait(), third.wait()] == [0, 0]
    assert order(held) == ["holder", "first", "third"]
    held.records.assert_never_two()


@pytest.mark.parametrize("options, code", [([], 0), (["--exit-code", "locked=5"], 5), (["-E", 9], 9)])
def test_a_wait_runs_out_in_silence(held, options, code):
    run = held.run("--lockname", "a", "--wait", 1, *options, "--", "false")
    assert_silent(run, code)
    assert 0.9 < now() - run.began < 3
    assert held.waiters("a") == []
    held.end_job("holder")


def test_a_wait_of_a_second_in_line_runs_out_as_well(held):
    join(held, "head")
    assert_silent(held.run("--lockname", "a", "--wait", "1s", "--exit-code", "locked=5", "--", "false"), 5)
    held.end_job("holder")
    held.records.started("head")
    held.end_job("head")


def test_a_wait_of_zero_is_none(held):
    run = held.run("--lockname", "a", "--wait", 0, "--exit-code", "locked=5", "--", "false")
    assert_silent(run, 5)
    assert held.list("waiters") == []
    held.end_job("holder")


def test_who_does_not_wait_takes_a_queue_for_a_held_lock(fleet):
    """The lock is free, but somebody was there before."""
    fleet.client.ensure_path(fleet.path("waiters", "a"))
    place = fleet.client.create(fleet.path("waiters", "a", "a-"), b"elsewhere 1", ephemeral=True, sequence=True)
    assert_silent(fleet.run("--lockname", "a", "--exit-code", "locked=5", "--", "false"), 5)
    assert_silent(fleet.run("--lockname", "a", "--wait", "1s", "--exit-code", "locked=5", "--", "false"), 5)
    assert fleet.list("locks") == [], "neither took what it was not its turn to take"
    fleet.client.delete(place)
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)


def test_a_place_removed_by_hand_is_an_error(held):
    waiting = join(held, "a")
    behind = join(held, "behind", place=2)
    held.client.delete(held.path("waiters", "a", held.waiters("a")[1]))
    held.client.delete(held.path("waiters", "a", held.waiters("a")[0]))
    held.end_job("holder")
    assert [waiting.wait(), behind.wait()] == [65, 65] and not held.records.events("start", "a")


def test_a_signal_while_waiting_leaves_no_node(held):
    for number in (signal.SIGTERM, signal.SIGHUP):
        run = join(held, "waiting")
        run.send(number)
        assert run.wait() == 128 + number and run.err == ""
        assert held.waiters("a") == []
    assert not held.records.events("start", "waiting")
    held.end_job("holder")


def test_leaving_the_group_ends_the_wait(held):
    held.prefix_data({"groups": {"g": [HOST]}})
    run = join(held, "a", "-g", "g", "--exit-code", "not-in-group=5")
    held.prefix_data({"groups": {"g": ["elsewhere"]}})
    assert_silent(run.finished(), 5)
    assert held.waiters("a") == []
    held.end_job("holder")


def test_a_waiter_whose_session_expires_stands_in_line_again(held):
    run = join(held, "next")
    held.loses_its_place("a")
    held.end_job("holder")
    held.records.started("next")
    held.end_job("next")
    assert run.wait() == 0


def test_a_waiter_outlasts_a_lost_connection(held, proxy):
    run = join(held, "next", config=held.config(zkhosts=proxy.address))
    proxy.refuse()
    held.end_job("holder")
    eventually(lambda: held.list("locks") == [])
    proxy.accept()
    held.records.started("next")
    held.end_job("next")
    assert run.wait() == 0


def test_the_limit_does_not_count_while_a_lost_holder_is_waited_out(fleet):
    """Session and term of the holder together are longer than the wait."""
    config = fleet.config(session_timeout=2, ownership_term=4)
    holder = fleet.start_job("holder", *CLAIM, arguments=("--lockname", "a"), config=config)
    run = join(fleet, "next", wait="4s", config=config)
    lost_at = now()
    fleet.lose_host(holder)
    started = fleet.records.started("next").time
    assert started - lost_at > 4.0, "longer than its wait"
    fleet.end_job("next")
    assert run.wait() == 0
    fleet.records.assert_never_two()


# Originals.


def test_an_original_is_waited_for(fleet, original):
    assert original.take_lock("a")
    run = join(fleet, "ours")
    always(lambda: not fleet.records.events("start"), during=0.3)
    original.release_lock("a")
    fleet.records.started("ours")
    fleet.end_job("ours")
    assert run.wait() == 0


def test_an_original_that_takes_the_lock_between_look_and_take_is_waited_for(held, original, proxy):
    """It knows no queue. The take finds the lock held: the head keeps its place, and waits on."""
    config = held.config(zkhosts=proxy.address, mixed_fleet=True, server_tick=500)
    barged = []

    def barge_in(request):
        if not barged and request.name == "multi" and ("create", held.path("locks", "a")) in request.parts:
            barged.append(original.take_lock("a"))

    run = join(held, "ours", config=config)
    place = held.waiters("a")
    proxy.on_request = barge_in
    held.end_job("holder")
    eventually(lambda: barged)
    assert barged == [True]
    always(lambda: not held.records.events("start", "ours"), during=0.5)
    assert held.waiters("a") == place, "its place is still its own"
    original.release_lock("a")
    held.records.started("ours")
    held.end_job("ours")
    assert run.wait() == 0
    held.records.assert_never_two()


# With leases.

LEASE = ("--lease", "r=1:1")


def test_first_the_lock_then_the_permits(busy):
    """At the head of the lock's queue it joins that of the permits, and keeps its place in the first."""
    busy.start_job("holder", arguments=("--lockname", "a"))
    run = join(busy, "ours", *LEASE)
    always(lambda: busy.queue("r") == [], during=0.3, what="not queued before it is its turn")
    busy.end_job("holder")
    busy.queued("r", "a")
    busy.waiting("a")
    assert_silent(busy.run("--lockname", "a", "--exit-code", "locked=5", "--", "false"), 5)
    busy.end_job("blocker")
    busy.records.started("ours")
    assert (busy.queue("r"), busy.waiters("a")) == ([], [])
    busy.end_job("ours")
    assert run.wait() == 0


def test_the_lock_appears_while_it_is_queued_for_permits(busy, original):
    run = join(busy, "ours", *LEASE)
    busy.queued("r", "a")
    assert original.take_lock("a")
    eventually(lambda: busy.queue("r") == [], what="it leaves the queue of the permits")
    busy.end_job("blocker")
    eventually(lambda: busy.leases("r") == [])
    assert len(busy.waiters("a")) == 1 and run.running, "and waits for the lock again"
    original.release_lock("a")
    busy.records.started("ours")
    busy.end_job("ours")
    assert run.wait() == 0


def test_a_run_of_the_same_name_in_the_queue_of_permits_is_waited_for(busy):
    busy.launch_job("rival", arguments=("--no-lock", "--lockname", "a", *LEASE))
    rival = busy.queued("r", "a")
    run = join(busy, "ours", *LEASE)
    always(lambda: busy.queue("r") == [rival], during=0.3, what="one place for one name")
    busy.end_job("blocker")
    busy.records.started("rival")
    eventually(lambda: busy.queue("r") not in ([], [rival]), what="its turn to queue")
    busy.end_job("rival")
    busy.records.started("ours")
    busy.end_job("ours")
    assert run.wait() == 0


def test_each_limit_counts_from_the_beginning_of_its_own_phase(busy):
    """The wait for the lock is over at its head; then that for the permits begins."""
    run = busy.run("--lockname", "a", "--wait", 1, *LEASE, "--lease-wait", 2, "--", "false")
    assert run.code == 75 and 1.9 < now() - run.began < 4
    assert (busy.queue("r"), busy.waiters("a")) == ([], [])
    busy.end_job("blocker")


def test_permits_that_an_original_has_overdrawn_are_given_back_and_waited_for(fleet, original, proxy):
    """The take has used up the place in the lock's queue too: the run takes a new one."""
    fleet.resources("r")
    theirs = []

    def overdraw(request):
        if not theirs and request.name == "multi" and ("create", fleet.path("locks", "a")) in request.parts:
            theirs.append(original.lease("r", 1, 1))

    fleet.start_job("holder", arguments=("--lockname", "a"))
    run = join(fleet, "ours", *LEASE, config=fleet.config(zkhosts=proxy.address, mixed_fleet=True, server_tick=500))
    proxy.on_request = overdraw
    fleet.end_job("holder")
    eventually(lambda: theirs)
    fleet.queued("r", "a")
    always(lambda: run.running and not fleet.records.events("start", "ours"), during=0.5)
    original.client.delete(theirs[0])
    fleet.records.started("ours")
    fleet.end_job("ours")
    assert run.wait() == 0
