"""A shell below switchman, and one above it: `suspend`, `fg` and kill -TSTP do what they do without the wrapper."""

import shlex
import signal
import uuid

import pytest

from Support import processes
from Support.eventually import eventually, now
from Support.run import MARKER
from Support.terminal import Terminal


@pytest.fixture
def terminal(held):
    """An interactive shell; what runs in it ends with the test."""
    marker = uuid.uuid4().hex
    terminal = Terminal({MARKER: marker})
    yield terminal
    terminal.close()
    for one in processes.with_variable(f"{MARKER}={marker}"):
        processes.kill(one.pid)


def wrapped(fleet, *words):
    words = (*fleet.prefixed, fleet.program, "-c", fleet.config(), "--lockname", "a", "--", *words)
    return shlex.join(map(str, words))


def state(pid):
    found = processes.process(pid)
    return found.state if found else None


def is_in_state(pid, wanted):
    eventually(lambda: state(pid) == wanted, what=f"{pid} is in state {wanted}; it is in {state(pid)}")


def goes_on(fleet):
    asked_at = now()
    eventually(lambda: fleet.records.last_sign("a") > asked_at + 0.05, what="it goes on")


def test_fg_of_a_command_in_a_group_of_its_own(held, terminal):
    """An interactive shell makes itself a group, and takes the terminal."""
    for n in range(3):
        if n == 0:
            terminal.line(wrapped(held, "env", "PS1=inner> ", "bash", "--norc", "--noprofile", "-i"))
        else:
            terminal.line("fg")
        terminal.expect("inner> ") if n == 0 else terminal.line(f"echo round $(({n}*7))")
        if n:
            terminal.expect(rf"round {n * 7}")
        terminal.line("suspend")
        terminal.expect("Stopped")
        terminal.prompt()
        assert held.stat("locks", "a")
    terminal.line("fg")
    terminal.line("exit 7")
    terminal.prompt()
    terminal.line("echo code=$?")
    terminal.expect("code=7")


def test_bg_and_fg_of_a_command_in_a_group_of_its_own(held, terminal):
    """Any job in a session's group other than front's, as setpgid(2) makes one."""
    script = "import os, sys; os.setpgid(0, 0); os.execv(sys.argv[1], sys.argv[1:])"
    terminal.line(wrapped(held, "/usr/bin/python3", "-c", script, *held.job("a", "--until", held.flag("end.a"))))
    pid = held.records.started("a").pid
    for words in ("fg", "bg"):
        processes.stop(pid)
        terminal.expect("Stopped")
        terminal.prompt()
        is_in_state(pid, "T")
        terminal.line(words)
        goes_on(held)
    held.end_job("a")
    terminal.line("wait; echo waited")
    terminal.expect(r"\nwaited")


@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU"])
def test_a_stop_sent_to_switchman_stops_what_it_runs(held, terminal, name):
    """As it would the command alone; and `fg` continues both, again and again."""
    terminal.line(wrapped(held, *held.job("a", "--until", held.flag("end.a"))))
    pid = held.records.started("a").pid
    front = next(one.pid for one in processes.descendants(terminal.pid) if one.comm.startswith("switchman"))
    for _ in range(3):
        processes.kill(front, getattr(signal, f"SIG{name}"))
        terminal.expect("Stopped")
        terminal.prompt()
        is_in_state(front, "T")
        is_in_state(pid, "T")
        terminal.line("fg")
        goes_on(held)
    held.end_job("a")
    terminal.prompt()
    terminal.line("echo code=$?")
    terminal.expect("code=0")


def test_a_stop_sent_to_switchman_and_a_continuation(held, terminal):
    """Without a shell's help: kill -CONT of the same process."""
    terminal.line(wrapped(held, *held.job("a", "--until", held.flag("end.a"))))
    pid = held.records.started("a").pid
    front = next(one.pid for one in processes.descendants(terminal.pid) if one.comm.startswith("switchman"))
    for _ in range(3):
        processes.kill(front, signal.SIGTSTP)
        is_in_state(pid, "T")
        is_in_state(front, "T")
        processes.kill(front, signal.SIGCONT)
        goes_on(held)
    held.end_job("a")
    eventually(lambda: held.list("locks") == [], what="released")
