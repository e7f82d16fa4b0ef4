"""Servers that are reached over IPv6."""

import subprocess

import pytest

from Support.certificates import secure, settings
from Support.fleet import assert_one_line, assert_silent
from Support.proxy import Proxy
from Support.server import ZooKeeperServer, free_ports


@pytest.fixture
def sixth(shared_server):
    """The shared server, over IPv6."""
    proxy = Proxy(shared_server.port, host="::1")
    yield proxy
    proxy.close()


def runs(fleet, zkhosts, proxy, **options):
    config = fleet.config(zkhosts=zkhosts, connect_timeout=6)
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=config, **options), 0)
    assert proxy.requests, "it went that way"


def test_by_its_address(fleet, sixth):
    runs(fleet, sixth.address, sixth)


def test_in_a_list(fleet, sixth):
    runs(fleet, f"{sixth.address},{sixth.address},[::1]:1", sixth)


def test_in_a_list_of_both_kinds(fleet, sixth):
    runs(fleet, f"127.0.0.1:1,{sixth.address}", sixth)


def test_messages_have_the_brackets(fleet):
    config = fleet.config(zkhosts="[::1]:1", connect_timeout=1)
    run = fleet.run("--lockname", "a", "--", "false", config=config)
    assert_one_line(run, 69, "at [::1]:1 within", "[::1]:1: connection refused")


NAME = "zookeeper.example.org"


def knowing(fleet, hosts):
    """Words before what is to know these hosts."""
    file = fleet.write("hosts", hosts)
    return ("unshare", "--mount", "sh", "-c", f'mount --bind {file} /etc/hosts && exec "$0" "$@"')


def by_name(fleet, hosts, proxy):
    runs(fleet, f"{NAME}:{proxy.port}", proxy, prefixed=knowing(fleet, hosts))


def test_by_a_name_that_has_no_other_address(fleet, sixth):
    by_name(fleet, f"127.0.0.1 localhost\n::1 {NAME}\n", sixth)


def test_by_a_name_that_has_both(fleet, sixth):
    """Nobody listens on the other."""
    by_name(fleet, f"127.0.0.1 localhost {NAME}\n::1 {NAME}\n", sixth)


@pytest.fixture
def inside():
    """Words before what is to run where there is no other address."""
    holder = subprocess.Popen(["unshare", "--net", "sh", "-c",
                               "ip link set lo up && ip -4 address flush dev lo && echo && exec sleep 600"],
                              stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"\n"
    yield ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
    holder.kill()
    holder.communicate()


@pytest.fixture
def sixth_only(inside):
    """A server there."""
    server = ZooKeeperServer(host="::1", prefixed=inside, wait=False)
    yield server
    server.close()


@pytest.mark.parametrize("host", ["[::1]", NAME])
def test_where_there_is_no_other(fleet, ctl, shared_server, inside, sixth_only, host):
    server = sixth_only
    prefixed = (*inside, *knowing(fleet, f"127.0.0.1 {NAME}\n::1 {NAME}\n"))
    # The server takes its time to start.
    config = fleet.config(zkhosts=f"{host}:{server.port}", connect_timeout=30)
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=config, prefixed=prefixed), 0)
    check = ctl("check", "ensemble", config=config, prefixed=prefixed)
    assert f"{host}:{server.port}" in check.out
    assert check.code == 1 and f"version {shared_server.version}, a session within" in check.out, check


def test_by_tls_where_there_is_no_other(fleet, inside, authority, server_certificate):
    """The C client is told of an address that stands in for the server's, which is none of IPv6."""
    port = free_ports(1)[0]
    options = secure(port, server_certificate, authority, host="::1")
    server = ZooKeeperServer(host="::1", prefixed=inside, wait=False, **options)
    try:
        config = fleet.config(zkhosts=f"[::1]:{port}", connect_timeout=30, tls=settings(authority))
        run = fleet.run("--lockname", "a", "--", "echo", "ran", config=config, prefixed=inside)
        assert (run.code, run.out, run.err) == (0, "ran\n", "")
    finally:
        server.close()
