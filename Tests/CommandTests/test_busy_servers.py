"""Servers that refuse to carry out a request since they have too much to do (ZTHROTTLEDOP): it is asked again, with pauses."""

import pytest

from Support import wire
from Support.eventually import now
from Support.fleet import assert_one_line, assert_silent

THROTTLED = -127


def throttling(proxy, matches, times):
    """The first so many requests that match are refused; how many were, in a list."""
    refused = []

    def decide(request):
        if matches(request) and len(refused) < times:
            refused.append(request)
            return THROTTLED
        return None
    proxy.on_request = decide
    return refused


@pytest.mark.parametrize("what, matches", [
    ("the first look", lambda one: one.name == "getData" and not one.path.endswith("/a")),
    ("the lock", lambda one: one.name == "exists"),
    ("the list of those who wait", lambda one: one.name == "getChildren"),
    ("joining the queue", lambda one: any("/queues/" in path for _, path in one.parts)),
    ("the take", wire.is_take),
    ("the look behind the take", lambda one: one.name == "exists" and one.path.endswith("/locks/a")),
    ("all of the first ten", lambda one: True),
], ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "")
def test_it_is_asked_again(fleet, proxy, what, matches):
    fleet.resources("r")
    assert fleet.run("--lockname", "a", "--lease", "r=1:2", "--", "true").code == 0, "all parents are there"
    refused = throttling(proxy, matches, 10 if what.startswith("all") else 3)
    config = fleet.config("behind.conf", zkhosts=proxy.address)
    run = fleet.run("--lockname", "a", "--lease", "r=1:2", "--", "echo", "ran", config=config)
    assert (run.code, run.out, run.err) == (0, "ran\n", "") and len(refused) >= 3
    assert sum(map(wire.is_take, proxy.requests)) - sum(map(wire.is_take, refused)) == 1, "it is taken once"


def test_heartbeats_go_on(fleet, proxy):
    config = fleet.config("behind.conf", zkhosts=proxy.address)
    refused = throttling(proxy, wire.is_heartbeat, 3)
    fleet.start_job("a", arguments=("--term", "10"), config=config)
    proxy.wait_request(lambda one: wire.is_heartbeat(one) and len(refused) == 3 and one not in refused)
    fleet.end_job("a")
    assert fleet.runs[-1].wait() == 0


def test_for_as_long_as_the_connect_timeout(fleet, proxy):
    throttling(proxy, lambda one: one.name != "ping", 10 ** 6)
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=2)
    began = now()
    assert_one_line(fleet.run("--lockname", "a", "--", "false", config=config), 69, "too busy")
    assert now() - began > 1
    assert len(proxy.requests) < 100
    assert_silent(fleet.run("--lockname", "a", "--on-unavailable", "skip", "--", "false", config=config), 0)
