"""The crontabs of README.md and of Examples, as they stand, run by Debian's own cron."""

import json
import pathlib
import re

import pytest

from Support.cron import Cron
from Support.eventually import eventually
from Support.manuscript import Page

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCAL = "/usr/local/bin/"

# A job that writes down how it was started.
REPORT = """#!/bin/sh
echo "$0 $*, PATH=$PATH" > {folder}/$(basename "$0").new && mv {folder}/$(basename "$0").new {folder}/$(basename "$0").ran
"""


def crontab_of_the_readme():
    return Page("README.md").listing("A first crontab line", "PATH=")


@pytest.fixture
def host(fleet, program, controller):
    """Starts cron with a crontab on a host on which README.md's installation was followed."""
    started = []

    def start(crontab):
        programs = {"switchman": program, "switchmanctl": controller}
        for name in re.findall(rf"{LOCAL}([\w-]+)", crontab):
            programs.setdefault(name, REPORT.format(folder=fleet.folder))
        started.append(Cron(fleet.folder, crontab, programs, json.dumps(fleet.settings)))
        return started[-1]
    yield start
    for cron in started:
        cron.close()


def ran(fleet, cron, job):
    """How it was started, once it was."""
    path = pathlib.Path(fleet.folder, f"{job}.ran")
    eventually(path.exists, within=70, what=lambda: f"{job} ran; what was mailed: {cron.mails()}")
    return path.read_text().strip()


def outcomes(fleet, lockname):
    return [(run["outcome"], run["code"]) for run in fleet.record(lockname)["runs"]]


def test_the_first_crontab_of_the_readme(fleet, host):
    text = crontab_of_the_readme()
    path, line = text.splitlines()
    lockname = re.search(r"--lockname (\S+)", line)[1]
    job, arguments = re.search(rf"-- {LOCAL}(\S+) (.*)", line).groups()
    cron = host(text)
    assert ran(fleet, cron, job) == f"{LOCAL}{job} {arguments}, {path}"
    cron.wait_idle()
    assert cron.mails() == []
    assert outcomes(fleet, lockname) == [("ran", 0)]


def test_the_crontab_of_the_examples(fleet, host):
    """Two of its lines are due, and all that they name is installed."""
    text = (ROOT / "Examples/crontab").read_text()
    path = re.search("^PATH=(.*)$", text, re.MULTILINE)[1]
    due = re.findall(rf"^\*(?:/5)? .* -- {LOCAL}(\S+)$", text, re.MULTILINE)
    assert len(due) == 2
    cron = host(text)
    for job in due:
        assert ran(fleet, cron, job) == f"{LOCAL}{job} , PATH={path}"
    cron.wait_idle()
    assert cron.mails() == []
    assert [outcomes(fleet, job) for job in due] == [[("ran", 0)]] * 2


def test_without_its_path_line_it_is_not_found(fleet, host):
    """And what a job says is mailed here, so that no mail means something above."""
    cron = host(re.sub("^PATH=.*\n", "", crontab_of_the_readme()))
    eventually(cron.mails, within=70, what="a mail")
    cron.wait_idle()
    mail, = cron.mails()
    assert "switchman: not found" in mail
