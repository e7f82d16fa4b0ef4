"""README.md: its commands print what it says, in the order in which a newcomer types them."""

import re

import pytest

from Support.fixtures import ROOT
from Support.manuscript import Page, Shell, indented

PAGE = Page("README.md")


@pytest.fixture
def shell(fleet, program, controller):
    fleet.settings["fqdn"] = "web1.example.org"
    shell = Shell(fleet.folder, program, controller, {"SWITCHMAN_CONFIG": fleet.config("operator.conf")},
                  {"/switchman": fleet.prefix})
    shell.tool("nightly-report", "#!/bin/sh\n")
    shell.settled = fleet.running_once
    yield shell
    shell.close()


def test_what_is_shown_of_leases(shell):
    assert PAGE.played() == {"Leases"}
    for block in PAGE.blocks("Leases"):
        shell.play(block)


def test_the_runs_of_use_would_start(fleet, shell):
    """Each line, on a fleet that has the group and the resources that it names, and has run the jobs that it comes after."""
    fleet.prefix_data({"groups": {"web": [fleet.settings["fqdn"]]}, "resources": ["FQDN_cpu", "host_cpu", "db", "api", "part"],
                       "totals": {"FQDN_cpu": 2, "host_cpu": "CPU"}})
    for job in ("extract", "clean"):
        assert fleet.run("--lockname", job, "--", "true").code == 0
    lines = [line.split(" # ")[0].strip() for block in indented(PAGE.section("Use")) for line in block]
    assert len(lines) >= 10
    for line in lines:
        if "--dry-run" not in line:
            line = line.replace("switchman ", "switchman --dry-run ", 1)
        said, = shell.type(line + "; echo $?")[:-1]
        assert re.search("would start", said), (line, said)


def test_the_exceptions_of_the_promise_are_behind_the_link():
    guarantees = (ROOT / "Docs/Guarantees.md").read_text(encoding="utf-8")
    assert "## The limits" in guarantees and "Docs/Guarantees.md#the-limits" in PAGE.section("The promise")


def test_that_it_is_open_stands_in_the_first_screen():
    assert "As installed it is open" in "\n".join(PAGE.text.splitlines()[:24])
