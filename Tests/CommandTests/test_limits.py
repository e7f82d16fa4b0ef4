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


def test_with_three_open_files_the_system_loads_no_program(ctl, fleet):
    """The dynamic linker has none for a library, and says so."""
    options = limited(resource.RLIMIT_NOFILE, 3)
    for run in fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), **options), ctl("status", **options):
        assert (run.code, run.out, len(run.err.splitlines())) == (127, "", 1) and "loading shared libraries" in run.err
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()


@pytest.mark.parametrize("first", range(4, 41, 6))
def test_open_files_few_or_enough(ctl, fleet, first):
    for most in range(first, min(first + 6, 41)):
        options = limited(resource.RLIMIT_NOFILE, most)
        found = [fleet.run("--lockname", "a", "--", "true", **options),
                 fleet.run("--dry-run", "--lockname", "a", "--", "true", **options)]
        if most < 3 + 24:
            for run in found:
                assert_one_line(run, 71, f"ulimit -n) is {most},", "24 are needed")
            assert_refused(ctl("status", **options), 71, f"ulimit -n) is {most},", "24 are needed")
        else:
            assert [(run.code, run.err) for run in (*found, ctl("status", **options))] == [(0, "")] * 3


def test_the_least_number_of_open_files_is_enough_for_everything(fleet, tmp_path):
    """Log, metrics, a hook, several servers by name, leases."""
    fleet.resources("r")
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    host, port = fleet.address.split(":")
    config = fleet.config(
        zkhosts=",".join(f"{name}:{port}" for name in ("localhost", host, "ip6-localhost", "127.0.0.2", "127.0.0.3")),
        logfile=fleet.flag("log"), metrics_directory=str(metrics), hooks={"succeeded": f"echo it >{fleet.flag('hook')}"})
    run = fleet.run("--lockname", "a", "--lease", "r=1:1", "--retries", 1, "--", "true", config=config,
                    **limited(resource.RLIMIT_NOFILE, 27))
    assert_silent(run, 0)
    with open(fleet.flag("hook"), encoding="ascii") as file:
        assert file.read() == "it\n"
    assert list(metrics.iterdir()) and "outcome=ran" in open(fleet.flag("log"), encoding="utf-8").read()


def test_descriptors_that_are_inherited_count(fleet, tmp_path):
    with open(tmp_path / "file", "wb") as file:
        def prepare():
            for number in range(10, 30):
                os.dup2(file.fileno(), number)
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        run = fleet.run("--lockname", "a", "--", "true", preexec_fn=prepare, close_fds=False)
    assert_one_line(run, 71, "ulimit -n) is 40,", "beside those that are open already")


def test_the_code_can_be_chosen(fleet):
    run = fleet.run("--exit-code", "os-error=7", "--lockname", "a", "--", "true", **limited(resource.RLIMIT_NOFILE, 8))
    assert_one_line(run, 7, "ulimit -n")
