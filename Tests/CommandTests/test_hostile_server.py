"""A server that answers twice, out of order, byte by byte, or with more than anybody wants; and nodes in which somebody has
written what is to harm who reads them. Both programs end with a documented code, in bounded time and memory, and print nothing of
it raw."""

import resource
import socket
import struct
import threading
import unicodedata

import pytest

from Support import wire
from Support.eventually import now
from Support.fleet import HOST, assert_silent

STAT = bytes(68)
MANY = 100_000
MOST_BYTES = 256 << 20
DOCUMENTED = {0, 1, 2, 3, 64, 65, 69, 75, 77}


def number(value):
    return struct.pack(">i", value)


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return number(len(value)) + value


def ok(frame, body):
    return wire.framed(frame[:12] + number(0) + body)


def children(frame, names, kind):
    return ok(frame, number(len(names)) + b"".join(map(text, names)) + (STAT if kind == "getChildren2" else b""))


# The order of answers.

def twice(state, reply, asked):
    return wire.framed(reply.frame) * 2


def out_of_order(state, reply, asked):
    """The first waits for the second."""
    if "held" in state:
        return wire.framed(reply.frame) + wire.framed(state.pop("held"))
    state["held"] = reply.frame
    return "swallow"


def of_another_time(state, reply, asked):
    """The xid of a question that was answered long ago."""
    return wire.framed(number(1) + reply.frame[4:])


WAYS = [twice, out_of_order, of_another_time]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("times", [2, 10 ** 6], ids=["once", "always"])
def test_answers_that_are_not_in_order(fleet, ctl, proxy, way, times):
    """Such a connection is left, and what can be asked again is; a server that does nothing else is one that is not there."""
    state = {"left": times}

    def decide(reply, asked):
        if not asked or asked.name in ("ping", "close") or state["left"] == 0:
            return None
        state["left"] -= 1
        return way(state, reply, asked)
    proxy.on_reply = decide
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=4)
    began = now()
    run = fleet.run("--lockname", "a", "--", "sh", "-c", f"echo x >>{fleet.flag('ran')}", config=config)
    assert run.code in ((0,) if times == 2 else (0, 69)), run
    assert len(run.err.splitlines()) <= 1 and now() - began < 20
    state["left"] = times
    told = ctl("status", config=config)
    assert told.code in ((0,) if times == 2 else (0, 69)) and len(told.err.splitlines()) <= 1
    fleet.leaves_marks = True


class Dripping:
    """Between a run and the server: what the server says comes byte by byte."""

    def __init__(self, port):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, size in (client, server, 65536), (server, client, 1):
                threading.Thread(target=self._carry, args=(source, target, size), daemon=True).start()

    @staticmethod
    def _carry(source, target, size):
        try:
            while data := source.recv(size):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def test_byte_by_byte(fleet, ctl, shared_server):
    fleet.resources("r")
    slow = Dripping(shared_server.port)
    config = fleet.config("slow.conf", zkhosts=slow.address)
    try:
        assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "true", config=config), 0)
        assert ctl("status", config=config).code == 0
    finally:
        slow.close()


# Much of it.

LISTS = {"/queues/": "x{:010d}-{:010d}", "/leases": "x-1-1-{:010d}", "/marks": "{:010d}", "/waiters/": "x-{:010d}",
         "/locks": "lock{:06d}", "/jobs": "job{:06d}", "/stops": "stop{:06d}", "/queues": "r{:06d}", "/semaphores": "r{:06d}"}
VERBS = [("status",), ("jobs",), ("history", "a"), ("explain", "a"), ("metrics",), ("check", "job", "a", "--within", "1d"),
         ("groups", "list"), ("resources", "list"), ("tidy", "--dry-run")]


@pytest.mark.parametrize("below", LISTS, ids=lambda below: below.strip("/"))
def test_a_hundred_thousand_children(fleet, ctl, proxy, below):
    """Names that nobody has made: the real server knows of none of them."""
    fleet.resources("r")
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    names = [LISTS[below].format(n, n) for n in range(MANY)]

    def decide(reply, asked):
        if not asked or not asked.name.startswith("getChildren"):
            return None
        tail = asked.path.removeprefix(fleet.prefix)
        hit = below in tail if below.endswith("/") else tail.endswith(below)
        return children(reply.frame, names, asked.name) if hit else None
    proxy.on_reply = decide
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=4)
    options = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES)), "config": config}
    for words in (("--lockname", "a"), ("--lockname", "a", "--wait", "2s"),
                  ("--lease", "r=1:1", "--lease-wait", "2s", "--lockname", "a")):
        run = fleet.run(*words, "--", "true", within=40, **options)
        assert run.code in DOCUMENTED and len(run.err.splitlines()) <= 1, (words, run.code, run)
    told = ctl("jobs" if below == "/jobs" else "status", within=120, **options)
    assert told.code in DOCUMENTED, (told.code, told)


# What is written there.

def deep(opening, count):
    return opening * count


BIDI = "‮⁦​‭"
HOSTILE = {
    "deep arrays": deep("[", 30_000),
    "deep objects": deep('{"a":', 12_000),
    "deep in a key": '{"groups":' + deep("[", 20_000) + "]" * 20_000 + "}",
    "a number without end": '{"resources":["r"],"totals":{"r":1' + "0" * 60_000 + "}}",
    "an exponent": '{"resources":["r"],"totals":{"r":1e999999999},"pauses":{"a":1e308}}',
    "invalid UTF-8": b'{"groups":{"\xff\xfe":["\xc0\x80"]},"resources":["\xed\xa0\x80"]}',
    "half a surrogate": '{"groups":{"\\ud800":["\\udc00"]},"resources":["\\ud83d"]}',
    "bidirectional marks": f'{{"groups":{{"{BIDI}":["{BIDI}"]}},"resources":["r{BIDI}"]}}',
    "escapes": '{"groups":{"\\u001b]0;x\\u0007":["\\u001b[2J"]},"resources":["r\\n\\r"],"pauses":{"a":{"why":"\\u001b[31m\\nx"}}}',
    "raw escapes": b"\x1b[2J\x1b]52;c;AAAA\x07\n\rswitchman: a: forged\n",
    "zeros": bytes(5000),
    "keys that repeat": '{' + ",".join('"resources":["r"]' for _ in range(3000)) + "}",
    "a million of blanks": " " * 1_000_000,
}


@pytest.fixture(params=HOSTILE, ids=lambda name: name.replace(" ", "-"))
def hostile(request):
    data = HOSTILE[request.param]
    return data if isinstance(data, bytes) else data.encode()


def assert_tame(output, categories=("Cc", "Cf", "Cs")):
    """No control character but the end of a line, and nothing that changes the order of what stands beside it."""
    bad = {character for character in output if unicodedata.category(character) in categories and character != "\n"}
    assert not bad, (sorted(map(hex, map(ord, bad))), output[:500])


PLACES = ["", "locks/a", "jobs/a", "outputs/a", "queues/r/x-0000000001", "waiters/a/x-0000000001",
          "semaphores/r/marks/1", "stops/a"]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.partition("/")[0] or "prefix")
def test_what_is_written_in_a_node(fleet, ctl, place, hostile):
    fleet.resources("r", groups={"g": [HOST]})
    assert fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "true").code == 0
    path = fleet.path(*place.split("/")) if place else fleet.prefix
    if fleet.client.exists(path):
        fleet.client.set(path, hostile)
    else:
        fleet.client.create(path, hostile, makepath=True)
    options = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))}
    config = fleet.config(connect_timeout=4)
    began = now()
    for words in (("--lockname", "a"), ("--lockname", "b", "--lease", "r=1:1", "--lease-wait", "1s"),
                  ("--lockname", "a", "--wait", "1s"), ("--lockname", "b", "--after", "a"), ("--lockname", "c", "-g", "g"),
                  ("--dry-run", "--lockname", "a", "--lease", "r=1:1")):
        run = fleet.run(*words, "--", "true", config=config, **options)
        assert run.code in DOCUMENTED and len(run.err.splitlines()) <= 1, (words, run.code, run)
        assert_tame(run.err + run.out)
    for verb in (*VERBS, ("output", "a")):
        told = ctl(*verb, config=config, **options)
        assert told.code in DOCUMENTED, (verb, told.code, told)
        assert len(told.err.splitlines()) <= 3, told.err
        assert_tame(told.err)
        # Where no terminal is, output is as the command wrote it; a metric's label is the name as it is, for a program.
        assert_tame("" if verb[0] == "output" else told.out, ("Cc", "Cs") if verb[0] == "metrics" else ("Cc", "Cf", "Cs"))
    assert now() - began < 60
    fleet.client.delete(path, recursive=True)
    fleet.leaves_marks = True
