"""A lock that is lost while the command runs: deleted by hand, or its session expired by force.

The second switchman takes the lock at once; its command starts only when the first one's tree is dead, and not before the
term of the record that it found has passed."""

import pytest

from Support.eventually import always, eventually, now
from Support.fleet import assert_silent
from Support.server import expire_session

TERM_S = 6
CLAIM = ("--claim", "lock:1:1")


def delete_lock(fleet):
    fleet.client.delete(fleet.path("locks", "a"))


def expire(fleet):
    expire_session(fleet.address, fleet.lock_session("a"))


@pytest.mark.parametrize("lose", [delete_lock, expire])
def test_the_tree_dies_and_the_exit_is_81(fleet, lose):
    run = fleet.start_job("first", "--stubborn", arguments=("--lockname", "a"))
    lost_at = now()
    lose(fleet)
    assert run.wait() == 81
    assert run.left() == []
    assert fleet.records.last_sign("first") < lost_at + TERM_S
    assert len(run.err.splitlines()) >= 1 and all(line.startswith("switchman: ") for line in run.err.splitlines())
    fleet.leaves_marks = lose is expire


@pytest.mark.parametrize("lose", [delete_lock, expire])
def test_it_is_noticed_at_once(fleet, lose):
    run = fleet.start_job("first", "--log-signals", "--end-on", 15, arguments=("--lockname", "a"))
    lost_at = now()
    lose(fleet)
    assert run.wait() == 81
    noticed = fleet.records.events("signal", "first")
    assert [event.detail[0] for event in noticed] == ["15"]
    # By the watch. The deadline alone would bring it after 1.3 s at the earliest (term 6 s, grace 2 s).
    assert noticed[0].time - lost_at < 1.0
    fleet.leaves_marks = lose is expire


@pytest.mark.parametrize("lose", [delete_lock, expire])
def test_a_successor_starts_when_the_tree_is_dead_and_the_term_is_over(fleet, lose):
    first = fleet.start_job("first", "--stubborn", *CLAIM, arguments=("--lockname", "a"))
    with fleet.successor("second", "a", *CLAIM) as successor:
        lose(fleet)
    second, taken_at = successor.taken()
    assert first.wait() == 81
    started = fleet.records.started("second").time
    fleet.end_job("second")
    assert second.wait() == 0
    fleet.records.assert_never_two()
    assert started > fleet.records.last_sign("first")
    assert started - taken_at > TERM_S * 1.01 - 0.5, "it waits the term out, not less"
    assert started - taken_at < TERM_S * 1.01 + 2


@pytest.mark.parametrize("is_mixed", [True, False])
def test_a_lock_that_was_replaced_is_lost_too(fleet, is_mixed):
    """Deleted and created again by another within one heartbeat: version 0 again, and yet not ours."""
    run = fleet.start_job("first", arguments=("--lockname", "a"), config=fleet.config(mixed_fleet=is_mixed, server_tick=500))
    transaction = fleet.client.transaction()
    transaction.delete(fleet.path("locks", "a"))
    transaction.create(fleet.path("locks", "a"), b"old.example.org 4711", ephemeral=True)
    transaction.commit()
    assert run.wait() == 81
    assert fleet.get("locks", "a") == "old.example.org 4711", "the rival's lock is left alone"
    fleet.client.delete(fleet.path("locks", "a"))


def test_a_lease_deleted_by_hand_ends_the_command(fleet):
    fleet.resources("r")
    run = fleet.start_job("first", "--stubborn", arguments=("--no-lock", "--lockname", "a", "--lease", "r=1:1"))
    fleet.client.delete(fleet.path("semaphores", "r", "leases", fleet.leases("r")[0]))
    assert run.wait() == 81
    assert run.left() == []


def test_a_lost_permit_is_not_given_to_another_before_the_tree_is_dead(fleet):
    fleet.resources("r")
    claim, lease = ("--claim", "r:1:1"), ("--lease", "r=1:1")
    first = fleet.start_job("first", "--stubborn", *claim, arguments=("--no-lock", "--lockname", "a", *lease))
    second = fleet.launch_job("second", *claim, arguments=("--no-lock", "--lockname", "b", *lease))
    fleet.queued("r", "b")
    expire_session(fleet.address, fleet.stat("semaphores", "r", "leases", fleet.leases("r")[0]).ephemeralOwner)
    assert first.wait() == 81
    fleet.records.started("second", within=TERM_S * 2 + 5)
    fleet.end_job("second")
    assert second.wait() == 0
    fleet.records.assert_never_two()


def test_the_holders_record_written_to_by_others_is_no_loss(fleet):
    """Whoever adds to the record would else kill healthy jobs."""
    run = fleet.start_job("a")
    record = fleet.get("jobs", "a")
    fleet.client.set(fleet.path("jobs", "a"), record.encode())
    always(lambda: run.running, during=TERM_S / 10 * 3)
    fleet.end_job("a")
    assert_silent(run.finished(), 0)
    eventually(lambda: fleet.record("a")["state"] == "ended")
