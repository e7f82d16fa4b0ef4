"""Servers that are reached over IPv6."""

import pytest

from Support.fleet import assert_silent
from Support.proxy import Proxy


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


def by_name(fleet, hosts, proxy):
    file = fleet.write("hosts", hosts)
    bind = ("unshare", "--mount", "sh", "-c", f'mount --bind {file} /etc/hosts && exec "$0" "$@"')
    runs(fleet, f"zookeeper.example.org:{proxy.port}", proxy, prefixed=bind)


def test_by_a_name_that_has_no_other_address(fleet, sixth):
    by_name(fleet, "127.0.0.1 localhost\n::1 zookeeper.example.org\n", sixth)


def test_by_a_name_that_has_both(fleet, sixth):
    """Nobody listens on the other."""
    by_name(fleet, "127.0.0.1 localhost zookeeper.example.org\n::1 zookeeper.example.org\n", sixth)
