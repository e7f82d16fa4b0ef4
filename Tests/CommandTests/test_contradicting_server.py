"""A server whose answers do not fit what is decided: a diverged follower, as ZooKeeper 3.8.0 makes them. Here somebody changes
the record behind every look, just before the take arrives."""

import os

from Support import wire
from Support.eventually import eventually, now
from Support.fleet import assert_one_line


def changed_before_each_take(fleet):
    def before(request):
        if wire.is_take(request):
            data, _ = fleet.client.get(fleet.path("jobs", "a"))
            fleet.client.set(fleet.path("jobs", "a"), data)
    return before


def test_it_gives_up_after_the_connect_timeout(fleet, proxy):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    proxy.on_request = changed_before_each_take(fleet)
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=2)
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), config=config)
    assert_one_line(run, 69, "keeps rejecting writes")
    takes = sum(1 for one in proxy.requests if one.name == "multi")
    assert 4 <= takes <= 12, f"{takes} takes in two seconds"
    assert fleet.list("locks") == [] and fleet.record("a")["state"] == "ended"


def test_it_is_no_skip(fleet, proxy):
    """--on-unavailable is about servers that are not reached; this does not pass."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    proxy.on_request = changed_before_each_take(fleet)
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=2)
    run = fleet.run("--lockname", "a", "--on-unavailable", "skip", "--", "false", config=config)
    assert_one_line(run, 69, "keeps rejecting writes")


def test_a_rival_or_two_in_between_do_no_harm(fleet, proxy):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    change, left = changed_before_each_take(fleet), [2]

    def twice(request):
        if left[0] and request.name == "multi":
            left[0] -= 1
            change(request)
    proxy.on_request = twice
    run = fleet.run("--lockname", "a", "--", "echo", "ran", config=fleet.config("behind.conf", zkhosts=proxy.address))
    assert (run.code, run.out, run.err) == (0, "ran\n", "")


def test_nodes_that_are_never_ours(fleet, proxy):
    """Their owner is another session than the one that made them, each time: it ends, and has not begun anew without a pause."""
    def disown(reply, request):
        own = reply.session.to_bytes(8, "big", signed=True)
        return wire.framed(reply.frame.replace(own, (7).to_bytes(8, "big"))) if own in reply.frame else None
    proxy.on_reply = disown
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=2)
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), config=config)
    assert_one_line(run, 69, "end each session at once", "nothing was started")
    assert len(proxy.handshakes) < 10 and not os.path.exists(fleet.flag("ran")), proxy.handshakes
    fleet.client.delete(fleet.path("jobs", "a"))


def test_parents_that_only_this_server_has(fleet, proxy):
    """Each take finds them missing, and each look finds them there: it asks now and then, not without a pause."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    locks, lies = fleet.path("locks"), [True]

    def lie(request):
        if not lies[0]:
            return
        if wire.is_take(request):
            fleet.client.delete(locks)
        elif request.path == locks and not fleet.client.exists(locks):
            fleet.client.create(locks)
    proxy.on_request = lie
    run = fleet.start("--lockname", "a", "--", "true", config=fleet.config(zkhosts=proxy.address))
    began = now()
    eventually(lambda: sum(map(wire.is_take, list(proxy.requests))) >= 4, what="it tries again")
    assert now() - began > 0.9, "with pauses"
    lies[0] = False
    assert run.wait() == 0
