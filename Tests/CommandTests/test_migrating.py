"""Docs/Migrating.md: which of the two switchmen a line runs, and whether an original still does."""

import os
import subprocess

import pytest

from Support import processes
from Support.eventually import eventually
from Support.manuscript import Page, Shell

PAGE = Page("Docs/Migrating.md")


@pytest.fixture
def shell(fleet, program, controller):
    shell = Shell(fleet.folder, program, controller, {"SWITCHMAN_CONFIG": fleet.config("operator.conf")}, {
        "/usr/bin/switchman": program, "PATH=/usr/bin:/bin": f"PATH={os.path.dirname(program)}:/usr/bin:/bin"})
    yield shell
    shell.close()


def test_all_that_is_shown_is_tried():
    assert PAGE.played() == {"Which of the two a line runs", "Whether an original still runs"}


def test_which_of_the_two_a_line_runs(shell):
    """With an original in front, it is that."""
    block, = PAGE.blocks("Which of the two a line runs")
    shell.play(block)
    shell.tool("switchman", "#!/usr/bin/perl\nprint qq(the original\\n);\n")
    (where, _), (what, _) = block
    shell.names = {"PATH=/usr/bin:/bin": f"PATH={shell.tools}:{shell.names['PATH=/usr/bin:/bin'].removeprefix('PATH=')}"}
    assert shell.type(where) + shell.type(what) == [f"{shell.tools}/switchman", "the original"]


@pytest.mark.parametrize("line", ["#!/usr/bin/perl", "#!/usr/bin/perl -w", "#!/usr/bin/env perl"])
def test_whether_an_original_still_runs(shell, fleet, line):
    """It is found, and none of ours is, whatever its command is called."""
    (command, expected), = PAGE.blocks("Whether an original still runs")[0]
    shell.tool("switchman", f"{line}\nsleep 60;\n")
    ours = fleet.start_job("a")
    with subprocess.Popen([f"{shell.tools}/switchman", "--lockname", "b", "--", "sleep", "9"]) as theirs:
        try:
            def found():
                return {int(line.split()[0]) for line in shell.type(command) if line != "none"}
            eventually(lambda: theirs.pid in found(), what="the original is found")
            assert not found() & {one.pid for one in processes.with_variable(ours.marker)}
        finally:
            theirs.kill()
    assert theirs.pid not in found()
    assert expected == ["none"]
    fleet.end_job("a")
    assert ours.wait() == 0
