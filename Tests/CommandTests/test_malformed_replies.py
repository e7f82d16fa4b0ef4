"""Frames that no sound server sends: no program crashes, the connection is left, and what can be asked again is."""

import struct

import pytest

from Support import wire
from Support.eventually import eventually, now
from Support.fleet import assert_one_line

STAT = bytes(68)


def number(value):
    return struct.pack(">i", value)


def ok(body):
    """The header of the reply, with a body of our own."""
    return lambda asked, frame: wire.framed(frame[:12] + number(0) + body)


def header(more):
    return number(-1) + bytes(7) + b"\1" + number(more)


RESULT = number(2) + b"\0" + number(0)
LAST = number(-1) + b"\1" + number(-1)
REPLIES = {
    "nothing": lambda asked, frame: wire.framed(b""),
    "half a header": lambda asked, frame: wire.framed(frame[:10]),
    "a header alone": ok(b""),
    "a length too long": ok(number(1000) + b"x"),
    "a negative length": ok(number(-7)),
    "half a stat": ok(number(1) + b"x" + STAT[:30]),
    "2^31 - 1 children": ok(number(2 ** 31 - 1)),
    # To another question these bytes are a sound answer.
    "one result too many": lambda asked, frame: ok(RESULT * 9 + LAST if asked.name == "multi" else number(-7))(asked, frame),
    "no results": ok(LAST),
    "results without an end": ok(RESULT),
    "a reply to nobody": lambda asked, frame: wire.framed(number(99) + frame[4:]),
    "a reply to nobody's credentials": lambda asked, frame: wire.framed(number(-4) + bytes(8) + number(-115)),
    "an event that is only its header": lambda asked, frame: wire.framed(header(0)),
    "an event without a path": lambda asked, frame: wire.framed(header(0) + number(3) + number(3) + number(-1)),
    "a loss that only a client can speak of": lambda asked, frame: wire.framed(frame[:12] + number(-4)),
    "a frame of 2 GB": lambda asked, frame: number(2 ** 31 - 1) + frame,
    "a frame of less than nothing": lambda asked, frame: number(-1) + frame,
}


@pytest.fixture(params=REPLIES, ids=lambda name: name.replace(" ", "-"))
def malform(request):
    return REPLIES[request.param]


def spoiling(proxy, malform, matches, times=1):
    """So many replies that match are replaced."""
    spoiled = []

    def decide(reply, asked):
        if asked and matches(asked) and len(spoiled) < times:
            spoiled.append(asked)
            return malform(asked, reply.frame)
        return None
    proxy.on_reply = decide
    return spoiled


@pytest.mark.parametrize("kind", ["getData", "exists", "getChildren", "multi"])
def test_a_run_asks_again(fleet, proxy, malform, kind):
    spoiled = spoiling(proxy, malform, lambda asked: asked.name == kind)
    config = fleet.config("behind.conf", zkhosts=proxy.address)
    run = fleet.run("--lockname", "a", "--", "echo", "ran", config=config)
    assert len(spoiled) == 1 and (run.code, run.out, run.err) == (0, "ran\n", "")
    assert fleet.record("a")["state"] == "ended"


def test_a_command_that_runs_goes_on(fleet, proxy, malform):
    config = fleet.config("behind.conf", zkhosts=proxy.address)
    fleet.start_job("a", arguments=("--term", "20"), config=config)
    spoiled = spoiling(proxy, malform, wire.is_heartbeat)
    eventually(lambda: spoiled, what="a heartbeat's answer")
    since = now()
    eventually(lambda: any(one.time > since + 0.5 for one in proxy.heartbeats()), what="heartbeats go on")
    proxy.on_reply = None
    fleet.end_job("a")
    assert fleet.runs[-1].wait() == 0


@pytest.mark.parametrize("verb", [("status",), ("check", "job", "a", "--within", "1d"), ("history",)], ids=lambda verb: verb[0])
def test_the_operators_tool_asks_again(ctl, fleet, proxy, malform, verb):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    spoiled = spoiling(proxy, malform, lambda asked: asked.name not in ("ping", "close"), times=2)
    verdict = ctl(*verb, config=fleet.config("behind.conf", zkhosts=proxy.address))
    assert spoiled and (verdict.code, verdict.err) == (0, ""), verdict


def test_a_server_that_sends_nothing_else_is_one_that_is_not_there(fleet, proxy):
    spoiling(proxy, REPLIES["half a stat"], lambda asked: asked.name != "ping", times=10 ** 6)
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=2)
    assert_one_line(fleet.run("--lockname", "a", "--", "false", config=config), 69, "malformed")
