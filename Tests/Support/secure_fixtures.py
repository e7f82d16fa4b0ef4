"""Fixtures for tests over TLS: an authority, its certificates, a real server with a secureClientPort, and a fleet on it."""

import contextlib
import os
import uuid

import pytest

from .certificates import Authority, secure_server, settings
from .fleet import Fleet
from .nemesis.relay import Relay


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that nobody knows."""
    return Authority(tmp_path_factory.mktemp("tls"), "stranger")


@pytest.fixture(scope="session")
def server_certificate(authority):
    return authority.issue("server")


@pytest.fixture(scope="session")
def client_certificate(authority):
    return authority.issue("client", None, key=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"))


@pytest.fixture(scope="module", params=["TLSv1.2", "TLSv1.3"])
def tls_server(request, authority, server_certificate):
    """A real server, of either version, that takes a client's certificate and asks for none."""
    with secure_server(server_certificate, authority, version=request.param, clients="want", host="::") as server:
        yield server


@contextlib.contextmanager
def fleet_on(server, program, recorder, folder, authority):
    """A fleet that knows the server's secure port alone; the test's own client uses the plain one."""
    client = server.client()
    prefix = f"/test-{uuid.uuid4().hex[:12]}"
    fleet = Fleet(program, recorder, folder, server.secure_address(), client, prefix)
    fleet.settings["tls"] = settings(authority)
    yield fleet
    client.stop()
    client.close()


@pytest.fixture
def tls_fleet(tls_server, program, recorder, tmp_path, authority):
    with fleet_on(tls_server, program, recorder, tmp_path, authority) as fleet:
        yield fleet
        try:
            fleet.assert_nothing_left()
        finally:
            fleet.sweep()


@pytest.fixture
def relay(tls_server):
    """What stands between a run and the server, and knows nothing of TLS: `relay.address`; `hold`, `release`, `cut`."""
    relay = SecureRelay(tls_server.secure_port)
    yield relay
    relay.close()


class SecureRelay:
    def __init__(self, port):
        self._relay = Relay()
        self._link = self._relay.link("run", "server", port)
        self.address = f"127.0.0.1:{self._link.port}"

    def hold(self):
        self._relay.block("run", "server", "hold")
        self._relay.block("server", "run", "hold")

    def cut(self):
        """Every connection ends; new ones are served."""
        self._relay.block("run", "server", "reset")
        self.release()

    def release(self):
        self._relay.unblock("run", "server")
        self._relay.unblock("server", "run")

    def close(self):
        self._relay.close()


def private(certificate, folder):
    """A copy of its own for a test that changes it."""
    copy = type(certificate).__new__(type(certificate))
    for name in ("path", "key"):
        source = getattr(certificate, name)
        target = f"{folder}/{os.path.basename(source)}"
        with open(source, "rb") as one, open(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as other:
            other.write(one.read())
        setattr(copy, name, target)
    return copy
