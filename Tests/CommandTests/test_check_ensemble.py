"""`switchmanctl check ensemble`: real servers, and some that only talk like other versions and settings."""

import socket

import pytest

from Support.eventually import eventually
from Support.fake_server import CALM, FakeServer, good
from Support.server import Ensemble, ZooKeeperServer, free_ports
from Support.verdict import assert_one_line, assert_says


def check(ctl, fleet, hosts, *words, **changes):
    return ctl("check", "ensemble", *words, config=fleet.config("other.conf", zkhosts=hosts, **changes))


# Real servers.


def unless_it_loses_writes(server, otherwise):
    """The state of several servers of the version under test with a lesser fault, or none."""
    return "CRITICAL" if server.version == "3.8.0" else otherwise


def test_a_server_alone(ctl, fleet, shared_server):
    assert_one_line(check(ctl, fleet, fleet.address), "WARNING", "ensemble", fleet.address, "is a standalone server",
                    f"version {shared_server.version}")


def test_the_check_leaves_no_session_and_no_node(ctl, own_fleet, server, own_ctl):
    before = server.ask("dump").count("0x")
    nodes = server.ask("srvr").split("Node count:")[1]
    assert check(own_ctl, own_fleet, server.address).code == 1
    assert (server.ask("dump").count("0x"), server.ask("srvr").split("Node count:")[1]) == (before, nodes)


def test_three_servers_and_their_version(ctl, fleet, ensemble):
    version = ensemble.servers[0].version
    run = check(ctl, fleet, ensemble.address)
    if unless_it_loses_writes(ensemble.servers[0], "OK") == "OK":
        assert_one_line(run, "OK", "ensemble", f"3 of 3 servers answer, version {version}")
        return
    assert_says(run, "CRITICAL", "ensemble", "3 of 3 servers answer", f"{version}, which may lose committed writes",
                "ZOOKEEPER-4785",
                *(server.address for server in ensemble.servers))
    assert len(run.out.splitlines()) == 3, "and nothing else is wrong with them"


def test_a_server_that_is_away(ctl, fleet, ensemble):
    ensemble.servers[0].kill()
    run = check(ctl, fleet, ensemble.address)
    assert_says(run, unless_it_loses_writes(ensemble.servers[1], "WARNING"), "ensemble", "2 of 3 servers answer",
                ensemble.servers[0].address, "cannot connect: Connection refused")


def test_without_a_quorum(ctl, fleet, ensemble):
    for server in ensemble.servers[1:]:
        server.kill()
    eventually(lambda: "not currently serving" in ensemble.servers[0].ask("srvr"), what="it notices")
    assert_says(check(ctl, fleet, ensemble.address), "CRITICAL", "ensemble", "0 of 3 servers answer",
                f"{ensemble.servers[0].address}: is up but serves no client: it has no quorum")


def test_a_server_that_hangs(ctl, fleet, ensemble):
    state = unless_it_loses_writes(ensemble.leader(), "WARNING")
    ensemble.followers()[0].stop()
    assert_says(check(ctl, fleet, ensemble.address), state, "ensemble", "accepts connections and does not answer within 3000 ms")


def test_two_servers_with_other_bounds_and_words(ctl, fleet):
    pair = Ensemble(options=({"max_session_ms": 5000}, {"words": "srvr"}))
    try:
        run = check(ctl, fleet, pair.address)
        one, two = (server.address for server in pair.servers)
        state = unless_it_loses_writes(pair.servers[1], "WARNING")
        assert_says(run, state, "ensemble", "an even number of voting servers (2) survives the loss of none",
                    f"{one}: warning: grants a session timeout of 5000 ms instead of session_timeout 6000 ms "
                    "(it admits 400 to 5000 ms)",
                    f"{two}: note: could not see all: conf, mntr not in its 4lw.commands.whitelist")
    finally:
        pair.close()


def test_a_server_that_tells_as_little_as_it_can(ctl, fleet):
    """srvr is always answered, since ZooKeeper itself uses it."""
    server = ZooKeeperServer(words="ruok")
    try:
        run = check(ctl, fleet, server.address)
        assert_says(run, "WARNING", "ensemble", "is a standalone server", "note: could not see all: conf, mntr not in its 4lw")
        mixed = check(ctl, fleet, server.address, mixed_fleet=True, session_timeout=30)
        assert_says(mixed, "WARNING", "ensemble", f"{server.address}: unknown: could not see its tickTime")
    finally:
        server.close()


def test_servers_that_are_no_ensemble(ctl, fleet, server):
    run = check(ctl, fleet, f"{fleet.address},{server.address}")
    assert_says(run, "CRITICAL", "ensemble", "is a standalone server, and zkhosts names others", "a tree of its own")


def test_some_servers_are_not_named(ctl, fleet, ensemble):
    run = check(ctl, fleet, ensemble.servers[0].address)
    state = unless_it_loses_writes(ensemble.servers[0], "WARNING")
    assert_says(run, state, "ensemble", "zkhosts names 1 of 3 voting servers")


def test_a_mixed_fleet_that_the_ticks_do_not_fit(ctl, fleet, ensemble):
    slow = ZooKeeperServer(tick_ms=3000)
    try:
        mixed = {"mixed_fleet": True, "session_timeout": 30}
        assert_says(check(ctl, fleet, slow.address, **mixed), "CRITICAL", "ensemble", "tickTime 3000 ms",
                    "server_tick, which is 2000 ms", "set server_tick to 3000")
        assert_says(check(ctl, fleet, slow.address, server_tick=3000, **mixed), "WARNING", "ensemble", "is a standalone server")
    finally:
        slow.close()


# Servers that only talk.


def test_nothing_wrong(ctl, fleet, fakes):
    assert_one_line(check(ctl, fleet, fakes(*good()), **CALM), "OK", "ensemble",
                    "3 of 3 servers answer, version 3.9.4, a session within")
    sessions = [asked for server in fakes.servers for asked in server.asked]
    assert all(asked[-1] == FakeServer.CLOSE for asked in sessions), "each session is closed"
    assert [asked[0] for asked in sessions] == [FakeServer.EXISTS] * 4, "one at each server, and one that is a run's"


@pytest.mark.parametrize("version, lost", [
    ("3.4.14", True), ("3.5.10", True), ("3.6.4", True), ("3.7.2", True), ("3.8.0", True), ("3.8.4", True), ("3.8.5", False),
    ("3.8.6", False), ("3.9.0", True), ("3.9.1", True), ("3.9.2", False), ("3.9.3", True), ("3.9.4", False), ("3.10.0", False),
    ("4.0.0", False),
])
def test_versions_that_lose_writes(ctl, fleet, fakes, version, lost):
    run = check(ctl, fleet, fakes(*good({"version": version}, {"version": version}, {"version": version})), **CALM)
    if lost:
        assert_says(run, "CRITICAL", "ensemble", f"runs {version}, which may lose committed writes",
                    "ZOOKEEPER-4925" if version == "3.9.3" else "ZOOKEEPER-4785")
    else:
        assert_one_line(run, "OK", "ensemble", version)


@pytest.mark.parametrize("servers, changes, mentions", [
    (good({}, {"sessions_ms": (4000, 20000)}), {}, ["has maxSessionTimeout 20000 ms", "40000 ms"]),
    (good({"sessions_ms": (6000, 40000)}), {}, ["minSessionTimeout"]),
    (good({"tick_ms": 3000}), {}, ["has tickTime"]),
    (good({"granted_ms": 40000}), {}, ["grants a session timeout of 40000 ms instead of session_timeout 20000 ms"]),
    (good({"granted_ms": 4000}), {}, ["raise its maxSessionTimeout"]),
    (good({"sync_limit": 100}), {}, ["may take 200000 ms (syncLimit times tickTime)", "make ownership_term longer"]),
    (good({"sync_limit": 9223372036854775807}), {}, ["may take for ever"]),
    # Beside originals the session ends commands earlier than the term.
    (good({"sync_limit": 6}), {"mixed_fleet": True, "server_tick": 2000, "session_timeout": 20},
     ["may take 12000 ms (syncLimit times tickTime)", "ended after", "make ownership_term and session_timeout longer"]),
    (good({"mode": "read-only"}), {}, ["is read-only"]),
    (good({"connections": 21}), {}, ["admits 60 connections of one address (maxClientCnxns), and there are 61 in all",
                                    "set it to 0"]),
    (good({"max_connections": 0}, {"max_connections": 59}), {}, ["admits 59 connections"]),
    (good({"connections": 9223372036854775807}), {}, ["there are 9223372036854775807 in all"]),
    ([{"mode": "leader", "voters": 4}] * 1 + [{"voters": 4}] * 3, {}, ["(4) survives the loss of 1, as 3 would; make it 5"]),
])
def test_what_is_a_warning(ctl, fleet, fakes, servers, changes, mentions):
    assert_says(check(ctl, fleet, fakes(*servers), **{**CALM, **changes}), "WARNING", "ensemble", *mentions)


def test_no_limit_of_connections_is_fine(ctl, fleet, fakes):
    unlimited = {"connections": 5000, "max_connections": 0}
    assert_one_line(check(ctl, fleet, fakes(*good(unlimited, unlimited, unlimited)), **CALM), "OK", "ensemble")


@pytest.mark.parametrize("servers, changes, mentions", [
    (good({}, {"mode": "leader"}), {}, ["leads, and so does"]),
    (good({}, {"mode": "standalone"}), {}, ["is a standalone server"]),
    (good({"granted_ms": 5000}), {"mixed_fleet": True}, ["mixed_fleet needs", "every run refuses to start"]),
    (good({"tick_ms": 9223372036854775807}), {"mixed_fleet": True}, ["an original could start beside a running command"]),
])
def test_what_is_critical(ctl, fleet, fakes, servers, changes, mentions):
    assert_says(check(ctl, fleet, fakes(*servers), **{**CALM, **changes}), "CRITICAL", "ensemble", *mentions)


def test_a_server_tick_longer_than_need_be_is_a_note(ctl, fleet, fakes):
    patient = {"granted_ms": 60000}
    run = check(ctl, fleet, fakes(*good(patient, patient, patient)), ownership_term=60, session_timeout=60, mixed_fleet=True,
                server_tick=4000)
    assert_says(run, "OK", "ensemble", "note: server_tick is 4000 ms, and the servers' tickTime 2000 ms",
                "ended sooner", "set server_tick to 2000")


def test_servers_of_two_versions_are_told_and_no_alarm(ctl, fleet, fakes):
    run = check(ctl, fleet, fakes(*good({"version": "3.8.6"})), **CALM)
    assert_says(run, "OK", "ensemble", "note: the servers are of different versions: 3.8.6, 3.9.4")


@pytest.mark.parametrize("options, mention", [
    ({"handshake": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "is it a ZooKeeper server?"),
    ({"handshake": b""}, "hangs up when a session is asked for"),
    ({"handshake": b"\x00\x00\x00\x24" + b"\x00" * 36}, "is it a ZooKeeper server?"),
    ({"handshake": b"\xff" * 100}, "is it a ZooKeeper server?"),
    ({"handshake": b"\x7f\xff\xff\xff" + b"\x00" * 20}, "is it a ZooKeeper server?"),
    ({"handshake": b"\x00\x00\x00\x25" + b"\x00" * 20}, "hangs up when a session is asked for"),
])
def test_something_else_that_answers(ctl, fleet, fakes, options, mention):
    assert_says(check(ctl, fleet, fakes(options), **CALM), "CRITICAL", "ensemble", mention)


def test_words_that_make_no_sense(ctl, fleet, fakes):
    nonsense = b"\x1b[2JMode: \x07\xff\nZookeeper version: \x1b\ntickTime=99999999999999999999\n=\nserver.\n" * 20
    run = check(ctl, fleet, fakes({"words": dict.fromkeys(("srvr", "conf", "mntr"), nonsense)}), **CALM)
    assert_says(run, "UNKNOWN", "ensemble", "could not see its version")
    run = check(ctl, fleet, fakes({"words": {"srvr": None, "conf": b"", "mntr": b"x" * (1 << 19)}}), **CALM)
    assert_says(run, "UNKNOWN", "ensemble", "no answer to srvr, conf, mntr")


def test_nobody_is_there(ctl, fleet):
    port = free_ports(1)[0]
    assert_says(check(ctl, fleet, f"127.0.0.1:{port},no-such-host.invalid"), "CRITICAL", "ensemble", "0 of 2 servers answer",
                "Connection refused", "does not resolve")


def test_somebody_accepts_and_is_silent(ctl, fleet):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert_says(check(ctl, fleet, address), "CRITICAL", "ensemble", f"{address}: accepts connections and does not answer")


def test_json(ctl, fleet, shared_server):
    said = ctl.json("check", "ensemble", code=1)
    assert (said["status"], said["check"]) == ("warning", "ensemble")
    server = said["facts"]["servers"][0]
    assert (server["version"], server["mode"], server["tick_ms"], server["granted_session_ms"]) == (
        shared_server.version, "standalone", 500, 6000)
    assert (server["min_session_ms"], server["max_session_ms"], server["answers"]) == (1000, 120000, True)


@pytest.mark.parametrize("words, mention", [
    (("a",), "a"), (("--frobnicate",), "--frobnicate"), (("-c", "/no/such"), "/no/such: no such configuration file"),
])
def test_bad_input_is_unknown_and_3(ctl, words, mention):
    assert_one_line(ctl("check", "ensemble", *words), "UNKNOWN", "ensemble", mention)
