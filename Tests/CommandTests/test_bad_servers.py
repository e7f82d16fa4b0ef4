"""No server where one should be: 69, in one line that names it, after `connect_timeout`; after twice that at most where one
hangs, since what is asked then has its time anew."""

import signal
import socket
import threading

import pytest

from Support.eventually import eventually, now
from Support.fake_server import FakeServer
from Support.fleet import assert_one_line, assert_silent
from Support.processes import children
from Support.server import free_ports

CONNECT_S = 2
# For a look at each server, of 1.2 s, and for a machine that is busy.
LOOKS_S = 4


@pytest.fixture
def silent_port():
    """A server that accepts and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]


def refused_in_time(fleet, hosts, *mentions):
    config = fleet.config(zkhosts=hosts, connect_timeout=CONNECT_S)
    run = fleet.start("--lockname", "a", "--", "false", config=config).finished()
    took = now() - run.began
    assert_one_line(run, 69, *mentions)
    assert took < 2 * CONNECT_S + LOOKS_S, took
    return took


def test_nobody_listens(fleet):
    port = free_ports(1)[0]
    refused_in_time(fleet, f"127.0.0.1:{port}", f"within 2 s; 127.0.0.1:{port}: connection refused; is any of them running")


def test_each_server_has_its_reason(fleet, silent_port):
    port = free_ports(1)[0]
    hosts = f"127.0.0.1:{port},no-such-host.invalid:2181,127.0.0.1:{silent_port}"
    refused_in_time(
        fleet, hosts, "no-such-host.invalid:2181: its name does not resolve", f"127.0.0.1:{port}: connection refused",
        f"127.0.0.1:{silent_port}: connects, but does not answer")


def test_a_host_that_does_not_exist(fleet):
    refused_in_time(fleet, "no-such-host.invalid:2181", "no-such-host.invalid")


def test_it_accepts_and_never_answers(fleet, silent_port):
    refused_in_time(fleet, f"127.0.0.1:{silent_port}", f"127.0.0.1:{silent_port}")


def test_it_accepts_and_hangs_up(fleet, proxy):
    proxy.on_reply = lambda reply, request: "cut"
    proxy.target_port = free_ports(1)[0]
    refused_in_time(fleet, proxy.address, proxy.address)


def test_it_is_no_zookeeper(fleet):
    """Something else that answers: here an echo, whose frames make no sense."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        listener.settimeout(CONNECT_S + 4)

        def echo():
            try:
                while True:
                    connection, _ = listener.accept()
                    connection.settimeout(1)
                    try:
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + connection.recv(1000))
                    except OSError:
                        pass
                    connection.close()
            except OSError:
                return
        thread = threading.Thread(target=echo, daemon=True)
        thread.start()
        refused_in_time(fleet, f"127.0.0.1:{listener.getsockname()[1]}")


def test_the_code_can_be_chosen(fleet):
    config = fleet.config(zkhosts=f"127.0.0.1:{free_ports(1)[0]}", connect_timeout=1)
    run = fleet.run("--exit-code", "unavailable=9", "--lockname", "a", "--", "false", config=config)
    assert_one_line(run, 9)


def test_a_dead_server_beside_a_good_one_does_no_harm(fleet, silent_port):
    dead = f"127.0.0.1:{free_ports(1)[0]}"
    for hosts in (f"{dead},{fleet.address}", f"{fleet.address},{dead}",
                  f"127.0.0.1:{silent_port},{fleet.address}", f"{dead},127.0.0.1:{silent_port},{fleet.address}"):
        run = fleet.start("--lockname", "a", "--", "true", config=fleet.config(zkhosts=hosts)).finished()
        assert_silent(run, 0)


def test_interrupted_while_connecting(fleet, silent_port):
    config = fleet.config(zkhosts=f"127.0.0.1:{silent_port}", connect_timeout=60)
    run = fleet.start("--lockname", "a", "--", "false", config=config)
    eventually(lambda: children(run.front), what="the supervisor")
    before = now()
    run.send(signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM
    assert now() - before < 3


def test_sessions_that_are_ended_at_once_are_not_asked_for_without_end(fleet, proxy):
    """Each session's first question is answered with its end."""
    proxy.on_request = lambda request: -112 if request.name != "ping" else None
    config = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=3)
    began = now()
    run = fleet.run("--lockname", "a", "--verbose", "--wait", "forever", "--", "false", config=config)
    assert run.code == 69 and "end each session at once" in run.err and "beginning anew" in run.err
    assert now() - began > 2 and 3 <= len(proxy.handshakes) <= 10, "with pauses that double"


def test_a_signal_ends_the_pause_between_two_sessions(fleet, proxy):
    proxy.on_request = lambda request: -112 if request.name != "ping" else None
    behind = fleet.config("behind.conf", zkhosts=proxy.address, connect_timeout=60)
    run = fleet.start("--lockname", "a", "--", "false", config=behind)
    eventually(lambda: len(proxy.handshakes) >= 6)
    run.send(signal.SIGTERM)
    assert run.wait(5) == 143


def test_one_session_that_is_ended_early_is_made_up_for_at_once(fleet, proxy):
    left = [1]

    def end(request):
        if left and request.name == "exists":
            left.pop()
            return -112
        return None
    proxy.on_request = end
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config("behind.conf", zkhosts=proxy.address))
    assert (run.code, run.err) == (0, "") and len(proxy.handshakes) == 2


@pytest.mark.parametrize("granted_ms", [1, 5, 400])
def test_a_session_too_short_to_hold_anything_by(fleet, granted_ms):
    server = FakeServer(granted_ms=granted_ms)
    run = fleet.run("--lockname", "a", "--", "false", config=fleet.config("short.conf", zkhosts=server.address, connect_timeout=3))
    assert_one_line(run, 69, f"{granted_ms} ms", "SessionTimeout")
    server.close()
