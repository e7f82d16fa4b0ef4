"""switchmanctl sandbox: a throwaway ZooKeeper, a command that uses it, and nothing left of either."""

import os
import re
import signal

import pytest

from Support import processes
from Support.eventually import eventually
from Support.fixtures import ROOT
from Support.run import Run
from Support.terminal import Terminal


class Sandbox:
    def __init__(self, program, wrapper, folder):
        self.program, self.wrapper, self.folder, self.runs = program, wrapper, folder, []
        self.temp = folder / "temp"
        self.temp.mkdir()

    def start(self, *command, env=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        run = Run([self.program, "sandbox", *command], self.folder, {**environment, "TMPDIR": str(self.temp), **(env or {})})
        self.runs.append(run)
        return run

    def __call__(self, *command, **options):
        return self.start("--", *command, **options).finished(60)

    def nothing_left(self, run):
        eventually(lambda: not processes.with_variable(run.marker), what="no process of it is left")
        eventually(lambda: list(self.temp.iterdir()) == [], what="no file of it is left")


@pytest.fixture
def sandbox(controller, program, tmp_path):
    sandbox = Sandbox(controller, program, tmp_path)
    yield sandbox
    for run in sandbox.runs:
        for one in processes.with_variable(run.marker):
            processes.kill(one.pid)


def test_the_command_finds_a_fleet_and_its_status_is_handed_on(sandbox):
    run = sandbox("sh", "-c", f"{sandbox.wrapper} --lockname a -- echo ran; {sandbox.program} groups list; exit 7")
    assert (run.code, run.err) == (7, "") and run.out == "ran\nGROUP  HOSTS\n"
    sandbox.nothing_left(run)


def test_no_other_fleet_is_reached_by_mistake(sandbox):
    elsewhere = {"SWITCHMAN_ZKHOSTS": "127.0.0.1:1", "SWITCHMAN_PREFIX": "/production", "SWITCHMAN_CONFIG": "/nonexistent"}
    run = sandbox(sandbox.program, "status", "--json", env=elsewhere)
    assert run.code == 0 and '"prefix":"/sandbox"' in run.out, run


def test_two_at_once_do_not_meet(sandbox):
    runs = [sandbox.start("--", "sh", "-c", f"{sandbox.wrapper} --lockname a -E 9 -- sleep 1") for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]


@pytest.mark.parametrize("command, code", [
    (("sh", "-c", "kill -KILL $$"), 137), (("true",), 0), (("nonexistent",), 127), (("/etc/passwd",), 126)])
def test_its_exit_code(sandbox, command, code):
    run = sandbox(*command)
    assert run.code == code
    assert ("switchmanctl: " in run.err) == (code in (126, 127)), run
    assert {126: "/etc/passwd: is not executable", 127: "nonexistent: command not found"}.get(code, "") in run.err
    sandbox.nothing_left(run)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_is_handed_on_and_the_end_is_orderly(sandbox, number, code):
    run = sandbox.start("--", "sleep", "1000")
    eventually(lambda: [one for one in processes.with_variable(run.marker) if one.comm == "sleep"], what="it runs")
    run.send(number)
    assert run.wait() == code
    sandbox.nothing_left(run)


def test_killed_it_leaves_nothing_either(sandbox):
    run = sandbox.start("--", "sleep", "1000")
    eventually(lambda: [one for one in processes.with_variable(run.marker) if one.comm == "sleep"], what="it runs")
    run.send(signal.SIGKILL)
    run.wait()
    sandbox.nothing_left(run)


def test_a_killed_keeper_takes_the_server_with_it(sandbox):
    run = sandbox.start("--", "sleep", "1000")
    eventually(lambda: [one for one in processes.with_variable(run.marker) if one.comm == "sleep"], what="it runs")
    keeper = next(one for one in processes.with_variable(run.marker) if one.comm == "sh")
    processes.kill(keeper.pid)
    eventually(lambda: not [one for one in processes.with_variable(run.marker) if one.comm == "java"], what="no server")
    run.send(signal.SIGTERM)
    assert run.wait() == 143


def test_without_a_package_it_says_which_one(sandbox, tmp_path):
    run = sandbox("true", env={"PATH": str(tmp_path)})
    assert (run.code, run.err) == (71, "switchmanctl: there is no java in PATH; apt-get install zookeeper libslf4j-java\n")
    sandbox.nothing_left(run)


@pytest.mark.parametrize("output, told", [
    ("Exception in thread \"main\" java.lang.IllegalStateException: outer\n\tat a.B.c(B.java:1)\n"
     "Caused by: java.io.IOException: No space left on device\n\tat a.D.e(D.java:2)\n\t... 9 more",
     "Caused by: java.io.IOException: No space left on device"),
    ("Error occurred during initialization of VM\nCould not reserve enough space", "Error occurred during initialization of VM"),
])
def test_a_server_that_cannot_start_says_why_once(sandbox, tmp_path, output, told):
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit 1\n", encoding="ascii")
    java.chmod(0o755)
    run = sandbox("true", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert (run.code, run.err.splitlines()) == (71, [
        told, "switchmanctl: the ZooKeeper server ended as soon as it was started; does java work here?"])
    sandbox.nothing_left(run)


def test_a_real_java_that_finds_no_zookeeper(sandbox):
    run = sandbox.start("--jars", "/usr/share/java/slf4j-api.jar", "--", "true").finished(60)
    reasons = [line for line in run.err.splitlines() if "ClassNotFoundException" in line]
    assert run.code == 71 and reasons == run.err.splitlines()[:1]
    sandbox.nothing_left(run)


def test_a_folder_that_is_not_there(sandbox, tmp_path):
    run = sandbox("true", env={"TMPDIR": str(tmp_path / "none")})
    assert run.code == 71 and "temporary folder: No such file" in run.err


def test_without_a_standard_input(controller, sandbox):
    words = ["sh", "-c", 'exec "$0" sandbox -- switchmanctl status <&-', controller]
    path = f"{os.path.dirname(controller)}:{os.environ['PATH']}"
    run = Run(words, sandbox.folder, {**os.environ, "TMPDIR": str(sandbox.temp), "PATH": path})
    sandbox.runs.append(run)
    assert run.wait(60) == 0, run.err
    sandbox.nothing_left(run)


def test_a_word_without_dashes_is_a_mistake(sandbox):
    run = sandbox.start("true").finished()
    assert run.code == 64 and "'true'" in run.err


def test_a_shell_in_a_terminal(sandbox):
    terminal = Terminal({"TMPDIR": str(sandbox.temp), "SHELL": "/bin/sh", "PS1": "ready> "})
    try:
        terminal.line(f"SHELL=/bin/sh {sandbox.program} sandbox")
        terminal.expect(r"a ZooKeeper on 127\.0\.0\.1:\d+", within=60)
        terminal.line(f"{sandbox.program} pause x; {sandbox.program} status | cat")
        terminal.expect(re.escape("free, paused"))
        terminal.prompt()
        terminal.type("\x03")
        terminal.prompt()
        terminal.line("echo still; exit 5")
        terminal.expect("still\r\n")
        terminal.line("echo code $?")
        terminal.expect("code 5")
    finally:
        terminal.close()
    eventually(lambda: list(sandbox.temp.iterdir()) == [], what="no file of it is left")


def test_first_steps(sandbox):
    """A newcomer's way from the built programs to a lock that is seen in status."""
    path = f"{os.path.dirname(sandbox.wrapper)}:{os.path.dirname(sandbox.program)}:{os.environ['PATH']}"
    run = sandbox(str(ROOT / "Examples/first-steps"), env={"PATH": path})
    assert run.code == 0, (run, run.out)
    assert "hello  running" in run.out and "skipped, with code 99" in run.out and "hello  running, paused" in run.out
    sandbox.nothing_left(run)
