"""`switchmanctl check crontab --fleet`: what is paused or drained counts too."""

import pytest

from Support.fleet import HOST
from Support.server import free_ports
from Support.verdict import assert_one_line, assert_says, lines_of


@pytest.fixture
def tab(fleet):
    return lambda content: fleet.write("crontab", content)


def check(ctl, *words, **options):
    return ctl("check", "crontab", *words, **options)


def test_what_is_paused_is_a_finding_of_its_line(ctl, fleet, tab):
    ctl("pause", "report", "--until", "2038-01-01T00:00:00Z", "--why", "disk full")
    ctl("pause", "backpu")
    path = tab("* * * * * switchman -- report --x\n* * * * * switchman --lockname backup -- true\n"
               "* * * * * switchman --no-lock --lockname report -- true\n* * * * * switchman --lockname \"$R\" -- true\n")
    assert_one_line(check(ctl, path), "OK", "crontab", "4 switchman lines")
    run = check(ctl, "--fleet", path)
    assert_says(run, "WARNING", "crontab", f'{path}:1: job "report" is paused until 2038-01-01T00:00:00Z (by ',
                ": disk full)", f'{path}:3: warning: job "report" is paused',
                'warning: "backpu" is paused, and no line has that lockname; did you mean "backup"?')
    assert len(lines_of(run)) == 3, run.out
    ctl("resume", "report", "backpu")
    assert_one_line(check(ctl, "--fleet", path), "OK", "crontab")


def test_a_pause_of_all_jobs_is_said_once(ctl, fleet, tab):
    ctl("pause", "--all")
    path = tab("* * * * * switchman a\n* * * * * switchman b\n")
    assert_one_line(check(ctl, "--fleet", path), "WARNING", "crontab", "all jobs are paused (by", "switchmanctl resume --all")


def test_a_group_whose_hosts_are_all_drained(ctl, fleet, tab):
    fleet.prefix_data({"groups": {"web": [HOST, "h2"]}, "drained": [HOST]})
    path = tab("* * * * * switchman -g web a\n")
    assert_one_line(check(ctl, "--fleet", path), "OK", "crontab")
    ctl("drain", "h*")
    assert_one_line(check(ctl, "--fleet", path), "WARNING", "crontab", 'crontab:1: every host of group "web" is drained')


def test_the_rest_of_the_fleets_data_counts_as_ever(ctl, fleet, tab):
    fleet.prefix_data({"resources": ["db"], "totals": {"db": 4}})
    path = tab("* * * * * switchman -g none --lease db=1:5 --lease x=1:2 a\n")
    assert_says(check(ctl, "--fleet", path), "WARNING", "crontab", 'group "none"', "total 5 here, but 4 declared", 'resource "x"')


def test_a_fleet_that_cannot_be_read_is_unknown(ctl, fleet, tab):
    path = tab("* * * * * switchman a\n")
    away = fleet.config("away.conf", zkhosts=f"127.0.0.1:{free_ports(1)[0]}", connect_timeout=1)
    assert_one_line(check(ctl, path, config=away), "OK", "crontab")
    assert_one_line(check(ctl, "--fleet", path, config=away), "UNKNOWN", "crontab", "not checked against the fleet's data")
    other = tab("* * * * * switchman -c /no/such a\n")
    assert_one_line(check(ctl, "--fleet", other), "UNKNOWN", "crontab", "/no/such: no such configuration file")
    assert_one_line(check(ctl, "--fleet", "--offline", path), "UNKNOWN", "crontab", "exclude each other")
