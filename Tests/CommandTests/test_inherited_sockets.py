"""Sockets that the caller left open: a server that has hung is left for another, and nobody else's connection is."""

import socket

import pytest

from Support.eventually import eventually
from Support.server import free_ports


@pytest.fixture
def inherited():
    """A listener, and a connection with both its ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as ours:
        theirs, _ = listener.accept()
        with theirs:
            yield listener, ours, theirs


@pytest.mark.parametrize("asks", ["status", "explain", "dry-run"])
def test_they_stay_open_when_a_server_hangs(ctl, fleet, proxy, inherited, asks):
    proxy.on_request = lambda _: proxy.hold()
    # Only with a choice of servers is one left.
    config = fleet.config(zkhosts=f"{proxy.address},127.0.0.1:{free_ports(1)[0]}", connect_timeout=3)
    options = {"config": config, "pass_fds": [one.fileno() for one in inherited]}
    run = {
        "status": lambda: ctl.start("status", **options),
        "explain": lambda: ctl.start("explain", "--lockname", "a", "--", "true", **options),
        "dry-run": lambda: fleet.start("--dry-run", "--lockname", "a", "--", "true", **options),
    }[asks]()
    eventually(lambda: proxy.handshakes and proxy.requests, what="it has asked")
    assert run.wait() == 69, run
    listener, ours, theirs = inherited
    ours.sendall(b"x")
    assert theirs.recv(10) == b"x"
    with socket.create_connection(listener.getsockname(), timeout=5):
        listener.settimeout(5)
        listener.accept()[0].close()
