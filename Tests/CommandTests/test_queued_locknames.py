"""One lockname has at most one place in a queue; who finds it taken, or its lock, goes away in silence."""

import threading

from Support.eventually import eventually
from Support.fleet import HOST, assert_silent

LEASE = ("--lease", "r=1:1")


def test_the_lock_appears_while_waiting(busy):
    waiting = busy.launch_job("a", arguments=LEASE)
    busy.queued("r", "a")
    busy.start_job("other", arguments=("--lockname", "a"))
    assert_silent(waiting.finished(), 0)
    assert busy.queue("r") == [] and not busy.records.events("start", "a")
    busy.end_job("other")
    busy.end_job("blocker")


def test_leaving_the_group_while_waiting(busy):
    busy.prefix_data({"groups": {"g": [HOST]}, "resources": ["r"]})
    waiting = busy.launch_job("a", arguments=("-g", "g", *LEASE, "--exit-code", "not-in-group=5"))
    busy.queued("r", "a")
    busy.prefix_data({"groups": {"g": ["elsewhere"]}, "resources": ["r"]})
    assert_silent(waiting.finished(), 5)
    assert busy.queue("r") == [] and not busy.records.events("start", "a")
    busy.end_job("blocker")


def test_its_code_is_that_of_a_held_lock(busy):
    waiting = busy.launch_job("a", arguments=(*LEASE, "--exit-code", "locked=5"))
    busy.queued("r", "a")
    busy.client.create(busy.path("locks", "a"), b"old.example.org 4711", ephemeral=True, makepath=True)
    assert waiting.wait() == 5
    busy.client.delete(busy.path("locks", "a"))
    busy.end_job("blocker")


def test_without_the_lock_it_is_skipped_all_the_same(busy):
    busy.launch_job("a", arguments=("--no-lock", "--lockname", "a", *LEASE))
    busy.queued("r", "a")
    assert_silent(busy.run("--no-lock", "--lockname", "a", *LEASE, "--", "false"), 0)
    busy.end_job("blocker")
    busy.records.started("a")
    busy.end_job("a")


def test_queued_for_one_of_two_is_enough(fleet):
    fleet.resources("r", "s")
    fleet.start_job("blocker", arguments=LEASE)
    fleet.launch_job("a", arguments=LEASE)
    fleet.queued("r", "a")
    run = fleet.run("--lockname", "a", "--lease", "s=1:1", *LEASE, "--exit-code", "queued=5", "--", "false")
    assert_silent(run, 5)
    assert fleet.queue("s") == [] and fleet.leases("s") == []
    fleet.end_job("blocker")
    fleet.records.started("a")
    fleet.end_job("a")


def test_of_many_at_once_exactly_one_gets_in(busy):
    """Checked before only, all get in; checked after only, all go."""
    runs = []
    threads = [threading.Thread(target=lambda: runs.append(busy.launch_job("a", arguments=LEASE))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: sum(not run.running for run in runs) == 9, 30, "all but one skip")
    assert len(busy.queue("r")) == 1
    busy.end_job("blocker")
    busy.records.started("a")
    busy.end_job("a")
    assert [run.wait() for run in runs] == [0] * 10
    assert len(busy.records.events("start", "a")) == 1


def test_a_place_removed_by_hand_is_an_error(busy):
    """Own node missing is an error, not a reason to wait for ever."""
    waiting = busy.launch_job("a", arguments=LEASE)
    place = busy.queued("r", "a")
    busy.client.delete(busy.path("queues", "r", place))
    busy.end_job("blocker")
    assert waiting.wait() != 0 and not busy.records.events("start", "a")
