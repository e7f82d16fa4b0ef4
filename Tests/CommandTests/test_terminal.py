"""In a terminal Ctrl-C, Ctrl-Z, fg, bg and a password prompt work as without the wrapper."""

import re
import shlex
import subprocess
import uuid

import pytest

from Support import processes
from Support.eventually import always, eventually, now
from Support.run import MARKER
from Support.terminal import Terminal

CTRL_C, CTRL_Z, CTRL_BACKSLASH = "\x03", "\x1a", "\x1c"


@pytest.fixture
def terminals():
    """Opens them; what runs in them ends with the test."""
    marker, opened = uuid.uuid4().hex, []

    def open_one(*words):
        opened.append(Terminal({MARKER: marker}, *words))
        return opened[-1]
    yield open_one
    for terminal in opened:
        terminal.close()
    for one in processes.with_variable(f"{MARKER}={marker}"):
        processes.kill(one.pid)


@pytest.fixture
def terminal(terminals):
    return terminals()


def wrapped(fleet, *words, options=("--lockname", "a")):
    return shlex.join(str(word) for word in (fleet.program, "-c", fleet.config(), *options, "--", *words))


def job(fleet, *options):
    return wrapped(fleet, *fleet.job("a", "--until", fleet.flag("end.a"), *options))


def is_stopped(fleet):
    pid = fleet.records.events("start", "a")[0].pid
    eventually(lambda: processes.process(pid).state == "T", what="it is stopped")


def goes_on(fleet):
    """It gives a sign of life that is newer than this call, though stopped before it."""
    asked_at = now()
    eventually(lambda: fleet.records.last_sign("a") > asked_at + 0.05, what="it goes on")


def test_ctrl_c_ends_it_and_the_shells_loop(fleet, terminal):
    terminal.line(f"for n in 1 2 3; do {job(fleet)}; done; echo over")
    fleet.records.started("a")
    terminal.type(CTRL_C)
    terminal.prompt()
    assert len(fleet.records.events("start")) == 1, "SIGINT is raised again, so that a shell loop stops"
    terminal.line("echo code $?")
    eventually(lambda: fleet.list("locks") == [], what="released")


def test_ctrl_c_reaches_the_command_once(fleet, terminal):
    terminal.line(job(fleet, "--log-signals"))
    fleet.records.started("a")
    terminal.type(CTRL_C)
    eventually(lambda: fleet.records.signals("a"))
    always(lambda: fleet.records.signals("a") == [2], during=0.7)
    fleet.end_job("a")
    terminal.prompt()


def test_ctrl_backslash(fleet, terminal):
    terminal.line("ulimit -c 0; " + job(fleet))
    fleet.records.started("a")
    terminal.type(CTRL_BACKSLASH)
    terminal.prompt()
    terminal.line("echo code=$?")
    terminal.expect(r"code=131")


def test_ctrl_c_while_waiting_in_a_queue(fleet, terminal):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    terminal.line(wrapped(fleet, "true", options=("--lockname", "w", "--lease", "r=1:1")))
    fleet.queued("r", "w")
    terminal.type(CTRL_C)
    terminal.prompt()
    terminal.line("echo code=$?")
    terminal.expect(r"code=130")
    assert fleet.queue("r") == []
    fleet.end_job("holder")


def test_ctrl_z_and_fg(fleet, terminal):
    """A suspended command keeps its lock and its heartbeats, for longer than its term; then it goes on."""
    terminal.line(job(fleet))
    fleet.records.started("a")
    session = fleet.lock_session("a")
    terminal.type(CTRL_Z)
    terminal.expect("Stopped")
    stopped_at = fleet.records.last_sign("a")
    always(lambda: fleet.lock_session("a") == session, during=fleet.settings["ownership_term"] * 1.3)
    assert fleet.records.last_sign("a") < stopped_at + 0.5, "the command is stopped as well"
    terminal.line("fg")
    goes_on(fleet)
    fleet.end_job("a")
    terminal.prompt()
    terminal.line("echo code=$?")
    terminal.expect(r"code=0")


def test_ctrl_z_and_bg(fleet, terminal):
    terminal.line(job(fleet))
    fleet.records.started("a")
    terminal.type(CTRL_Z)
    terminal.expect("Stopped")
    is_stopped(fleet)
    terminal.line("bg")
    goes_on(fleet)
    fleet.end_job("a")
    terminal.line("wait; echo waited")
    terminal.expect(r"\nwaited")


def test_ctrl_z_and_again(fleet, terminal):
    terminal.line(job(fleet))
    fleet.records.started("a")
    for _ in range(3):
        terminal.type(CTRL_Z)
        terminal.expect("Stopped")
        terminal.prompt()
        is_stopped(fleet)
        terminal.line("fg")
        goes_on(fleet)
    terminal.type(CTRL_C)
    terminal.prompt()


def test_a_command_that_stops_itself(fleet, terminal):
    """As an editor does on Ctrl-Z: only the command is stopped, and the shell must learn of it."""
    terminal.line(wrapped(fleet, "sh", "-c", "kill -STOP $$; echo went on"))
    terminal.expect("Stopped")
    terminal.line("fg; echo code=$?")
    terminal.expect(r"\nwent on")
    terminal.expect(r"\ncode=0")


def test_a_deadline_that_passes_meanwhile_kills_the_stopped_tree(own_fleet, server, terminal):
    """`fg` never continues a command past it."""
    own_fleet.leaves_marks = True
    terminal.line(job(own_fleet))
    own_fleet.records.started("a")
    pid = own_fleet.records.events("start")[0].pid
    terminal.type(CTRL_Z)
    terminal.expect("Stopped")
    stopped_at = own_fleet.records.last_sign("a")
    lost_at = now()
    server.stop()
    eventually(lambda: not processes.alive(pid), own_fleet.settings["ownership_term"], "the stopped command is killed")
    assert now() < lost_at + own_fleet.settings["ownership_term"]
    server.cont()
    terminal.line("fg; echo code=$?")
    terminal.expect(r"code=81")
    assert own_fleet.records.last_sign("a") < stopped_at + 0.5


def test_a_password_prompt(fleet, terminal):
    script = "stty -echo </dev/tty; printf 'Pass%s: ' word >/dev/tty; read word </dev/tty; stty echo </dev/tty; echo got=$word"
    terminal.line(wrapped(fleet, "sh", "-c", script))
    terminal.expect("Password: ")
    terminal.line("secret")
    terminal.expect(r"got=secret")
    assert not re.search(r"secret\r\ngot", terminal.screen), "it was not echoed"


def test_input_from_the_terminal(fleet, terminal):
    terminal.line(wrapped(fleet, "sh", "-c", "read line; echo got=$line"))
    fleet.lock_session("a")
    terminal.line("typed")
    terminal.expect(r"got=typed")
    terminal.prompt()


def test_in_a_pipe_of_an_interactive_shell(fleet, terminal):
    terminal.line(wrapped(fleet, "sh", "-c", "echo one; echo two") + " | tac")
    terminal.expect(r"\ntwo\r\none\r\n")
    terminal.prompt()


def test_the_window_size_change_arrives_once(fleet, terminal):
    terminal.line(job(fleet, "--log-signals"))
    fleet.records.started("a")
    terminal.resize(100, 40)
    eventually(lambda: fleet.records.signals("a"))
    always(lambda: fleet.records.signals("a") == [28], during=0.5)
    fleet.end_job("a")
    terminal.prompt()


# Without a shell, as with `ssh -t host switchman ...`, `tmux new-window 'switchman ...'` or `script -c`: front leads the session.


def led_by_front(fleet, terminals, *options):
    return terminals(shlex.split(job(fleet, *options)))


def led_by_a_script(fleet, terminals, *options):
    return terminals(["/bin/sh", "-c", f"{job(fleet, *options)}; echo code=$?"])


def test_a_hang_up_reaches_the_command(fleet, terminals):
    """The kernel tells the session's leader and nobody else."""
    terminal = led_by_front(fleet, terminals, "--log-signals", "--end-on", 1)
    fleet.records.started("a")
    terminal.hang_up()
    eventually(lambda: fleet.list("locks") == [], what="released")
    assert fleet.records.signals("a") == [1]


def test_a_hang_up_reaches_a_stopped_command(fleet, terminals):
    """The SIGCONT that comes with it as well: it has not to be killed."""
    fleet.settings["termination_timeout"] = 60
    terminal = led_by_front(fleet, terminals)
    pid = fleet.records.started("a").pid
    processes.stop(pid)
    eventually(lambda: processes.process(terminal.pid).state == "T", what="front stops as well")
    terminal.hang_up()
    eventually(lambda: fleet.list("locks") == [], what="released")


@pytest.mark.parametrize("led", [led_by_front, led_by_a_script])
def test_ctrl_z_stops_nothing_that_nobody_would_continue(fleet, terminals, led):
    terminal = led(fleet, terminals)
    fleet.records.started("a")
    for _ in range(3):
        terminal.type(CTRL_Z)
        terminal.expect(r"\^Z")
        goes_on(fleet)
    fleet.end_job("a")
    eventually(lambda: fleet.list("locks") == [], what="released")
    if led is led_by_a_script:
        terminal.expect("code=0")


def test_nor_does_a_command_that_suspends_itself(fleet, terminals):
    terminal = terminals(shlex.split(wrapped(fleet, "sh", "-c", "kill -TSTP $$; echo went on")))
    terminal.expect("went on")
    eventually(lambda: fleet.list("locks") == [], what="released")


def test_in_tmux(fleet):
    """A real terminal program: Ctrl-C, Ctrl-Z and fg once more."""
    def tmux(*words):
        done = subprocess.run(["tmux", "-L", "switchman-test", "-f", "/dev/null", *words],
                              check=True, capture_output=True, text=True)
        return done.stdout

    def screen():
        return tmux("capture-pane", "-p")
    tmux("new-session", "-d", "-x", "200", "-y", "50", "bash --norc --noprofile -i")
    try:
        tmux("send-keys", job(fleet), "Enter")
        fleet.records.started("a")
        tmux("send-keys", "C-z")
        eventually(lambda: "Stopped" in screen())
        is_stopped(fleet)
        tmux("send-keys", "fg", "Enter")
        goes_on(fleet)
        tmux("send-keys", "C-c")
        eventually(lambda: fleet.list("locks") == [], what="released")
        tmux("send-keys", "echo code=$?", "Enter")
        eventually(lambda: "code=130" in screen())
    finally:
        tmux("kill-server")


def asks_the_terminal(fleet, terminal, before, after):
    """A script puts a command into the background and ends, and the command asks the terminal when it has; to
    the end of its run."""
    gone = fleet.flag("gone")
    script = f"{before}until test -e {gone}; do sleep 0.05; done; {after}"
    terminal.line(shlex.join(("sh", "-c", f"{wrapped(fleet, 'sh', '-c', script)} & exit")))
    terminal.prompt()
    eventually(lambda: fleet.stat("locks", "a"))
    fleet.raise_flag(gone)
    eventually(lambda: fleet.record("a").get("state") == "ended")


def test_who_asks_the_terminal_when_nobody_can_bring_it_forward_is_hung_up(fleet, terminal):
    """Without the wrapper it gets EIO; with it the kernel would stop it, and nobody would ever continue it."""
    asks_the_terminal(fleet, terminal, "", "read line < /dev/tty; sleep 1000")
    assert fleet.record("a")["runs"][-1]["code"] == 129
    assert not fleet.list("locks")


def test_who_asks_it_again_and_again_is_hung_up_once(fleet, terminal):
    """It stays stopped after that, and is killed when its time is over."""
    asks = fleet.flag("asks")
    asks_the_terminal(fleet, terminal, f"trap 'echo >> {asks}' HUP; ", "while :; do read line < /dev/tty; done")
    with open(asks, encoding="ascii") as file:
        assert len(file.readlines()) <= 1
