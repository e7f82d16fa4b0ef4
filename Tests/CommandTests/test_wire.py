"""What a run costs the servers, from the server's own counters and from the proxy. No polling anywhere."""

import collections

import pytest

from Support import wire
from Support.eventually import always, elapsed, eventually, now
from Support.proxy import Proxy

TERM_S = 10
PERIOD_S = TERM_S / 10


@pytest.fixture
def watched(own_fleet, server):
    """A fleet of its own whose runs go through a proxy, with PREFIX and its children already made."""
    own_fleet.resources("r")
    assert own_fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "true").code == 0
    own_fleet.proxy = Proxy(server.port)
    own_fleet.settings.update(zkhosts=own_fleet.proxy.address, ownership_term=TERM_S, session_timeout=6)
    yield own_fleet
    own_fleet.proxy.close()


def test_a_plain_run_makes_four_write_transactions(watched, server):
    before = server.zxid()
    assert watched.run("--lockname", "a", "--", "true").code == 0
    eventually(lambda: server.zxid() - before >= 4)
    assert server.zxid() - before == 4, watched.proxy.requests
    assert [one.name for one in watched.proxy.writes()] == ["multi", "multi"], "take and give back"


def test_a_run_with_a_lease_makes_one_more(watched, server):
    before = server.zxid()
    assert watched.run("--lockname", "a", "--lease", "r=1:1", "--", "true").code == 0
    eventually(lambda: server.zxid() - before >= 5)
    assert server.zxid() - before == 5, watched.proxy.requests


def test_only_a_take_with_leases_depends_on_the_fleets_data(watched):
    check = ("check", watched.prefix)
    assert watched.run("--lockname", "a", "--", "true").code == 0
    assert not any(check in one.parts for one in watched.proxy.writes())
    assert watched.run("--lockname", "a", "--lease", "r=1:1", "--", "true").code == 0
    assert [one.parts.count(check) for one in watched.proxy.writes()[2:]] == [0, 1, 0], "places, take and give back"


def test_a_skip_writes_nothing_but_its_session(watched, server):
    watched.settings["zkhosts"] = server.address
    watched.start_job("a")
    watched.settings["zkhosts"] = watched.proxy.address
    assert watched.run("--lockname", "a", "--", "true").code == 0
    assert watched.proxy.writes() == []
    watched.end_job("a")


def test_at_most_three_turns_from_handshake_to_exec(watched):
    """A turn costs two delays here; the handshake is the first."""
    delay_s = 0.15
    watched.proxy.delay(delay_s)
    run = watched.start("--lockname", "a", "--", *watched.job("a", "--for", 1))
    started = watched.records.started("a").time
    eventually(lambda: watched.proxy.handshakes)
    answered = watched.proxy.handshakes[0][0] + delay_s
    turns = (started - answered) / (2 * delay_s)
    assert turns < 3.7, f"{turns:.1f} turns"
    watched.proxy.delay(0)
    assert run.wait() == 0


def test_a_running_one_heartbeats_and_nothing_else(watched):
    run = watched.start_job("a")
    from_here = now()
    elapsed(from_here + PERIOD_S * 6)
    requests = [one for one in watched.proxy.requests if one.time >= from_here]
    beats = [one for one in requests if wire.is_heartbeat(one)]
    assert 5 <= len(beats) <= 7, len(beats)
    assert {one.name for one in requests} <= {"multi", "exists", "ping"}
    assert all(wire.is_heartbeat(one) for one in requests if one.name == "multi")
    assert len([one for one in requests if one.name == "exists"]) <= len(beats), "one owner check a heartbeat"
    assert all(part == ("check", watched.path("locks", "a")) for beat in beats for part in beat.parts)
    watched.end_job("a")
    assert run.wait() == 0


def test_heartbeats_cover_every_claim(watched):
    run = watched.start_job("a", arguments=("--lease", "r=1:1"))
    lease = watched.path("semaphores", "r", "leases", watched.leases("r")[0])
    beat = watched.proxy.wait_request(wire.is_heartbeat)
    assert set(beat.parts) == {("check", watched.path("locks", "a")), ("check", lease)}
    watched.proxy.wait_request(lambda one: one.name == "exists" and one.path == lease and one.time >= beat.time)
    watched.end_job("a")
    assert run.wait() == 0


def test_a_waiting_run_sends_only_pings(watched, server):
    """Two of them: the head of the queue and the one behind it."""
    watched.settings["zkhosts"] = server.address
    watched.start_job("holder", arguments=("--lease", "r=1:1"))
    watched.settings["zkhosts"] = watched.proxy.address
    for label in ("head", "second"):
        watched.launch_job(label, arguments=("--lease", "r=1:1"))
        watched.queued("r", label)
    quiet = eventually(lambda: len(watched.proxy.handshakes) == 2 and now())
    elapsed(quiet + 1)
    from_here = now()
    elapsed(from_here + 6)
    requests = [one for one in watched.proxy.requests if one.time >= from_here]
    assert requests and {one.name for one in requests} == {"ping"}
    for label in ("holder", "head", "second"):
        watched.end_job(label)
    assert [run.wait() for run in watched.runs] == [0] * len(watched.runs)


def test_one_release_wakes_one_waiter(watched, server):
    watched.settings["zkhosts"] = server.address
    watched.start_job("holder", arguments=("--lease", "r=1:1"))
    watched.settings["zkhosts"] = watched.proxy.address
    for number in range(5):
        watched.launch_job(f"job{number}", arguments=("--lease", "r=1:1"))
        watched.queued("r", f"job{number}")
        eventually(lambda number=number: len(watched.proxy.handshakes) == number + 1)
    elapsed(now() + 0.5)
    sessions = [session for _, session, _ in watched.proxy.handshakes]
    from_here = now()
    watched.end_job("holder")
    watched.records.started("job0")
    elapsed(now() + 0.5)
    woken = {one.session for one in watched.proxy.requests if one.time >= from_here and one.name != "ping"}
    # The first takes; the second, whose predecessor's place is gone, becomes the head. The others sleep on.
    assert woken <= set(sessions[:2]), f"{len(woken)} of {len(sessions)} woke"
    for number in range(5):
        watched.end_job(f"job{number}")
    assert [run.wait() for run in watched.runs] == [0] * len(watched.runs)


def test_one_release_of_a_lock_wakes_one_that_waits_for_it(watched, server):
    """The head takes; the second, whose predecessor's place is gone with that, looks who holds it. The others sleep on."""
    watched.settings["zkhosts"] = server.address
    watched.start_job("holder", arguments=("--lockname", "a"))
    watched.settings["zkhosts"] = watched.proxy.address
    for number in range(5):
        watched.launch_job(f"job{number}", arguments=("--lockname", "a", "--wait", "forever"))
        watched.waiting("a", number + 1)
        eventually(lambda number=number: len(watched.proxy.handshakes) == number + 1)
    sessions = [session for _, session, _ in watched.proxy.handshakes]
    quiet = now()
    always(lambda: not [one for one in watched.proxy.requests if one.time >= quiet + 0.5 and one.name != "ping"],
           during=1.5, what="who waits sends only pings")
    from_here = now()
    watched.end_job("holder")
    watched.records.started("job0")
    elapsed(now() + 0.5)
    requests = [one for one in watched.proxy.requests if one.time >= from_here and one.name != "ping"]
    events = [one for one in watched.proxy.replies if one.time >= from_here and one.name == "notification"]
    assert {one.session for one in requests} == set(sessions[:2])
    assert collections.Counter(one.session for one in events) == {sessions[0]: 2, sessions[1]: 1}, \
        "the lock goes, and is there again: ours; the place of the head goes"
    # The head looks at the lock, at the record and what is above that, takes, looks at the lock, and for a request to stop; then
    # come its heartbeats.
    head = [one.name for one in requests if one.session == sessions[0] and not wire.is_heartbeat(one)]
    assert collections.Counter(head) == {"exists": 4, "getData": 1, "multi": 1}, head
    for number in range(5):
        watched.end_job(f"job{number}")
    assert [run.wait() for run in watched.runs] == [0] * len(watched.runs)


def test_an_interval_costs_one_write_more(watched, server):
    """The start is written down before it."""
    before = server.zxid()
    assert watched.run("--lockname", "b", "--min-interval", "1s", "--", "true").code == 0
    eventually(lambda: server.zxid() - before >= 5)
    assert server.zxid() - before == 5, watched.proxy.requests


def test_a_released_lock_wakes_nobody_that_does_not_wait_for_it(watched, server):
    """The herd of watchers on a lock consists of those in a queue for its lockname alone."""
    watched.settings["zkhosts"] = server.address
    watched.start_job("other")
    watched.start_job("holder", arguments=("--lease", "r=1:1"))
    watched.settings["zkhosts"] = watched.proxy.address
    watched.launch_job("a", arguments=("--lease", "r=1:1"))
    watched.queued("r", "a")
    elapsed(now() + 0.5)
    from_here = now()
    watched.end_job("other")
    always(lambda: not [one for one in watched.proxy.requests if one.time >= from_here and one.name != "ping"], during=1)
    watched.end_job("holder")
    watched.end_job("a")
    assert [run.wait() for run in watched.runs] == [0] * len(watched.runs)
