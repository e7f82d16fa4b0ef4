"""Signals reach the command once each, and those that ask for an end are followed by SIGKILL."""

import errno
import os
import signal

import pytest

from Support import processes
from Support.eventually import always, eventually, now
from Support.fleet import assert_silent

ENDING = ["TERM", "INT", "HUP", "QUIT"]
OTHERS = ["USR1", "USR2", "CONT", "WINCH"]


def number(name):
    return int(getattr(signal, f"SIG{name}"))


def ended_by(name):
    """What the caller sees: 128+N, and for an interrupt the wrapper's own death of it."""
    return {128 + number(name), -number(name)} if name == "INT" else {128 + number(name)}


def writer_of(pipe):
    """The other end of a named pipe; None as long as nobody reads it."""
    try:
        return open(pipe, "wb", opener=lambda path, _: os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


@pytest.mark.parametrize("name", ENDING + OTHERS)
def test_forwarded_once(fleet, name):
    run = fleet.start_job("a", "--log-signals", "--exit", 3, config=fleet.config(termination_timeout=10))
    run.send(number(name))
    eventually(lambda: fleet.records.signals("a"), what="it arrives")
    always(lambda: fleet.records.signals("a") == [number(name)], during=0.5, what="once")
    fleet.end_job("a")
    run.wait()
    if name in OTHERS:
        assert run.code == 3


@pytest.mark.parametrize("name", ENDING + OTHERS)
def test_each_of_several_is_forwarded(fleet, name):
    run = fleet.start_job("a", "--log-signals", config=fleet.config(termination_timeout=20))
    for count in (1, 2, 3):
        run.send(number(name))
        eventually(lambda count=count: fleet.records.signals("a") == [number(name)] * count, what=f"{count} arrived")
    fleet.end_job("a")
    run.wait()


@pytest.mark.parametrize("name", ENDING)
def test_a_command_that_dies_of_it(fleet, name):
    run = fleet.start_job("a")
    run.send(number(name))
    assert run.wait() in ended_by(name)
    assert fleet.record("a")["state"] == "ended" and fleet.list("locks") == []


@pytest.mark.parametrize("name", ENDING)
def test_escalation_to_the_whole_tree(fleet, name):
    run = fleet.start_job("a", "--stubborn")
    eventually(lambda: len(fleet.records.spans("a")) == 3, what="it has forked")
    sent_at = now()
    run.send(number(name))
    assert run.wait() in ended_by(name), "the first cause of the stop decides"
    survived = fleet.records.last_sign("a") - sent_at
    assert 1.9 < survived < 4, f"termination_timeout is 2 s, it took {survived:.2f} s"
    assert run.left() == []
    assert fleet.record("a")["state"] == "ended" and fleet.list("locks") == []


@pytest.mark.parametrize("name", ENDING)
def test_while_the_configuration_is_waited_for(fleet, name):
    """A pipe that nobody writes to, a file server that does not answer: nothing has been begun."""
    pipe = fleet.flag("pipe")
    os.mkfifo(pipe)
    run = fleet.start("--lockname", "a", "--", "touch", fleet.flag("ran"), config=pipe)
    writer = eventually(lambda: writer_of(pipe), what="it reads the pipe")
    with writer:
        # Meant for the command, it is no reason to end.
        run.send(signal.SIGUSR1)
        always(lambda: run.running, during=0.2)
        run.send(number(name))
        assert (run.wait(), run.err, os.path.exists(fleet.flag("ran"))) == (-number(name), "", False)


def test_the_lock_is_held_until_the_tree_is_dead(fleet):
    run = fleet.start_job("a", "--stubborn")
    run.send(signal.SIGTERM)
    eventually(lambda: not fleet.stat("locks", "a"), what="released")
    released_at = now()
    assert run.wait() == 143
    assert fleet.records.last_sign("a") < released_at


def test_a_command_that_exits_in_time_is_not_killed(fleet):
    run = fleet.start_job("a", "--log-signals", "--end-on", 15, "--exit", 5)
    run.send(signal.SIGTERM)
    run.wait()
    assert fleet.records.signals("a") == [15]
    assert run.code in (5, 143)


@pytest.mark.parametrize("name", OTHERS)
def test_other_signals_do_not_escalate(fleet, name):
    run = fleet.start_job("a", "--log-signals", config=fleet.config(termination_timeout=1))
    run.send(number(name))
    always(lambda: run.running, during=2)
    fleet.end_job("a")
    assert run.wait() == 0


@pytest.mark.parametrize("name", ENDING)
def test_before_the_start_it_leaves_the_queues(fleet, name):
    fleet.resources("r", "s")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    run = fleet.launch_job("a", arguments=("--lease", "r=1:1", "--lease", "s=1:1"))
    fleet.queued("r", "a")
    run.send(number(name))
    assert run.wait() in ended_by(name)
    eventually(lambda: fleet.queue("r") == fleet.queue("s") == [], within=2, what="gone with the exit, not with the session")
    assert not fleet.records.events("start", "a")
    fleet.end_job("holder")


def test_one_that_is_ignored_by_the_caller_stays_ignored(fleet):
    """nohup: neither the wrapper nor the command dies of it."""
    run = fleet.start_job("a", prefixed=["nohup"])
    run.send(signal.SIGHUP)
    always(lambda: run.running, during=1)
    fleet.end_job("a")
    assert run.wait() == 0


def test_one_sent_to_the_whole_group_ends_all_of_it(fleet):
    run = fleet.start_job("a", start_new_session=True)
    os.killpg(run.front, signal.SIGTERM)
    assert run.wait() == 143
    eventually(run.all_gone)


def test_one_sent_to_the_process_that_the_lock_names_ends_the_run_in_order(fleet):
    """What an operator does who reads "FQDN PID" in the lock's node."""
    run = fleet.start_job("a", "--stubborn")
    processes.kill(int(fleet.get("locks", "a").split()[1]), signal.SIGTERM)
    assert run.wait() == 143
    assert run.left() == []
    assert fleet.record("a")["state"] == "ended"


def test_right_after_the_start(fleet):
    """At whatever instant it comes, it is not lost: the run ends, and nothing is left."""
    for delay in range(12):
        run = fleet.launch_job(f"job{delay}")
        due = run.began + delay * 0.004
        eventually(lambda due=due: now() >= due)
        run.send(signal.SIGTERM)
        assert run.wait(10) in (143, -15), delay
        eventually(run.all_gone)
        assert fleet.record(f"job{delay}").get("state") in (None, "ended"), (
            f"exit {run.code}, and the next run has to wait a term out for nobody: {run.err!r}")
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)


def test_a_stopped_command_ends_once_it_is_continued(fleet):
    """The wrapper stops with its command, and as without it a signal waits for SIGCONT."""
    run = fleet.start_job("a", "--stubborn")
    processes.stop(run.command())
    run.send(signal.SIGTERM)
    run.send(signal.SIGCONT)
    assert run.wait(10) == 143
    assert run.left() == []
