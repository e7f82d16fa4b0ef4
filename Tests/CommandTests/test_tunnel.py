"""The other way to TLS, as Docs/Security.md has it: a run that speaks plain text to stunnel, on its own host."""

import re
import subprocess
from pathlib import Path

import pytest

from Support.certificates import secure_server
from Support.eventually import always, eventually
from Support.secure_fixtures import fleet_on
from Support.server import free_ports

ASK = """import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as one:
    one.sendall(b"ruok")
    print(one.recv(4).decode())
"""
SECURITY = Path(__file__).parents[2] / "Docs/Security.md"


def documented(**changes):
    """stunnel's settings from the page, with what differs here."""
    text = re.search(r"\n    \[zookeeper\]\n((?:    \w+ = .*\n)+)", SECURITY.read_text(encoding="utf-8"))[0]
    for name, value in changes.items():
        text, count = re.subn(rf"(?m)^( *{name} = ).*$", rf"\g<1>{value}", text)
        assert count == 1, name
    return re.sub("(?m)^ +", "", text)


@pytest.fixture
def tunnel(authority, server_certificate, client_certificate, tmp_path):
    """A server that asks for certificates, and the address of a tunnel to it."""
    with secure_server(server_certificate, authority, clients="need") as server:
        port = free_ports(1)[0]
        settings = tmp_path / "stunnel.conf"
        settings.write_text("foreground = yes\npid =\n" + documented(
            accept=f"127.0.0.1:{port}", connect=server.secure_address("127.0.0.1"), CAfile=authority.path, checkHost="localhost",
            cert=client_certificate.path, key=client_certificate.key), encoding="ascii")
        with open(tmp_path / "stunnel.log", "wb") as log:
            process = subprocess.Popen(["stunnel", settings], stdout=log, stderr=log)
        yield server, f"127.0.0.1:{port}"
        process.terminate()
        process.wait()


def test_a_run_through_a_tunnel(tunnel, program, recorder, authority, tmp_path):
    server, address = tunnel
    with fleet_on(server, program, recorder, tmp_path, authority) as fleet:
        fleet.settings.update(tls=None, zkhosts=address)
        eventually(lambda: fleet.run("--lockname", "a", "--", "echo", "ran").out == "ran\n", what="the tunnel is open")
        run = fleet.start_job("b")
        always(lambda: run.running, during=3)
        fleet.end_job("b")
        assert run.wait() == 0
        # What it does not protect: it lends the host's certificate to anybody.
        anybody = subprocess.run(
            ["setpriv", "--reuid", "nobody", "--clear-groups", "/usr/bin/python3", "-c", ASK, *address.split(":")],
            check=True, capture_output=True, text=True)
        assert anybody.stdout == "imok\n"
        fleet.sweep()
