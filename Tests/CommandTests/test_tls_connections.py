"""Connections over TLS to a real ZooKeeper with a secureClientPort, in TLS 1.2 and 1.3."""

import re
import subprocess

import pytest

from Support.certificates import replace, secure, secure_server, settings
from Support.control import Control
from Support.eventually import always, now
from Support.fleet import assert_one_line, assert_silent
from Support.secure_fixtures import fleet_on, private
from Support.server import Ensemble, ZooKeeperServer, expire_session, free_ports

TERM_S = 6


def hosts(server, *names):
    return ",".join(f"{name}:{server.secure_port}" for name in names)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_a_server_that_its_certificate_names(tls_fleet, tls_server, name):
    run = tls_fleet.run("--lockname", "a", "--", "echo", "ran", config=tls_fleet.config(zkhosts=hosts(tls_server, name)))
    assert (run.code, run.out, run.err) == (0, "ran\n", "")
    assert tls_fleet.record("a")["state"] == "ended"


def test_the_lock_excludes(tls_fleet):
    first = tls_fleet.start_job("first", arguments=("--lockname", "a"))
    assert_silent(tls_fleet.run("--lockname", "a", "--", "echo", "ran"), 0)
    tls_fleet.end_job("first")
    assert first.wait() == 0
    assert tls_fleet.run("--lockname", "a", "--", "echo", "ran").out == "ran\n"


def test_a_certificate_for_another_host_is_refused(tls_fleet, tls_server):
    elsewhere = hosts(tls_server, "127.0.0.2")
    started = now()
    run = tls_fleet.run("--lockname", "a", "--", "echo", "ran", config=tls_fleet.config(zkhosts=elsewhere, connect_timeout=2))
    assert now() - started < 8
    assert_one_line(run, 69, f"{elsewhere}: its certificate is refused: it is not for 127.0.0.2", "subjectAltName")
    tls_fleet.settings["tls"]["check_host_name"] = False
    assert tls_fleet.run("--lockname", "a", "--", "echo", "ran", config=tls_fleet.config(zkhosts=elsewhere)).out == "ran\n"


@pytest.mark.parametrize("checks", [True, False])
def test_an_authority_that_is_not_given_is_refused(tls_fleet, stranger, checks):
    tls_fleet.settings["tls"] = settings(stranger, check_host_name=checks)
    run = tls_fleet.run("--lockname", "a", "--", "false", config=tls_fleet.config(connect_timeout=2))
    assert_one_line(run, 69, "its certificate is refused: ", "does ca hold the authority that signed it?")


def test_two_authorities_in_a_file(tls_fleet, authority, stranger):
    both = tls_fleet.write("both.pem", "".join(open(one.path, encoding="ascii").read() for one in (stranger, authority)))
    assert tls_fleet.run("--lockname", "a", "--", "echo", "ran", config=tls_fleet.config(tls={"ca": both})).out == "ran\n"


@pytest.mark.parametrize("dead", [True, False], ids=["dead", "other"])
def test_a_good_server_behind_one_that_is_none(tls_fleet, tls_server, dead):
    """Nobody listens, or it is a plain server."""
    first = f"127.0.0.1:{free_ports(1)[0]}" if dead else tls_server.address
    config = tls_fleet.config(zkhosts=f"{first},{hosts(tls_server, 'localhost')}")
    for _ in range(3):
        assert tls_fleet.run("--lockname", "a", "--", "echo", "ran", config=config).out == "ran\n"


def test_a_plain_port_is_named(tls_fleet, tls_server, authority):
    with_nio = ZooKeeperServer()
    try:
        for server in (tls_server, with_nio):
            config = tls_fleet.config(zkhosts=server.address, connect_timeout=2)
            started = now()
            run = tls_fleet.run("--lockname", "a", "--", "false", config=config)
            assert now() - started < 8
            assert_one_line(run, 69, f"{server.address}: ", "is this port its secureClientPort?")
    finally:
        with_nio.close()


def test_a_lost_connection_keeps_the_session(tls_fleet, relay):
    run = tls_fleet.start_job("a", "--log-signals", config=tls_fleet.config(zkhosts=relay.address, session_timeout=20))
    session = tls_fleet.lock_session("a")
    for _ in range(3):
        relay.cut()
        always(lambda: run.running, during=TERM_S * 0.5)
    always(lambda: run.running and not tls_fleet.records.signals("a"), during=TERM_S, what="heartbeats are back")
    assert tls_fleet.lock_session("a") == session
    tls_fleet.end_job("a")
    assert run.wait() == 0


def test_a_new_session_after_the_old_one_has_expired(tls_fleet, tls_server):
    run = tls_fleet.start_job("a", config=tls_fleet.config(session_timeout=10))
    expire_session(tls_server.address, tls_fleet.lock_session("a"))
    assert run.wait() == 81
    tls_fleet.leaves_marks = True


def test_cut_off_it_is_dead_by_its_term_and_succeeded(tls_fleet, relay):
    claim = ("--claim", "lock:1:1")
    config = tls_fleet.config(zkhosts=relay.address, session_timeout=4, ownership_term=TERM_S)
    first = tls_fleet.start_job("first", "--stubborn", *claim, arguments=("--lockname", "a"), config=config)
    with tls_fleet.successor("second", "a", *claim) as successor:
        lost_at = now()
        relay.hold()
    second, taken_at = successor.taken()
    relay.release()
    started = tls_fleet.records.started("second", within=TERM_S * 2 + 10).time
    assert first.wait(30) == 81
    assert tls_fleet.records.last_sign("first") < lost_at + TERM_S
    assert started - taken_at > TERM_S * 1.01 - 0.5
    tls_fleet.end_job("second")
    assert second.wait() == 0
    tls_fleet.records.assert_never_two()


def test_files_that_are_replaced_under_a_run(tls_fleet, relay, authority, client_certificate, tmp_path):
    """Broken ones are not used, and neither do they end a run; sound ones are, at the next connection."""
    mine = private(client_certificate, tmp_path)
    config = tls_fleet.config(zkhosts=relay.address, session_timeout=20, tls=settings(authority, mine))
    run = tls_fleet.start_job("a", "--log-signals", config=config)
    session = tls_fleet.lock_session("a")
    replace(mine.key, "/etc/hostname")
    relay.cut()
    always(lambda: run.running and not tls_fleet.records.signals("a"), during=TERM_S, what="the former files are used")
    fresh = authority.issue(f"fresh-{tls_fleet.prefix[-6:]}", None)
    replace(mine.path, fresh.path)
    replace(mine.key, fresh.key)
    relay.cut()
    always(lambda: run.running and not tls_fleet.records.signals("a"), during=TERM_S, what="the new files are used")
    assert tls_fleet.lock_session("a") == session
    tls_fleet.end_job("a")
    assert run.wait() == 0


def test_a_server_killed_for_good(program, recorder, authority, server_certificate, tmp_path):
    with secure_server(server_certificate, authority) as server, fleet_on(
            server, program, recorder, tmp_path, authority) as fleet:
        run = fleet.start_job("a", "--stubborn", config=fleet.config(ownership_term=TERM_S))
        lost_at = now()
        server.kill()
        assert run.wait(TERM_S + 25) == 81 and run.left() == []
        assert fleet.records.last_sign("a") < lost_at + TERM_S
        server.restart()
        assert fleet.run("--lockname", "b", "--", "echo", "ran").out == "ran\n"
        fleet.sweep()


def test_requests_that_fill_several_records(tls_fleet, controller):
    """A frame and its length are cut into records of 16 kB: whatever is left for the last one, it arrives."""
    ctl = Control(controller, tls_fleet)

    def edit(padding):
        tls_fleet.prefix_data({"groups": {"g": ["a"]}, "#": "x" * padding})
        assert ctl("groups", "add", "g", "b.example.org").code == 0
        data = tls_fleet.get()
        assert '"b.example.org"' in data and "x" * padding in data
        return len(data) + len(tls_fleet.prefix)
    # A few bytes of the frame are neither data nor path.
    least = 2 * 16384 - edit(0)
    for padding in range(least - 50, least):
        edit(padding)


def test_nothing_is_loaded_for_a_plain_run(tls_fleet, tls_server, program):
    linked = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    assert "libssl" not in linked and "libcrypto" not in linked
    for tls, lockname in ((None, "plain"), (tls_fleet.settings["tls"], "tls")):
        config = tls_fleet.config(tls=tls, zkhosts=tls_server.address if tls is None else tls_fleet.settings["zkhosts"])
        run = tls_fleet.start_job(lockname, config=config)
        maps = "".join(open(f"/proc/{pid}/maps", encoding="utf-8").read() for pid in run.three())
        assert ("libssl" in maps) == (tls is not None)
        tls_fleet.end_job(lockname)
        assert run.wait() == 0


def test_no_core_file_shows_a_key(tls_fleet, authority, client_certificate):
    """A limit of one byte also stops the program that core_pattern names."""
    for client, limit in ((None, "unlimited"), (client_certificate, "1")):
        run = tls_fleet.start_job(f"core-{limit}", config=tls_fleet.config(tls=settings(authority, client)),
                                  prefixed=("prlimit", "--core=unlimited"))
        with open(f"/proc/{run.supervisor}/limits", encoding="ascii") as file:
            assert re.search(rf"(?m)^Max core file size +{limit} ", file.read())
        tls_fleet.end_job(f"core-{limit}")
        assert run.wait() == 0


def test_three_servers_one_of_which_dies(program, recorder, authority, server_certificate, tmp_path):
    """The session goes on with another server, and a new run finds one at once."""
    ports = free_ports(3)
    ensemble = Ensemble(options=[secure(port, server_certificate, authority) for port in ports])
    try:
        ensemble.secure_address = lambda: ",".join(f"localhost:{port}" for port in ports)
        with fleet_on(ensemble, program, recorder, tmp_path, authority) as fleet:
            fleet.settings.update(ownership_term=20, session_timeout=20)
            run = fleet.start_job("a", "--log-signals")
            session = fleet.lock_session("a")
            for server in ensemble.servers:
                server.restart()
                ensemble.wait_ready()
                always(lambda: run.running, during=3)
            always(lambda: run.running and not fleet.records.signals("a"), during=15, what="heartbeats are back")
            assert fleet.lock_session("a") == session
            ensemble.followers()[0].kill()
            assert fleet.run("--lockname", "b", "--", "echo", "ran").out == "ran\n"
            fleet.end_job("a")
            assert run.wait() == 0
            fleet.sweep()
    finally:
        ensemble.close()


def test_the_operators_tool(tls_fleet, tls_server, controller):
    ctl = Control(controller, tls_fleet)
    run = tls_fleet.start_job("a")
    status = ctl("status")
    assert status.code == 0 and "a" in status.out
    ensemble = ctl("check", "ensemble")
    assert ensemble.code in (0, 1) and "CRITICAL" not in ensemble.out, ensemble.out
    assert ctl("check", "config").code in (0, 1)
    assert ctl("stop", "a").code == 0
    assert run.wait() == 80


def test_the_operators_tool_says_why_a_server_is_refused(tls_fleet, tls_server, controller, stranger):
    ctl = Control(controller, tls_fleet)
    config = tls_fleet.config(tls=settings(stranger), connect_timeout=2)
    status = ctl("status", config=config)
    assert status.code == 69 and status.err.count("\n") == 1 and "its certificate is refused" in status.err
    elsewhere = ctl("status", config=tls_fleet.config("elsewhere.conf", zkhosts=hosts(tls_server, "127.0.0.2"), connect_timeout=2))
    assert elsewhere.code == 69 and "it is not for 127.0.0.2" in elsewhere.err
    ensemble = ctl("check", "ensemble", config=config)
    assert ensemble.code == 2 and re.search(r"localhost:\d+.*: its certificate is refused", ensemble.out), ensemble.out


def test_what_the_library_calls_is_what_is_wrapped():
    """A version of the C client that reads or writes in another way would send plain text, or fail."""
    archive = subprocess.run(["gcc", "-print-file-name=libzookeeper_mt.a"], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1] for line in subprocess.run(
        ["nm", "-u", archive.strip()], check=True, capture_output=True, text=True).stdout.splitlines() if " U " in line}
    assert {"connect", "poll", "send", "recv", "close"} <= names
    assert not names & {"sendmsg", "sendto", "recvmsg", "recvfrom", "writev", "readv", "select", "ppoll", "epoll_wait", "sendfile",
                        "__poll_chk", "__recv_chk", "__recvfrom_chk"}
