"""A holder that is cut off from the server, while its rival is not: never two at once, whatever way the bytes stop."""

import pytest

from Support.eventually import always, elapsed, eventually, now

TERM_S = 6
CLAIM = ("--claim", "lock:1:1")


def cut_off_and_succeed(fleet, proxy, fault, heal=None):
    """A stubborn holder behind the proxy suffers the fault; a rival that reaches the server takes over."""
    first = fleet.start_job("first", "--stubborn", *CLAIM, arguments=("--lockname", "a"),
                            config=fleet.config(zkhosts=proxy.address, session_timeout=4, ownership_term=TERM_S))
    with fleet.successor("second", "a", *CLAIM) as successor:
        lost_at = now()
        fault(proxy)
    second, taken_at = successor.taken()
    if heal:
        heal(proxy)
    started = fleet.records.started("second", within=TERM_S * 2 + 10).time
    assert first.wait(30) == 81
    assert fleet.records.last_sign("first") < lost_at + TERM_S
    assert started - taken_at > TERM_S * 1.01 - 0.5
    fleet.end_job("second")
    assert second.wait() == 0
    fleet.records.assert_never_two()


def refuse(proxy):
    proxy.refuse()


def hold_both(proxy):
    proxy.hold()


def hold_replies(proxy):
    proxy.hold(up=False)


def hold_requests(proxy):
    proxy.hold(down=False)


def release(proxy):
    proxy.release()


@pytest.mark.parametrize("fault", [refuse, hold_both, hold_requests])
def test_cut_off_for_good(fleet, proxy, fault):
    cut_off_and_succeed(fleet, proxy, fault)
    proxy.release()


def test_held_bytes_arrive_after_the_rival_has_taken_the_lock(fleet, proxy):
    cut_off_and_succeed(fleet, proxy, hold_both, heal=release)


def test_replies_held_back(fleet, proxy):
    """Heartbeats go on reaching the server, but no acknowledgement comes: the command dies by its term all the same."""
    run = fleet.start_job("first", "--stubborn", arguments=("--lockname", "a"),
                          config=fleet.config(zkhosts=proxy.address, session_timeout=4, ownership_term=TERM_S))
    lost_at = now()
    hold_replies(proxy)
    eventually(lambda: fleet.records.last_sign("first") < now() - 0.5, within=TERM_S + 2, what="the tree is dead")
    assert fleet.records.last_sign("first") < lost_at + TERM_S
    proxy.release()
    assert run.wait() == 81
    fleet.leaves_marks = True


def test_a_slow_network_kills_nothing(fleet, proxy):
    run = fleet.start_job("a", "--log-signals",
                          config=fleet.config(zkhosts=proxy.address, session_timeout=10, ownership_term=TERM_S))
    proxy.delay(0.3)
    always(lambda: run.running and not fleet.records.signals("a"), during=TERM_S * 1.5)
    proxy.delay(0)
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_connection_cut_again_and_again_kills_nothing(fleet, proxy):
    run = fleet.start_job("a", "--log-signals",
                          config=fleet.config(zkhosts=proxy.address, session_timeout=10, ownership_term=TERM_S))
    for turn in range(4):
        proxy.cut()
        eventually(lambda turn=turn: len(proxy.handshakes) >= turn + 2, what="it reconnects")
        always(lambda: run.running and not fleet.records.signals("a"), during=1)
    fleet.end_job("a")
    assert run.wait() == 0


def test_permits_of_a_holder_cut_off(fleet, proxy):
    """Without a lock, by the mark beside the leases alone."""
    fleet.resources("r")
    claim, lease = ("--claim", "r:2:1"), ("--lease", "r=1:2")
    first = fleet.start_job("first", "--stubborn", *claim, arguments=("--no-lock", "--lockname", "a", *lease),
                            config=fleet.config(zkhosts=proxy.address, session_timeout=4))
    fleet.start_job("other", "--claim", "r:2:1", arguments=("--no-lock", "--lockname", "o", *lease))
    second = fleet.launch_job("second", *claim, arguments=("--no-lock", "--lockname", "b", *lease))
    fleet.queued("r", "b")
    lost_at = now()
    proxy.hold()
    fleet.records.started("second", within=TERM_S * 2 + 10)
    assert fleet.records.last_sign("first") < lost_at + TERM_S
    proxy.release()
    assert first.wait() == 81
    fleet.end_job("second")
    fleet.end_job("other")
    assert second.wait() == 0
    fleet.records.assert_totals({"first": 1, "second": 1, "other": 1}, 2)
    fleet.records.assert_no_violation()


def test_a_cut_shorter_than_the_session_keeps_the_lock(fleet, proxy):
    run = fleet.start_job("a", "--log-signals",
                          config=fleet.config(zkhosts=proxy.address, session_timeout=10, ownership_term=10))
    session = fleet.lock_session("a")
    proxy.refuse()
    elapsed(now() + 2)
    proxy.accept()
    eventually(lambda: len(proxy.handshakes) >= 2, what="it reconnects")
    always(lambda: run.running and not fleet.records.signals("a"), during=3)
    assert fleet.lock_session("a") == session
    fleet.end_job("a")
    assert run.wait() == 0
