"""A server that answers one kind of question with an error, always the same, whatever it is: documented codes and those that
nobody sends. The run ends with a code of its own and a line, asks a bounded number of times, and starts nothing that is not its."""

import collections
import concurrent.futures
import os

import pytest

from Support import wire
from Support.proxy import Proxy

# zookeeper.h and KeeperException.java, and some that are in neither.
CODES = (*range(-14, 0), -50, *range(-106, -99), -108, *range(-125, -109), -127, -999, 1, 42, -2 ** 31)
BAD_DATA, UNAVAILABLE, DENIED, LOST = 65, 69, 77, 81


def creates(one, below):
    return any(name.startswith("create") and below in path for name, path in one.parts)


def is_release(one):
    return one.name == "multi" and not creates(one, "") and any(name in ("setData", "delete") for name, _ in one.parts)


STEPS = {
    "the prefix is read": lambda one: one.name == "getData" and one.path.count("/") == 1,
    "the lock is read": lambda one: one.name in ("exists", "getData") and "/locks/" in one.path,
    "the record is read": lambda one: one.name == "getData" and "/jobs/" in one.path,
    "a queue is joined": lambda one: creates(one, "/queues/"),
    "queues and leases are listed": lambda one: one.name == "getChildren",
    "the take": wire.is_take,
    "heartbeats": wire.is_heartbeat,
    "the release": is_release,
    "everything": lambda one: one.name not in ("ping", "close"),
}
# A take whose lock cannot be seen afterwards begins anew, and each time waits the mark of the former out.
WITHOUT_LEASES = ("the lock is read",)
ENDS = {
    # What comes before a start, where some errors are answers: no such node, no permission to read the groups.
    **dict.fromkeys(STEPS, {0, BAD_DATA, UNAVAILABLE, DENIED}),
    "the take": {BAD_DATA, UNAVAILABLE, DENIED, 0},
    "heartbeats": {LOST},
    # The command has ended: its status is what the caller gets.
    "the release": {0},
}

Played = collections.namedtuple("Played", "code starts lines asked")


def name_of(code):
    return f"job{code}".replace("-", "m")


def play(fleet, server, step, code, carries_out):
    """One run behind a proxy of its own."""
    name, proxy, asked = name_of(code), Proxy(server.port), []

    def on_request(one):
        if not STEPS[step](one):
            return None
        asked.append(one)
        return None if carries_out else code

    def on_reply(reply, one):
        if carries_out and one and STEPS[step](one):
            return wire.framed(reply.frame[:12] + code.to_bytes(4, "big", signed=True))
        return None

    proxy.on_request, proxy.on_reply = on_request, on_reply
    leases = () if step in WITHOUT_LEASES else ("--lease", f"{name}=1:1", "--lease-wait", 2)
    ran = fleet.flag(name)
    command = f"echo >>{ran}; {'sleep 20' if step == 'heartbeats' else ''}"
    try:
        run = fleet.start("--lockname", name, *leases, "--", "sh", "-c", command,
                          config=fleet.config(f"{name}.conf", zkhosts=proxy.address, connect_timeout=2))
        run.wait(30)
    finally:
        proxy.close()
    return Played(run.code, os.path.getsize(ran) if os.path.exists(ran) else 0, run.err.splitlines(), len(asked))


@pytest.mark.parametrize("carries_out", [True, False], ids=["carried-out", "ignored"])
@pytest.mark.parametrize("step", STEPS, ids=lambda name: name.replace(" ", "-"))
def test_it_always_fails(fleet, shared_server, step, carries_out):
    fleet.leaves_marks = True
    fleet.resources(*map(name_of, CODES))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        played = dict(zip(CODES, pool.map(lambda code: play(fleet, shared_server, step, code, carries_out), CODES)))
    for code, one in played.items():
        assert one.code in ENDS[step], (code, one)
        # The lines of a loss that was announced are two.
        assert (len(one.lines) in (1, 2)) if one.code else len(one.lines) < 2, (code, one)
        assert one.starts == (one.code in (0, LOST)), (code, one)
        # It was several thousand: whoever is told that a reply was lost asks again, and had no connection to wait for.
        assert one.asked < 300, (code, one)


VERBS = {
    "reads": [("status",), ("history",), ("check", "job", "a", "--within", "1d")],
    "edits": [("pause", "a"), ("resources", "add", "r"), ("init",)],
    "stop": [("stop", "a", "--timeout", "10s")],
}
# The ones with which a verb goes on: no such node, it exists, another version, a reply that is lost.
GOING_ON = (-101, -110, -103, -4)


def operate(fleet, ctl, server, kind, verb, code, **changes):
    """One verb behind a proxy of its own."""
    proxy, asked = Proxy(server.port), []

    def on_request(one):
        if one.name not in kind:
            return None
        asked.append(one)
        return code

    proxy.on_request = on_request
    try:
        config = fleet.config(f"{verb[0]}{code}.conf", zkhosts=proxy.address, connect_timeout=2, **changes)
        return verb, code, ctl.start(*verb, config=config).finished(30), len(asked)
    finally:
        proxy.close()


def assert_ends(tried, *codes):
    for verb, code, told, asked in (one.result() for one in tried):
        assert told.code in (1, 2, 3, UNAVAILABLE, BAD_DATA, *codes), (verb, code, told.code, told)
        # A check says it on standard output.
        assert told.code == 0 or told.out or told.err, (verb, code, told)
        assert len(told.err.splitlines()) <= 1, (verb, code, told)
        # It was several thousand.
        assert asked < 300, (verb, code, told, asked)


@pytest.mark.parametrize("kind", [("getData", "exists"), ("getChildren",), ("multi",)], ids=lambda kind: kind[0])
@pytest.mark.parametrize("verbs", VERBS)
def test_the_operators_tool_ends_too(fleet, ctl, shared_server, verbs, kind):
    run = fleet.start_job("a")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert_ends([pool.submit(operate, fleet, ctl, shared_server, kind, verb, code)
                     for verb in VERBS[verbs] for code in GOING_ON], 0)
    # Where the stop went through all the same, it has ended already.
    fleet.end_job("a")
    run.wait()


@pytest.mark.parametrize("kind, verb, codes", [
    ("setACL", ("init", "--protect"), [DENIED]), ("getACL", ("init", "--protect"), [DENIED]),
    ("getACL", ("check", "ensemble"), [0]),
], ids=["set", "get", "check"])
def test_access_lists_that_always_fail(own_fleet, own_ctl, server, kind, verb, codes):
    """Nor does it take a tree for protected that is not."""
    own_fleet.client.add_auth("digest", "team:word")
    secret = own_fleet.write("auth", "digest:team:word\n")
    os.chmod(secret, 0o600)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert_ends([pool.submit(operate, own_fleet, own_ctl, server, (kind,), verb, code, auth=secret)
                     for code in CODES], *codes)
