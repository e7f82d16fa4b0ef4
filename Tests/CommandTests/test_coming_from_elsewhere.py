"""Docs/ComingFromElsewhere.md: each line of ours does what its row says."""

import os
import re

import pytest

from Support.manuscript import Page, Shell

PAGE = Page("Docs/ComingFromElsewhere.md")
LINES = [(theirs, ours) for theirs, ours in re.findall(r"^\| (`.*?) \| `(\[? ?.*?)` \|", PAGE.text, re.M) if "switchman -" in ours]
COMMANDS = ("report", "read-it", "write-it", "daemon", "fetch")


@pytest.fixture
def shell(fleet, program, controller):
    fleet.resources("table", "fetch")
    shell = Shell(fleet.folder, program, controller, {"SWITCHMAN_CONFIG": fleet.config("operator.conf")}, {
        "/usr/bin/report": f"{fleet.folder}/tools/report", "sleep infinity": "sleep 0.1"})
    for name in COMMANDS:
        shell.tool(name, "#!/bin/sh\necho ran $*\n")
    return shell


def test_there_are_as_many_as_there_should_be():
    assert len(LINES) >= 18


@pytest.mark.parametrize("theirs, ours", LINES)
def test_it_runs_the_command(shell, fleet, theirs, ours):
    printed = shell.type(ours + "; echo $?")
    if "> out" in ours:
        printed = [*shell.type("cat out"), *printed]
    assert printed in (["ran", "0"], ["ran --fast", "0"]) or "sleep" in ours and printed == ["0"], printed


@pytest.mark.parametrize("ours, code", [
    (ours, int(code[1]) if (code := re.search(r"--exit-code locked=(\d+)", ours)) else 0)
    for _, ours in LINES if "--no-lock" not in ours and "forever" not in ours and "--lease" not in ours])
def test_it_skips_with_the_code_that_is_said(shell, fleet, ours, code):
    lockname = name[1] if (name := re.search(r"--lockname (\S+)", ours)) else ours.split(" -- ")[1].split()[0]
    fleet.start_job("holder", arguments=("--lockname", lockname))
    assert shell.type(re.sub("--wait (60|30s)", "--wait 1", ours) + "; echo $?") == [str(code)]
    fleet.end_job("holder")


@pytest.mark.parametrize("ours, code", [("switchman --exit-code locked=1 -- report", 0), ("switchman -E 1 -- report", 1)])
def test_the_code_of_a_held_lock_is_not_that_of_a_pause(shell, fleet, ours, code):
    assert ("`switchman --exit-code locked=1 -- report`" in PAGE.text) and ("gives it to all of them" in PAGE.text)
    fleet.prefix_data({"paused": ["report"]})
    assert shell.type(ours + "; echo $?") == [str(code)]


def test_a_command_that_is_not_there_is_127(shell):
    assert shell.type("switchman -- nowhere 2> /dev/null; echo $?") == ["127"]
    assert "127 (126 if it cannot be executed)" in PAGE.text


def test_the_new_exit_codes_are_those_of_the_program(shell):
    """None is forgotten, and none is left that is no more."""
    said = shell.type("switchman --help")
    codes = {int(code) for line in said for code in re.findall(r"(?:^| )\s*(\d+) +[a-z]+(?:-[a-z]+)*(?: |:|$)", line)}
    told = re.search(r"look out for\n(.*?)\n- ", PAGE.text, re.S)[1]
    numbers = {int(number) for number in re.findall(r"\b\d+\b", told)} | set(range(79, 82))
    assert codes - {0, 126, 127, 128} == numbers, (codes, numbers)


def test_what_waits_does_so(shell, fleet):
    """A line with `forever`, while the lock is held."""
    waiting = [ours for _, ours in LINES if "--wait forever" in ours]
    assert len(waiting) >= 6
    fleet.start_job("holder", arguments=("--lockname", "report"))
    shell.begin(waiting[0])
    fleet.waiting("report")
    fleet.end_job("holder")
    assert shell.begun[0].wait() == 0


def test_readers_share_and_writers_do_not(shell, fleet):
    reader, writer = (ours for _, ours in LINES if "table=" in ours)
    fleet.start_job("a", arguments=("--no-lock", "--lockname", "a", "--lease", "table=1:100"))
    assert shell.type(reader) == ["ran"]
    assert shell.type(writer.replace("--lease ", "--lease-wait 0 --lease ") + "; echo $?")[-1] == "75"
    fleet.end_job("a")


def test_the_script_that_locks_itself(shell, fleet):
    line = PAGE.listing("flock", "SWITCHMAN_LOCKNAME")
    shell.tool("myscript", f"#!/bin/sh\n{line}echo in as $SWITCHMAN_LOCKNAME\n")
    assert shell.type("myscript") == shell.type("switchman --lockname outer -- myscript") == ["in as myscript"]
    fleet.start_job("holder", arguments=("--lockname", "myscript"))
    assert shell.type("myscript") == []
    fleet.end_job("holder")


def test_a_test_in_front_that_fails_is_the_lines_exit_code(shell, fleet):
    """As it is with flock, and nothing is run: by then there is no such program."""
    row, = [(theirs, ours) for theirs, ours in LINES if "[ -x " in ours]
    os.unlink(f"{shell.tools}/report")
    for line in row[0].strip("`"), row[1]:
        assert shell.type(line + "; echo $?") == ["1"], line
    assert fleet.list("jobs") == []


def test_flock_says_what_the_page_says_of_it(shell):
    assert shell.type("flock lock sleep 1 & sleep 0.3; flock -n lock true; echo $?; flock -n -E 75 lock true; echo $?; wait") == [
        "1", "75"]
