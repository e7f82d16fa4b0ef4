"""A sandbox or a kernel that refuses a system call which the guarding of a command depends on."""

import errno
import os
import subprocess

import pytest

from Support.eventually import always
from Support.fixtures import ROOT
from Support.fleet import assert_one_line

CALLS = ["socketpair", "signalfd", "timerfd_create", "timerfd_settime", "eventfd", "poll", "ppoll", "flock"]


def denied(call, error):
    """The words of a sandbox."""
    return "/usr/bin/python3", ROOT / "Tests/Support/denied.py", call, error


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS"])
@pytest.mark.parametrize("call", CALLS)
def test_what_a_run_needs_is_refused_so_nothing_starts(fleet, call, error):
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), prefixed=denied(call, error))
    assert_one_line(run, 71, f"{call} failed", os.strerror(getattr(errno, error)), "seccomp")
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS"])
def test_no_process_can_adopt_orphans(fleet, error):
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), prefixed=denied("prctl", error))
    assert_one_line(run, 71, "PR_SET_CHILD_SUBREAPER")
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()


def test_no_thread_can_be_made(fleet, controller):
    """With ENOSYS the C library takes the older call."""
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), prefixed=denied("clone3", "EPERM"))
    assert_one_line(run, 71, "cannot make a thread", "clone3")
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()
    told = subprocess.run([*denied("clone3", "EPERM"), controller, "status", "--config", fleet.config()],
                          capture_output=True, text=True)
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (71, "", 1)
    assert "cannot make a thread" in told.stderr and "clone3" in told.stderr


@pytest.mark.parametrize("call", ["timerfd_create", "timerfd_settime", "eventfd", "poll"])
def test_a_dry_run_names_it_too(fleet, call):
    run = fleet.run("--lockname", "a", "--dry-run", "--", "true", prefixed=denied(call, "EPERM"))
    assert_one_line(run, 71, f"{call} failed", os.strerror(errno.EPERM))


@pytest.mark.parametrize("call", ["signalfd", "timerfd_create", "timerfd_settime", "eventfd", "poll"])
def test_the_operators_tool_names_it_too(fleet, controller, call):
    told = subprocess.run(
        [*denied(call, "EPERM"), controller, "status", "--config", fleet.config()], capture_output=True, text=True)
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (71, "", 1)
    assert f"{call} failed: {os.strerror(errno.EPERM)}" in told.stderr


@pytest.fixture
def refusing(tmp_path):
    """The environment in which these calls fail once the file is there."""
    library = tmp_path / "failing.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "Tests/Support/failing.c"], check=True)
    return lambda calls, file: {
        "LD_PRELOAD": str(library), "SWITCHMAN_TEST_FAILING": calls, "SWITCHMAN_TEST_REFUSED": file}


@pytest.mark.parametrize("whose", ["settime-of-guardian", "settime-of-guardian settime-of-others"])
def test_a_guardian_that_cannot_set_its_timer_any_more_kills_at_once(fleet, refusing, whose):
    """The run's heartbeats would go on, and its deadline be moved on and on, with nobody to wake at it."""
    deaf = fleet.flag("deaf")
    run = fleet.start_job("a", "--stubborn", env=refusing(whose, deaf), until=False)
    fleet.raise_flag(deaf)
    assert run.wait(within=20) == 81
    assert run.left() == []


def test_the_others_look_at_the_clock_without_a_timer(fleet, refusing):
    """Two terms long: the heartbeats go on."""
    deaf = fleet.flag("deaf")
    run = fleet.start_job("a", env=refusing("settime-of-others", deaf))
    fleet.raise_flag(deaf)
    always(lambda: run.running, during=2 * fleet.settings["ownership_term"])
    fleet.end_job("a")
    assert run.wait() == 0
