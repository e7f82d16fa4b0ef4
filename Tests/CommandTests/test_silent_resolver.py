"""A name server that hangs: it is asked for as long as the connect timeout, and only by whoever needs this host's full name."""

import socket

import pytest

from Support.eventually import now
from Support.fleet import assert_one_line

SILENT = "127.0.0.9"


@pytest.fixture
def lost(fleet):
    """Words before a run on a host that knows its name from nowhere, and whose name server never answers."""
    resolver = fleet.write("resolv.conf", f"nameserver {SILENT}\n")
    hosts = fleet.write("hosts", "127.0.0.1 localhost\n")
    switch = fleet.write("nsswitch.conf", "hosts: files dns\n")
    script = f"mount --bind {resolver} /etc/resolv.conf; mount --bind {hosts} /etc/hosts; " \
        f'mount --bind {switch} /etc/nsswitch.conf; hostname nowhere; exec "$0" "$@"'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        # Another test may have one there as well.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((SILENT, 53))
        yield ("unshare", "--mount", "--uts", "sh", "-c", script)


def test_who_needs_no_full_name_goes_on(fleet, lost):
    began = now()
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "echo ran $RES_OPTIONS", prefixed=lost,
                    config=fleet.config("lost.conf", fqdn=None, connect_timeout=2))
    assert (run.code, run.out, run.err) == (0, "ran\n", "") and now() - began < 12


def test_who_needs_it_is_told(fleet, lost):
    began = now()
    run = fleet.run("--lockname", "a", "-g", "g", "--", "false", prefixed=lost,
                    config=fleet.config("lost.conf", fqdn=None, connect_timeout=2))
    assert_one_line(run, 78, "fully qualified name", "fqdn")
    assert now() - began < 12


@pytest.mark.parametrize("check", ["ensemble", "hosts"])
def test_the_checks_ask_for_all_names_at_once(ctl, fleet, lost, check):
    """By themselves four names would take 40 s and more."""
    hosts = ",".join(f"zk{number}.example.org:2181" for number in range(4))
    config = fleet.config("lost.conf", zkhosts=hosts, connect_timeout=2)
    run = ctl("check", check, prefixed=lost, config=config, within=20)
    assert run.code == 2 and "the name service does not answer" in run.out
