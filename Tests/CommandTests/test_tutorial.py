"""Docs/Tutorial.md, typed from the top: each command, and its crontab under Debian's own cron on two hosts."""

import json
import pathlib
import re

import pytest

from Support.cron import Cron
from Support.eventually import eventually
from Support.manuscript import Page, Shell

PAGE = Page("Docs/Tutorial.md")
ME = "web1.example.org"
SERVERS = "zk1.example.org:2181,zk2.example.org:2181,zk3.example.org:2181"
FLEET = "/etc/cron.d/fleet"
# A job that writes down on which host it was started.
JOB = """#!/bin/sh
echo {host} >> {folder}/$(basename "$0").ran
"""


@pytest.fixture
def shell(fleet, program, controller):
    fleet.settings["fqdn"] = ME
    shell = Shell(fleet.folder, program, controller, {"SWITCHMAN_CONFIG": fleet.config("operator.conf")},
                  {"/sandbox": fleet.prefix})
    # What is started with & holds its lock before the next command is typed.
    shell.settled = fleet.running_once
    yield shell
    shell.close()


def test_every_part_is_played():
    assert PAGE.played() == {f"{number}. {title}" for number, title in enumerate((
        "A server to throw away", "A lock", "Hosts", "Limits", "The fleet", "The crontab", "Know that it runs"), 1)}
    assert PAGE.blocks("1. A server to throw away") == [[("switchmanctl sandbox", [])]]


def test_in_the_sandbox(shell):
    for part in "2. A lock", "3. Hosts", "4. Limits":
        for block in PAGE.blocks(part):
            shell.play(block)


def test_the_fleet(fleet, shell, tmp_path):
    """Its configuration is a valid one; then the commands, at the test's server."""
    written = json.loads(PAGE.section("5. The fleet").split("       {\n")[1].split("\n\n")[0].join(["{", ""]))
    assert written["prefix"] == "/switchman" and written["zkhosts"] == SERVERS
    assert {"prefix", "zkhosts", "syslog"} == set(written)
    shell.names = {"/etc/switchman.conf": fleet.config("operator.conf", syslog=None), SERVERS: fleet.address,
                   "/switchman": fleet.prefix}
    for block in PAGE.blocks("5. The fleet"):
        shell.play(block)
    assert "web1.example.org, web2.example.org" in shell.type("switchmanctl groups list")[1]


def test_the_crontab_is_well_formed_and_the_job_is_known(fleet, shell, program, tmp_path):
    folder = tmp_path / "etc/cron.d"
    folder.mkdir(parents=True)
    # Where switchman is installed here; the jobs are not.
    shell.fleeting = ["/usr/local/bin/report on this host", "/usr/local/bin/clean on this host"]
    text = PAGE.listing("6. The crontab", "MAILTO").replace("PATH=/usr/local/bin:", f"PATH={pathlib.Path(program).parent}:")
    assert str(pathlib.Path(program).parent) in text
    (folder / "fleet").write_text(text)
    shell.names[FLEET] = str(folder / "fleet")
    for block in PAGE.blocks("6. The crontab"):
        shell.play(block)
    fleet.run("--lockname", "report", "--", "true", config=fleet.config("web2.conf", fqdn="web2.example.org"))
    for block in PAGE.blocks("7. Know that it runs"):
        shell.play(block)


def test_the_crontab_on_two_hosts(fleet, program, controller, tmp_path):
    """One of them reports, and both clean; nobody gets a mail."""
    text = re.sub(r"  root  ", "  ", PAGE.listing("6. The crontab", "MAILTO")).replace("$(hostname -f)", "$(cat /etc/hostname)")
    hosts = []
    try:
        for name in "web1", "web2":
            folder = tmp_path / name
            folder.mkdir()
            programs = {"switchman": program, **{job: JOB.format(host=name, folder=tmp_path) for job in ("report", "clean")}}
            hosts.append(Cron(folder, text, programs, json.dumps({**fleet.settings, "fqdn": f"{name}.example.org"}), hostname=name))
        ran = {job: pathlib.Path(tmp_path, f"{job}.ran") for job in ("report", "clean")}
        eventually(lambda: all(path.exists() for path in ran.values()) and len(ran["clean"].read_text().split()) == 2,
                   within=90, what="all have run")
        for host in hosts:
            host.wait_idle()
        assert sorted(ran["clean"].read_text().split()) == ["web1", "web2"]
        assert len(ran["report"].read_text().split()) == 1
        assert [host.mails() for host in hosts] == [[], []]
    finally:
        for host in hosts:
            host.close()
