"""A lockname is one ZooKeeper node: 1 to 512 bytes, no slash, no control characters; `0` and empty are refused."""

import pytest

from Support.fleet import assert_one_line, assert_silent


@pytest.mark.parametrize("name", [
    "", "0", "x" * 513, "é" * 257, "a/b", "/a", "/", ".", "..", "a\nb", "a\tb", "a\x01", "a\x7f", "a\x85b", "a\x1b[31m",
    b"\xff\xfe", b"a\xc3", "a\uffff",
], ids=ascii)
def test_refused(fleet, name):
    fleet.resources("r")
    assert_one_line(fleet.run("--lockname", name, "--", "false"), 64, "lockname")
    fleet.assert_no_trace()


@pytest.mark.parametrize("name", ["x" * 512, "é" * 256, "a b", "jöb", "...", "00", "0.0", "-x", "a=b", "日本語", "_"])
def test_accepted(fleet, name):
    assert_silent(fleet.run(f"--lockname={name}", "--", "true"), 0)
    assert fleet.list("jobs") == [name]


def test_the_default_is_the_commands_base_name(fleet):
    assert_silent(fleet.run("--", "/bin/true", "x"), 0)
    assert fleet.list("jobs") == ["true"]


def test_the_default_that_cannot_be_a_lockname_is_refused(fleet):
    assert_one_line(fleet.run("--", "/"), 64, "lockname")
    assert_one_line(fleet.run("--", "0"), 64, "lockname")
    fleet.assert_no_trace()


def test_no_control_character_reaches_the_callers_terminal(fleet):
    run = fleet.run("--lockname", "a\x1b[2Jb", "--", "false")
    assert "\x1b" not in run.err
