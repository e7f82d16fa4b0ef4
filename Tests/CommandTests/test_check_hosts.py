"""`switchmanctl check hosts`: names of this host, of the hosts in groups, and of the servers."""

import os

import pytest

from Support.control import Control
from Support.fleet import HOST
from Support.server import free_ports
from Support.verdict import assert_one_line, assert_says


def check(ctl, *words, **options):
    return ctl("check", "hosts", *words, **options)


@pytest.fixture
def ctl(controller, fleet):
    """The operator on a host of our own making: `hosts` is its /etc/hosts, and there is no other name service."""
    hosts = fleet.write("hosts", "127.0.0.1 localhost\n192.0.2.1 host1.example.org\n192.0.2.2 host2.example.org\n"
                        "192.0.2.9 self.example.org self\n")
    resolver, switch = fleet.write("resolv.conf", ""), fleet.write("nsswitch.conf", "hosts: files\n")
    script = fleet.write("there", f"""#!/bin/sh
exec unshare --mount --uts sh -c 'mount --bind {hosts} /etc/hosts && mount --bind {resolver} /etc/resolv.conf &&
    mount --bind {switch} /etc/nsswitch.conf && hostname "${{NAME:-self}}" && exec {controller} "$@"' sh "$@"
""")
    os.chmod(script, 0o755)
    return Control(script, fleet)


def test_all_names_agree(ctl, fleet):
    fleet.prefix_data({"groups": {"web": [HOST, "host2.example.org"], "all": ["web"]}})
    run = check(ctl, config=fleet.config(fqdn=None))
    assert_says(run, "OK", "hosts", "this host is self.example.org, of no group", f"{fleet.address}: note: connects within")


def test_the_groups_of_this_host(ctl, fleet):
    fleet.prefix_data({"groups": {"web": [HOST], "all": ["web"], "other": ["host2.example.org"]}})
    run = check(ctl)
    assert_says(run, "OK", "hosts", f"this host is {HOST}, of all, web",
                "note: fqdn in the configuration says host1.example.org; without it this host would be self.example.org")


def test_groups_without_a_host(ctl, fleet):
    fleet.prefix_data({"groups": {"web": [HOST], "empty": [], "hollow": ["empty"]}})
    run = check(ctl)
    assert_says(run, "WARNING", "hosts", 'group "empty": has no host', 'group "hollow": warning: has no host',
                "switchmanctl groups add hollow HOST, or groups remove hollow")
    assert 'group "web"' not in run.out


def test_hosts_that_are_named_are_of_some_group(ctl, fleet):
    fleet.prefix_data({"groups": {"web": ["inner"], "inner": ["host2.example.org"]}, "drained": ["host2.example.org"]})
    assert_says(check(ctl, "host2.example.org"), "OK", "hosts")
    assert_says(check(ctl, "host2.example.org", "other.example.org"), "WARNING", "hosts",
                "host other.example.org: is in no group; switchmanctl groups add GROUP other.example.org")
    said = ctl.json("check", "hosts", "host2.example.org", "Host2.example.org", code=1)
    assert said["facts"]["hosts"] == [{"host": "host2.example.org", "groups": ["inner", "web"]},
                                      {"host": "Host2.example.org", "groups": []}]


@pytest.mark.parametrize("members, mention", [
    ([HOST, HOST], f'names "{HOST}" twice'),
    (["host1.example.ORG"], f'"host1.example.ORG" is not this host, which calls itself {HOST}: case counts'),
    (["host2.example.org", "Host2.example.org"], 'differ in case alone'),
    (["host3.example.org"], '"host3.example.org" does not resolve'),
    (["host2.example.org."], "ends in a dot"),
    (["spare"], '"spare" is no group, and as a host\'s name it is not fully qualified'),
    (["host 2.example.org"], "cannot be a host's name"),
    ([""], "cannot be a host's name"),
    (["evil\x1b[2J.example.org"], 'evil?[2J'),
])
def test_names_that_nobody_has(ctl, fleet, members, mention):
    fleet.prefix_data({"groups": {"web": members}})
    run = check(ctl)
    assert_says(run, "WARNING", "hosts", 'group "web": ', mention)


def test_a_drained_host_that_is_nobody(ctl, fleet):
    fleet.prefix_data({"drained": ["gone.example.org"]})
    assert_says(check(ctl), "WARNING", "hosts", 'drained: "gone.example.org" does not resolve')


def test_a_host_without_a_domain(ctl, fleet):
    run = check(ctl, config=fleet.config(fqdn=None), env={"NAME": "localhost"})
    assert_says(run, "WARNING", "hosts", 'calls itself "localhost", which is not fully qualified')


def test_a_host_without_a_name(ctl, fleet):
    run = check(ctl, config=fleet.config(fqdn=None), env={"NAME": "nobody"})
    assert_says(run, "WARNING", "hosts", "this host is without a name", "cannot determine this host's fully qualified name")


def test_a_server_that_is_away(ctl, fleet):
    port = free_ports(1)[0]
    run = check(ctl, config=fleet.config(zkhosts=f"{fleet.address},127.0.0.1:{port},gone.example.org"))
    assert_says(run, "WARNING", "hosts", f"127.0.0.1:{port}: cannot connect: Connection refused",
                "gone.example.org:2181: warning: the name does not resolve")


def test_all_servers_are_away(ctl, fleet):
    port = free_ports(1)[0]
    run = check(ctl, config=fleet.config(zkhosts=f"127.0.0.1:{port}"))
    assert_says(run, "CRITICAL", "hosts", "no server answers", f"127.0.0.1:{port}: critical: cannot connect")


def test_prefix_data_that_is_none(ctl, fleet):
    fleet.prefix_data("[1]")
    assert_says(check(ctl), "CRITICAL", "hosts", fleet.prefix, "must be an object")


def test_no_prefix_yet(ctl, fleet):
    assert_says(check(ctl), "OK", "hosts")
    assert not fleet.client.exists(fleet.prefix)


def test_json(ctl, fleet):
    fleet.prefix_data({"groups": {"web": [HOST]}})
    said = ctl.json("check", "hosts")
    assert (said["facts"]["host"], said["facts"]["groups"]) == (HOST, ["web"])
    assert said["facts"]["servers"][0]["answers"] is True


@pytest.mark.parametrize("words, mention", [
    (("a/b",), 'host "a/b"'), (("a.*",), "is a pattern"), (("--frobnicate",), "--frobnicate"),
    (("-c", "/no/such"), "/no/such: no such configuration file"),
])
def test_bad_input_is_unknown_and_3(ctl, words, mention):
    assert_one_line(check(ctl, *words), "UNKNOWN", "hosts", mention)
