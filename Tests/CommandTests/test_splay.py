"""--splay: a delay fixed for each host and lockname, before anything is asked of a server."""

import signal

from Support.eventually import always, now
from Support.fleet import assert_silent

MASK = (1 << 64) - 1


def delay(limit_s, host, lockname):
    """FNV-1a and MurmurHash3's last step, as Splay.swift has them."""
    value = 0xcbf29ce484222325
    for byte in host.encode() + b"\0" + lockname.encode():
        value = (value ^ byte) * 0x100000001b3 & MASK
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        value = (value ^ value >> 33) * factor & MASK
    return limit_s * (value ^ value >> 33) / 2 ** 64


def host_with(lowest, highest, limit_s, lockname="a"):
    """A host whose delay is between these."""
    names = (f"host{number}.example.org" for number in range(10000))
    return next(name for name in names if lowest <= delay(limit_s, name, lockname) <= highest)


def test_each_host_has_its_own_delay(fleet, proxy):
    """Before it connects, and always the same."""
    early, late = host_with(0, 0.1, 3), host_with(1.2, 1.4, 3)
    for host in (early, late, late):
        connections = len(proxy.handshakes)
        run = fleet.run("--lockname", "a", "--splay", 3, "--", "true", config=fleet.config(zkhosts=proxy.address, fqdn=host))
        assert_silent(run, 0)
        connected_after = proxy.handshakes[connections][0] - run.began
        assert delay(3, host, "a") <= connected_after < delay(3, host, "a") + 0.6


def test_it_does_not_count_as_waiting(fleet):
    """connect_timeout begins afterwards, and so do the lock's limits."""
    host = host_with(1.5, 1.8, 3)
    config = fleet.config(fqdn=host, connect_timeout=1)
    assert_silent(fleet.run("--lockname", "a", "--splay", 3, "--", "true", config=config), 0)


def test_a_signal_ends_it_before_anything_is_connected(fleet, proxy):
    for number in (signal.SIGTERM, signal.SIGHUP):
        run = fleet.start("--lockname", "a", "--splay", "1d", "--", "false", config=fleet.config(
            zkhosts=proxy.address, fqdn=host_with(3600, 86400, 86400)))
        always(lambda run=run: run.running, during=0.3)
        sent = now()
        run.send(number)
        assert run.wait() == 128 + number and now() - sent < 2
    assert proxy.handshakes == [] and run.err == ""


def test_a_splay_of_zero_is_none(fleet):
    assert_silent(fleet.run("--lockname", "a", "--splay", 0, "--", "true"), 0)
