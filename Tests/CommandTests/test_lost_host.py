"""A holder's host is lost: all its processes vanish at once. The successor waits the term out, not less, and starts."""

import signal

from Support.eventually import always, eventually, now

TERM_S = 4
CLAIM = ("--claim", "lock:1:1")


def config(fleet, **changes):
    return fleet.config(**{"session_timeout": 4, "ownership_term": TERM_S, **changes})


def waited(started, taken_at, term_s=TERM_S):
    assert started - taken_at > 1.01 * term_s - 0.5, "it waits the term out, not less"
    assert started - taken_at < 1.01 * term_s + 2, "and not much more"


def test_the_successor_waits_the_term_out(fleet):
    first = fleet.start_job("first", "--stubborn", *CLAIM, arguments=("--lockname", "a"), config=config(fleet))
    with fleet.successor("second", "a", *CLAIM, config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, taken_at = successor.taken()
    waited(fleet.records.started("second").time, taken_at)
    fleet.end_job("second")
    assert second.wait() == 0
    assert fleet.record("a")["state"] == "ended"
    fleet.records.assert_never_two()


def test_the_term_that_counts_is_the_one_in_the_record(fleet):
    """Not the successor's own, which is shorter here."""
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config(fleet, ownership_term=8))
    with fleet.successor("second", "a", config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, taken_at = successor.taken()
    waited(fleet.records.started("second").time, taken_at, term_s=8)
    fleet.end_job("second")
    assert second.wait() == 0


def test_afterwards_all_is_as_before(fleet):
    """One lost holder costs one wait, not one for ever: the record then carries the successor's own term."""
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config(fleet, ownership_term=8))
    with fleet.successor("second", "a", config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, _ = successor.taken()
    fleet.records.started("second")
    eventually(lambda: float(fleet.record("a")["term"]) == TERM_S, what="the term is the successor's own")
    fleet.end_job("second")
    assert second.wait() == 0
    before = now()
    fleet.start_job("third", arguments=("--lockname", "a"), config=config(fleet))
    assert now() - before < 2, "no wait after an orderly end"
    fleet.end_job("third")


def test_the_lost_run_is_in_the_record(fleet):
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config(fleet))
    with fleet.successor("second", "a", config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, _ = successor.taken()
    fleet.records.started("second")
    fleet.end_job("second")
    assert second.wait() == 0
    assert len(fleet.record("a")["runs"]) >= 2


def test_the_permits_of_a_lost_host(fleet):
    fleet.resources("r")
    claim, lease = ("--claim", "r:1:1"), ("--lease", "r=1:1")
    first = fleet.start_job("first", "--stubborn", *claim, arguments=("--no-lock", "--lockname", "a", *lease),
                            config=config(fleet))
    second = fleet.launch_job("second", *claim, arguments=("--no-lock", "--lockname", "b", *lease), config=config(fleet))
    fleet.queued("r", "b")
    fleet.lose_host(first)
    eventually(lambda: fleet.leases("r") == [], what="the lease goes with its session")
    gone_at = now()
    waited(fleet.records.started("second").time, gone_at)
    fleet.end_job("second")
    assert second.wait() == 0
    assert fleet.marks("r") == []
    fleet.records.assert_never_two()


def test_a_short_lease_wait_does_not_run_out_on_an_orphaned_mark(fleet):
    fleet.resources("r")
    lease = ("--lease", "r=1:1")
    first = fleet.start_job("first", arguments=("--no-lock", "--lockname", "a", *lease), config=config(fleet))
    fleet.lose_host(first)
    eventually(lambda: fleet.leases("r") == [], what="the lease goes with its session")
    second = fleet.launch_job("second", arguments=("--no-lock", "--lockname", "b", *lease, "--lease-wait", 1),
                              config=config(fleet))
    fleet.records.started("second")
    fleet.end_job("second")
    assert second.wait() == 0


def test_a_successor_that_gives_up_leaves_the_record_running(fleet):
    """Until its wait-out is over a run never writes `ended`: the third still waits for the rest."""
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config(fleet, ownership_term=8))
    with fleet.successor("second", "a", config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, taken_at = successor.taken()
    always(lambda: second.running, during=1)
    second.send(signal.SIGTERM)
    assert second.wait() == 128 + signal.SIGTERM
    assert not fleet.records.events("start", "second")
    assert fleet.record("a")["state"] == "running"
    third = fleet.start_job("third", arguments=("--lockname", "a"), config=config(fleet))
    started = fleet.records.started("third").time
    assert started - taken_at > 1.01 * 8 - 0.5
    fleet.end_job("third")
    assert third.wait() == 0


def test_a_successor_lost_while_it_waits(fleet):
    """Its own mark carries the larger of the two terms."""
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config(fleet, ownership_term=8))
    with fleet.successor("second", "a", config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, _ = successor.taken()
    assert float(fleet.record("a")["term"]) >= 8
    with fleet.successor("third", "a", config=config(fleet)) as successor:
        fleet.lose_host(second)
    third, taken_at = successor.taken()
    waited(fleet.records.started("third", within=30).time, taken_at, term_s=8)
    fleet.end_job("third")
    assert third.wait() == 0


def test_while_it_waits_others_skip(fleet):
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config(fleet))
    with fleet.successor("second", "a", config=config(fleet)) as successor:
        fleet.lose_host(first)
    second, _ = successor.taken()
    assert fleet.run("--lockname", "a", "--exit-code", "locked=5", "--", "false").code == 5
    fleet.records.started("second")
    fleet.end_job("second")
    assert second.wait() == 0


def test_the_successor_says_whom_it_waits_out(fleet):
    run = fleet.start_job("a", arguments=("--term", "4"))
    fleet.lose_host(run)
    successor = fleet.run("--lockname", "a", "--verbose", "--wait", "1m", "--", "true", within=60)
    assert successor.code == 0 and "the last holder, on host1.example.org, was lost" in successor.err
