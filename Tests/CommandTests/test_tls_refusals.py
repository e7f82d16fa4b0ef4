"""What TLS has against a server, or a server against us: one line that says what, and no command."""

import ssl

import pytest

from Support.certificates import secure_server, settings
from Support.control import Control
from Support.eventually import now
from Support.fleet import assert_one_line
from Support.listener import listener
from Support.secure_fixtures import fleet_on

PORT = "is this port its secureClientPort?"


def serving(certificate, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)
    for name, value in options.items():
        setattr(context, name, value)

    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1000)
    return serve


def refused(fleet, tls, hosts, *words, connect_s=2):
    started = now()
    run = fleet.run("--lockname", "a", "--", "echo", "ran", config=fleet.config(zkhosts=hosts, tls=tls, connect_timeout=connect_s))
    assert now() - started < connect_s + 6
    assert_one_line(run, 69, f"{hosts}: ", *words)


@pytest.mark.parametrize("case, names, start, end, words", [
    ("expired", "DNS:localhost,IP:127.0.0.1", "20200101000000Z", "20200201000000Z", "certificate has expired"),
    ("early", "DNS:localhost,IP:127.0.0.1", "20900101000000Z", "20910101000000Z", "certificate is not yet valid"),
    ("other-name", "DNS:zk.example.org", None, None, "it is not for localhost"),
    ("partial-wildcard", "DNS:local*", None, None, "it is not for localhost"),
    ("localhost", None, None, None, "it is not for localhost"),
], ids=lambda value: value if isinstance(value, str) and " " not in value else "")
def test_a_certificate_that_is_refused(fleet, authority, case, names, start, end, words):
    certificate = authority.issue(case, names, start, end)
    with listener(serving(certificate)) as address:
        refused(fleet, settings(authority), address.replace("127.0.0.1", "localhost"), f"its certificate is refused: {words}")


def test_an_expired_certificate_of_a_zookeeper(program, controller, recorder, authority, tmp_path):
    certificate = authority.issue("expired-server", start="20200101000000Z", end="20200201000000Z")
    with secure_server(certificate, authority) as server, fleet_on(server, program, recorder, tmp_path, authority) as fleet:
        refused(fleet, settings(authority), server.secure_address(), "certificate has expired")
        check = Control(controller, fleet)("check", "ensemble", config=fleet.config(connect_timeout=2))
        assert check.code == 2 and "certificate has expired" in check.out
        refused(fleet, settings(authority, check_host_name=False), server.secure_address(), "certificate has expired")


@pytest.mark.parametrize("host, asked", [("localhost", "localhost"), ("127.0.0.1", None)], ids=["name", "address"])
def test_the_server_is_asked_for_by_the_name_that_zkhosts_has(fleet, authority, server_certificate, host, asked):
    """Server name indication, for a proxy with many certificates; an address is none (RFC 6066, 3)."""
    names = []
    serve = serving(server_certificate, sni_callback=lambda connection, name, context: names.append(name))
    with listener(serve) as address:
        config = fleet.config(zkhosts=address.replace("127.0.0.1", host), tls=settings(authority), connect_timeout=2)
        assert fleet.run("--lockname", "a", "--", "true", config=config).code == 69
    assert names and set(names) == {asked}


def heard_out(connection):
    """Until the client has gone."""
    while connection.recv(1000):
        pass


@pytest.mark.parametrize("serve, words", [
    (lambda connection: connection.recv(1000), f"hangs up at the TLS handshake; {PORT}"),
    (heard_out, f"accepts connections and does not answer the TLS handshake; {PORT}"),
    (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n") or heard_out(connection),
     "does not speak TLS 1.2 or 1.3"),
    (lambda connection: connection.sendall(b"\x15\x03\x03\x00\x02\x02\x46") or heard_out(connection), "refuses the handshake: "),
    (lambda connection: connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00") or connection.recv(1000), "breaks off in the TLS"),
    (lambda connection: connection.sendall(b"\x00" * 5000) or heard_out(connection), "does not speak TLS 1.2 or 1.3"),
], ids=["hangs-up", "silent", "http", "alert", "half-a-record", "zeros"])
def test_a_server_that_speaks_no_tls(fleet, authority, serve, words):
    with listener(serve) as address:
        refused(fleet, settings(authority), address, words, connect_s=4)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_version_that_is_too_old(fleet, authority, server_certificate):
    """TLS 1.1 of a server that has no other."""
    serve = serving(server_certificate, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
    with listener(serve) as address:
        refused(fleet, settings(authority), address, "TLS 1.2 or 1.3")


def test_no_byte_of_ours_before_the_certificate_is_accepted(fleet, authority, stranger):
    """Neither session nor credentials: the server that is refused has read nothing but the handshake."""
    certificate, got = stranger.issue("strange"), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)

    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            got.append(tls.recv(1000))
    with listener(serve) as address:
        refused(fleet, settings(authority), address, "its certificate is refused")
    assert not any(got), got


def test_without_a_connection_nothing_falls_back_to_plain_text(fleet, authority):
    got = []
    with listener(lambda connection: got.append(connection.recv(1000))) as address:
        refused(fleet, settings(authority), address, PORT)
    assert got and all(not one or one[:2] == b"\x16\x03" for one in got), got


@pytest.fixture(scope="module", params=["TLSv1.2", "TLSv1.3"])
def asking(request, authority, server_certificate):
    """A server that takes no client without a certificate."""
    with secure_server(server_certificate, authority, version=request.param, clients="need") as server:
        yield server


@pytest.fixture
def asking_fleet(asking, program, recorder, tmp_path, authority):
    """Its nodes may be closed to the test, and go with the server."""
    with fleet_on(asking, program, recorder, tmp_path, authority) as fleet:
        yield fleet
        fleet.sweep()


def test_a_server_that_asks_for_a_certificate(asking_fleet, asking, authority, client_certificate, stranger):
    here = asking.secure_address()
    refused(asking_fleet, settings(authority), here, "asks for a client's certificate; set certificate and key in tls")
    refused(asking_fleet, settings(authority, stranger.issue(f"strange-{asking_fleet.prefix[-6:]}", None)), here,
            "refuses this client's certificate: ")
    late = authority.issue(f"late-{asking_fleet.prefix[-6:]}", None, "20200101000000Z", "20200201000000Z")
    refused(asking_fleet, settings(authority, late), here, "refuses this client's certificate: ")
    config = asking_fleet.config(tls=settings(authority, client_certificate))
    assert asking_fleet.run("--lockname", "a", "--", "echo", "ran", config=config).out == "ran\n"


@pytest.mark.parametrize("acl", [["x509:CN=client:cdrwa"], "creator"], ids=["x509", "creator"])
def test_nodes_that_belong_to_a_certificate(asking_fleet, authority, client_certificate, acl):
    prefix = f"{asking_fleet.prefix}/closed"
    asking_fleet.client.ensure_path(asking_fleet.prefix)

    def run(certificate):
        config = asking_fleet.config(tls=settings(authority, certificate), acl=acl, prefix=prefix)
        return asking_fleet.run("--lockname", "a", "--", "echo", "ran", config=config)
    assert run(client_certificate).out == "ran\n"
    assert_one_line(run(authority.issue(f"other-{asking_fleet.prefix[-6:]}", None)), 77, "no permission")
    assert run(client_certificate).out == "ran\n"
