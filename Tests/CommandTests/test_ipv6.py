"""Servers that are reached over IPv6."""

import subprocess

import pytest

from Support.fleet import assert_silent
from Support.proxy import Proxy
from Support.server import ZooKeeperServer


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
def sixth_only():
    """Words before what is to run where there is no other address, and a server there."""
    holder = subprocess.Popen(["unshare", "--net", "sh", "-c",
                               "ip link set lo up && ip -4 address flush dev lo && echo && exec sleep 600"],
                              stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"\n"
    prefixed = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
    server = ZooKeeperServer(host="::1", prefixed=prefixed, wait=False)
    yield prefixed, server
    server.close()
    holder.kill()
    holder.communicate()


@pytest.mark.parametrize("host", ["[::1]", NAME])
def test_where_there_is_no_other(fleet, ctl, shared_server, sixth_only, host):
    inside, server = sixth_only
    prefixed = (*inside, *knowing(fleet, f"127.0.0.1 {NAME}\n::1 {NAME}\n"))
    # The server takes its time to start.
    config = fleet.config(zkhosts=f"{host}:{server.port}", connect_timeout=30)
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=config, prefixed=prefixed), 0)
    check = ctl("check", "ensemble", config=config, prefixed=prefixed)
    assert check.code == 1 and f"version {shared_server.version}, a session within" in check.out, check
