"""A port that expects TLS, and a configuration without it: the message says so, and what to do."""

import socket
import ssl
import subprocess

import pytest

from Support.fleet import assert_one_line
from Support.listener import listener
from Support.server import NETTY, NETTY_JARS, ZooKeeperServer, free_ports

VERSIONS = ["TLSv1.2", "TLSv1.3"]
REMEDY = "expects TLS: set tls in the configuration, or name the server's plain port (clientPort in its zoo.cfg) in zkhosts"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A throw-away certificate and its key, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return str(both)


@pytest.fixture
def hosts(request, certificate):
    """The address of a server that expects TLS, by OpenSSL: a version, or what answers anybody with an alert."""
    if request.param == "alert":
        def answer(connection):
            connection.recv(1000)
            connection.sendall(b"\x15\x03\x03\x00\x02\x02\x46")
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[request.param.replace(".", "_")]

        def answer(connection):
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1000)
    with listener(answer) as address:
        yield address


def assert_it_is_named(fleet, ctl, hosts, speaker, connect_s=2):
    config = fleet.config(zkhosts=hosts, connect_timeout=connect_s)
    assert_one_line(fleet.run("--lockname", "a", "--", "false", config=config), 69, f"{speaker} {REMEDY}")
    status = ctl("status", config=config)
    assert (status.code, status.out) == (69, "") and status.err.count("\n") == 1 and f"{speaker} {REMEDY}" in status.err
    check = ctl("check", "ensemble", config=config)
    assert check.code == 2 and any(f"{speaker}: " in line and REMEDY in line for line in check.out.splitlines()), check.out


@pytest.mark.parametrize("hosts", VERSIONS, indirect=True)
def test_a_server_that_hangs_up_on_whoever_speaks_no_tls(fleet, ctl, hosts):
    assert_it_is_named(fleet, ctl, hosts, hosts)


@pytest.mark.parametrize("hosts", ["alert"], indirect=True)
def test_a_server_that_answers_with_an_alert(fleet, ctl, hosts):
    config = fleet.config(zkhosts=hosts, connect_timeout=2)
    assert_one_line(fleet.run("--lockname", "a", "--", "false", config=config), 69, hosts, REMEDY)
    check = ctl("check", "ensemble", config=config)
    assert check.code == 2 and f"{hosts}: {REMEDY}" in check.out


@pytest.mark.parametrize("hosts", VERSIONS[1:], indirect=True)
def test_the_one_that_expects_tls_is_named_among_dead_ones(fleet, ctl, hosts):
    # Three seconds go by in the search for a server that answers `srvr`.
    assert_it_is_named(fleet, ctl, f"127.0.0.1:{free_ports(1)[0]},{hosts}", hosts, connect_s=6)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_zookeeper_with_a_secure_port(fleet, ctl, certificate, version):
    port = free_ports(1)[0]
    only = {"TLSv1.2": [], "TLSv1.3": ["ssl.ciphersuites=TLS_AES_128_GCM_SHA256"]}[version]
    server = ZooKeeperServer(
        flags=NETTY, jars=NETTY_JARS, secure_port=port,
        members=["secureClientPortAddress=127.0.0.1", f"ssl.enabledProtocols={version}", *only,
                 f"ssl.keyStore.location={certificate}", f"ssl.trustStore.location={certificate}", "ssl.clientAuth=none"])
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10)) as tls:
            assert tls.version() == version
            tls.sendall(b"ruok")
            assert tls.recv(4) == b"imok"
        assert_it_is_named(fleet, ctl, f"127.0.0.1:{port}", f"127.0.0.1:{port}")
        # The remedy is one.
        plain = fleet.config("plain.conf", zkhosts=server.address, prefix="/plain")
        assert fleet.run("--lockname", "a", "--", "echo", "ran", config=plain).out == "ran\n"
    finally:
        server.close()


def echo(connection):
    first = connection.recv(1000)
    # What echoes a session's request is no ZooKeeper, which is another finding.
    if first[0] == 0x16:
        connection.sendall(first)


@pytest.mark.parametrize("serve", [lambda connection: connection.recv(1000), echo], ids=["silent", "echo"])
def test_a_plain_server_that_hangs_up_is_not_taken_for_one(fleet, ctl, serve):
    with listener(serve) as hosts:
        config = fleet.config(zkhosts=hosts, connect_timeout=2)
        run = fleet.run("--lockname", "a", "--", "false", config=config)
        assert_one_line(run, 69, hosts, "is any of them running")
        check = ctl("check", "ensemble", config=config)
        assert check.code == 2 and "does it have a quorum?" in check.out and "TLS" not in run.err + check.out
