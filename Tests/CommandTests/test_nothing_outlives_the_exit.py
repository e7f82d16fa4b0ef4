"""When the caller has the exit status, nothing of switchman is left: no process, no zombie, no working directory, no cgroup; and
the caller is charged for what the command has used. flock(1) is like that."""

import os
import pathlib
import signal
import subprocess

import pytest

from Support import cgroups, processes
from Support.eventually import eventually, now

PROCESS_ONE = str(pathlib.Path(__file__).resolve().parents[1] / "Support/process_one.py")
UNSHARED = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
CLOSE_WITHIN_S = 5


def in_a_container(fleet, *words, times=1, until=None, config=None):
    """Start `switchman` below a process 1 that reaps nobody else; as a run whose output tells what was left."""
    watched = ("--until", until) if until else ()
    return fleet.start("--lockname", "a", *words, config=config,
                       prefixed=(*UNSHARED, "/usr/bin/python3", PROCESS_ONE, *watched, str(times)))


def assert_nothing_was_left(run, *codes):
    """The exit codes, and not one process beside process 1."""
    run.wait(60)
    said, *left = run.out[run.out.index("codes "):].splitlines()
    assert said.split() == ["codes", *map(str, codes)], run
    assert not left, left


@pytest.mark.parametrize("words, code", [
    (("--", "true"), 0), (("--", "sh", "-c", "sleep 0.2 & exit 3"), 3),
    (("--descendants", "kill", "--", "sh", "-c", "sleep 9 & exit 3"), 3),
    (("--", "/etc/passwd"), 126), (("--", "/no/such/program"), 127), (("--dry-run", "--", "true"), 0),
    (("--lease", "x=1:1", "--", "true"), 65),
    (("--timeout", 1, "--", "sleep", "1000"), 124),
])
def test_no_process_and_no_zombie(held, words, code):
    assert_nothing_was_left(in_a_container(held, *words, times=3), code, code, code)


def test_after_a_skip(held):
    held.start_job("holder", arguments=("--lockname", "a"))
    assert_nothing_was_left(in_a_container(held, "-E", 9, "--", "true", times=3), 9, 9, 9)
    held.end_job("holder")


def test_without_a_server(held):
    config = held.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_nothing_was_left(in_a_container(held, "--", "true", config=config), 69)


@pytest.mark.parametrize("options", [(), ("--stubborn",)])
def test_after_sigterm(held, options):
    asked = held.flag("asked")
    os.mkfifo(asked)
    run = in_a_container(held, "--", *held.job("a", *options), until=asked)
    held.records.started("a")
    held.raise_flag(asked)
    assert_nothing_was_left(run, 128 + signal.SIGTERM)


def test_after_a_loss(held):
    run = in_a_container(held, "--", *held.job("a", "--stubborn"))
    held.records.started("a")
    held.client.delete(held.path("locks", "a"))
    assert_nothing_was_left(run, 81)
    held.leaves_marks = True


@pytest.mark.parametrize("killed", ["supervisor", "guardian"])
@pytest.mark.parametrize("options", [(), ("--stubborn",)])
def test_after_one_of_the_three_was_killed(held, killed, options):
    run = in_a_container(held, "--", *held.job("a", *options))
    held.records.started("a")
    processes.kill(dict(zip(("front", "supervisor", "guardian"), run.three()))[killed])
    assert_nothing_was_left(run, 81)
    held.leaves_marks = True


def test_when_the_servers_are_gone_at_the_end(held_own, server):
    """The deadline of the release is the mark's; after it, nothing stays either."""
    run = in_a_container(held_own, "--", *held_own.job("a", "--until", held_own.flag("end.a"), "--exit", 3))
    held_own.records.started("a")
    server.stop()
    try:
        held_own.end_job("a")
        assert_nothing_was_left(run, 3)
    finally:
        server.cont()
    held_own.leaves_marks = True


def test_when_the_close_is_not_answered(held, proxy):
    """A server that has taken the release, and says no more: that is waited for, but not for long."""
    proxy.on_request = lambda request: "swallow" if request.name == "close" else None
    run = in_a_container(held, "--", *held.job("a", "--exit", 3, "--for", 50), config=held.config(zkhosts=proxy.address))
    ended = eventually(lambda: held.records.events("end"), what="the command ends")[0]
    assert_nothing_was_left(run, 3)
    assert now() - ended.time < CLOSE_WITHIN_S


def test_the_callers_folder_can_be_unmounted(held):
    """At once, and each time."""
    mount = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not permitted")
    script = """mount -t tmpfs none /mnt; failed=0
        for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
            mount -t tmpfs none /mnt; (cd /mnt && "$@") || exit 9; umount /mnt || failed=$((failed+1))
        done; exit $failed"""
    run = held.start("--lockname", "a", "--", "true", prefixed=("unshare", "--mount", "sh", "-c", script, "sh"))
    assert run.wait(60) == 0, f"busy in {run.code} of 15: {run.err}"


def test_the_callers_pipe_ends_with_the_exit(held):
    """Whoever reads it has the end of file at once, and each time: no process has kept a descriptor of it."""
    command = [held.program, "--config", held.config(), "--lockname", "a", "--", "true"]
    late = 0
    for _ in range(15):
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        run = subprocess.Popen(command, pass_fds=(writer,))
        os.close(writer)
        assert run.wait(60) == 0
        try:
            assert os.read(reader, 1) == b""
        except BlockingIOError:
            late += 1
        os.close(reader)
    assert late == 0, f"somebody has it in {late} of 15"


def test_the_callers_cgroup_can_be_removed(held, ground):
    why_not = cgroups.why_not()
    if why_not:
        pytest.skip(why_not)
    busy = 0
    for _ in range(10):
        group = cgroups.Group(ground.uid)
        words = [*group.prefixed, held.program, "--config", held.config(), "--lockname", "a", "--", "true"]
        subprocess.run(words, check=True)
        try:
            os.rmdir(group.folder)
        except OSError:
            busy += 1
            group.close()
    assert busy == 0


@pytest.mark.parametrize("tail", ["exit 3", "kill -KILL $$"])
def test_the_command_is_charged_to_the_caller(held, tail):
    """As by time(1) and `times`: half a second of the command's and as much of its child's."""
    burn = "import os, time\nwhile time.process_time() < 0.5: pass\n"
    command = f"/usr/bin/python3 -c '{burn}'; /usr/bin/python3 -c '{burn}'; {tail}"
    run = held.start("--lockname", "a", "--", "sh", "-c", command)
    _, status, usage = os.wait4(run.front, 0)
    run.popen.returncode = os.waitstatus_to_exitcode(status)
    assert usage.ru_utime + usage.ru_stime > 0.9, usage
    eventually(run.all_gone, what="nothing is left")


def test_it_is_charged_after_sigterm_as_well(held):
    run = held.start("--lockname", "a", "--", *held.job("a", "--spin", 1))
    held.records.ready("a")
    eventually(lambda: any(span.last - span.first > 0.6 for span in held.records.spans("a")), what="it has used the processor")
    run.send(signal.SIGTERM)
    _, status, usage = os.wait4(run.front, 0)
    run.popen.returncode = os.waitstatus_to_exitcode(status)
    assert usage.ru_utime + usage.ru_stime > 0.3, usage
    assert not processes.children(run.front)
