"""Limits of the process that are too low to work with: a working run, or one line that names the limit and is true."""

import os
import resource

import pytest

from Support.control import assert_refused
from Support.fleet import assert_one_line, assert_silent

KB = 1024


def limited(what, most):
    """Soft and hard."""
    return {"preexec_fn": lambda: resource.setrlimit(what, (most, most))}


@pytest.mark.parametrize("most_kb", [16, 24, 32, 64, 128, 192])
def test_a_stack_that_is_too_small(ctl, fleet, most_kb):
    options = limited(resource.RLIMIT_STACK, most_kb * KB)
    mentions = ("ulimit -s", f"is {most_kb} kB", "256 kB")
    assert_one_line(fleet.run("--lockname", "a", "--", "true", **options), 71, *mentions)
    assert_one_line(fleet.bare("--help", **options).finished(), 71, *mentions)
    assert_refused(ctl("status", **options), 71, *mentions)
    fleet.assert_no_trace()


def test_a_stack_that_is_just_large_enough(ctl, fleet):
    """Of a session with several servers, whose names are looked up, and with a configuration that is nested as deep as may be."""
    options = limited(resource.RLIMIT_STACK, 256 * KB)
    host, port = fleet.address.split(":")
    names = fleet.config("names.conf", zkhosts=f"localhost:{port},{host}:{port},ip6-localhost:{port}")
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=names, **options), 0)
    assert ctl("status", config=names, **options).code == 0
    deep = fleet.write("deep.conf", "[" * 100_000)
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=deep, **options), 78, "deep.conf")


def test_arguments_and_environment_lie_on_the_stack_too(fleet):
    run = fleet.run("--lockname", "a", "--", "true", env={"MUCH": "x" * 100_000}, **limited(resource.RLIMIT_STACK, 256 * KB))
    assert_one_line(run, 71, "ulimit -s", "320 kB")
