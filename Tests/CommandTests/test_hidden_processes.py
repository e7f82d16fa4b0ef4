"""Processes that are easily taken for dead, or that may not be signalled: a leader thread that has ended while others run, and
who has changed its user."""

import os
import shutil

import pytest

from Support import processes
from Support.eventually import eventually, now
from Support.ground import ACCOUNTS, ORDINARY


def dies_with_its_run(fleet, *options, count=2, program=None):
    """Its lock is deleted by hand while a successor waits."""
    command = fleet.job("first", "--claim", "lock:1:1", *options)
    if program:
        command[0] = program
    run = fleet.start("--lockname", "a", "--", *command)
    fleet.records.ready("first")
    eventually(lambda: len(fleet.records.spans("first")) == count, what="the command has forked")
    second = fleet.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
    lost_at = now()
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait() == 81
    assert second.wait(60) == 0
    fleet.records.assert_one_after_the_other("first", "second")
    late = fleet.records.last_sign("first") - lost_at
    assert late < fleet.settings["termination_timeout"] + 2, f"alive {late:.3f} s after the loss"


@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_a_process_whose_first_thread_has_ended(held):
    """/proc shows it as a zombie, and cgroup.kill misses it."""
    dies_with_its_run(held, "--dead-leader")


def test_it_is_lost_with_its_host(held):
    """What the tests call a lost host takes all of them, or a successor would be accused."""
    run = held.start_job("first", "--stubborn", "--dead-leader", arguments=("--lockname", "a"), until=False)
    held.records.ready("first")
    run.lose()
    eventually(lambda: held.records.last_sign("first") < now() - 0.5, what="all are dead")
    held.leaves_marks = True


@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_it_dies_at_the_deadline_as_well(held_own, server):
    run = held_own.start_job("a", "--stubborn", "--dead-leader", until=False)
    held_own.records.ready("a")
    server.stop()
    stopped_at = now()
    try:
        assert run.wait(60) == 81
    finally:
        server.cont()
    assert held_own.records.last_sign("a") < stopped_at + held_own.settings["ownership_term"] * 0.99
    held_own.leaves_marks = True


@pytest.mark.parametrize("roles", [("supervisor",), ("guardian",), ("supervisor", "guardian")])
def test_it_dies_with_its_supervisor_and_its_guardian(held, roles):
    run = held.start_job("first", "--stubborn", "--dead-leader", "--claim", "lock:1:1", arguments=("--lockname", "a"), until=False)
    held.records.ready("first")
    pids = {"supervisor": run.supervisor, "guardian": run.guardian}
    second = held.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
    struck_at = now()
    for role in roles:
        processes.kill(pids[role])
    assert run.wait() == 81
    assert second.wait(60) == 0
    held.records.assert_one_after_the_other("first", "second")
    assert held.records.last_sign("first") < struck_at + held.settings["ownership_term"]


def test_a_process_that_has_changed_its_user(held, ground):
    """By root's command, as su(1) and daemons do."""
    if os.geteuid() != 0:
        pytest.skip("that takes root")
    dies_with_its_run(held, "--change-user", ORDINARY)


def test_a_process_that_has_changed_its_user_and_lost_its_guardian(held):
    """What it asked the kernel for, to die with its parent, is forgotten with that."""
    if os.geteuid() != 0:
        pytest.skip("that takes root")
    words = ("setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "sleep", "1000")
    run = held.start("--lockname", "a", "--", *words)
    pid = run.command()
    eventually(lambda: processes.process(pid).comm == "sleep", what="it runs")
    for victim in (run.supervisor, run.guardian):
        processes.kill(victim)
    assert run.wait() == 81
    assert not processes.alive(pid)
    held.leaves_marks = True


@pytest.mark.parametrize("account", ["ordinary"], indirect=True)
def test_a_set_user_id_program_of_an_ordinary_accounts(held, ground):
    """It is root's then, so that nobody of ours may signal it; the kernel kills it with its control group."""
    if ground.mode == "off":
        pytest.skip("limit 3: it takes a control group to kill these")
    program = shutil.copy(held.records.program, f"{ground.folder}/root-job")
    os.chown(program, 0, 0)
    os.chmod(program, 0o4755)
    dies_with_its_run(held, "--stubborn", "--orphans", 1, count=3, program=program)
