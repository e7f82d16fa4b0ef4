"""Hooks: which one is called after which end, with what, and that it can neither change the exit code nor hold the lock."""

import json
import os
import re
import signal

import pytest

from Support import processes
from Support.eventually import eventually
from Support.fleet import assert_one_line, assert_silent

EVERY = ("succeeded", "failed", "lost", "released")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def called(fleet):
    """A configuration whose hooks write down that they were called, and what they have written."""
    script = 'printf "%s|%s|%s|%s|%s\\n" HOOK "$SWITCHMAN_OUTCOME" "$SWITCHMAN_EXIT_CODE" "$SWITCHMAN_LOCKNAME"' \
        ' "${SWITCHMAN_REASON-unset}" >> ' + f"{fleet.folder}/called"
    fleet.settings["hooks"] = {hook: script.replace("HOOK", hook) for hook in EVERY}

    def calls():
        path = f"{fleet.folder}/called"
        return [line.split("|") for line in read(path).splitlines()] if os.path.exists(path) else []
    return calls


# Which one.

def test_a_success(fleet, called):
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert called() == [["succeeded", "ran", "0", "a", ""]]


def test_a_failure(fleet, called):
    assert_silent(fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3"), 3)
    assert called() == [["failed", "ran", "3", "a", ""]]


def test_a_command_that_is_not_there(fleet, called):
    assert fleet.run("--lockname", "a", "--", "/no/such/program").code == 127
    (hook, outcome, code, lockname, reason), = called()
    assert (hook, outcome, code, lockname) == ("failed", "not-found", "127", "a") and "/no/such/program" in reason


def test_a_signal_passed_on(fleet, called):
    run = fleet.start_job("a")
    run.send(signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM
    assert [call[:4] for call in called()] == [["failed", "signaled", "143", "a"]]


def test_a_server_that_is_not_reached(fleet, called):
    config = fleet.config(zkhosts="127.0.0.1:1", connect_timeout=1)
    assert fleet.run("--lockname", "a", "--", "true", config=config).code == 69
    assert [call[:4] for call in called()] == [["failed", "unavailable", "69", "a"]]


def test_a_lost_lock(fleet, called):
    run = fleet.start_job("a")
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait() == 81
    (hook, outcome, code, _, reason), = called()
    assert (hook, outcome, code) == ("lost", "lost", "81") and "ownership lost" in reason
    fleet.leaves_marks = True


def test_an_operators_stop(fleet, called):
    run = fleet.start_job("a")
    request = fleet.path("stops", f"a-{fleet.stat('locks', 'a').czxid:x}")
    fleet.client.create(request, b"", ephemeral=True, makepath=True)
    assert run.wait() == 80
    assert [call[:4] for call in called()] == [["released", "released", "80", "a"]]
    fleet.client.delete(request)


def test_a_skip_calls_nobody(fleet, called):
    run = fleet.start_job("a")
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert called() == []
    fleet.end_job("a")
    assert run.wait() == 0 and len(called()) == 1


def test_a_server_that_may_be_away_is_a_skip(fleet, called):
    config = fleet.config(zkhosts="127.0.0.1:1", connect_timeout=1)
    assert fleet.run("--on-unavailable", "skip", "--lockname", "a", "--", "true", config=config).code == 0
    assert called() == []


def test_an_exit_code_set_by_option_is_the_one_told(fleet, called):
    assert fleet.run("--exit-code", "not-found=5", "--lockname", "a", "--", "/no/such/program").code == 5
    assert called()[0][2] == "5"


def test_the_signal_that_a_shell_is_to_see_is_told_as_its_code(fleet, called):
    run = fleet.start_job("a")
    run.send(signal.SIGINT)
    assert run.wait() == -signal.SIGINT
    assert called()[0][2] == "130"


# What it can do.

def test_it_has_the_runs_own_environment_and_folder(fleet):
    hook = f'printf "%s %s %s" "$MINE" "$SWITCHMAN_OUTCOME" "$PWD" > {fleet.folder}/told'
    environment = {"MINE": "x", "SWITCHMAN_OUTCOME": "an outer run's"}
    config = fleet.config(hooks={"succeeded": hook})
    fleet.run("--lockname", "a", "--", "true", config=config, env=environment, cwd=fleet.folder)
    assert read(f"{fleet.folder}/told") == f"x ran {fleet.folder}"


def test_the_lock_is_free_already(fleet):
    """A hook may start the same job again."""
    told = f"{fleet.folder}/told"
    config = fleet.config(name="inner.conf", hooks=None)
    hook = f"{fleet.program} -c {config} -E 9 --lockname a -- touch {told}"
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(hooks={"succeeded": hook})), 0)
    assert os.path.exists(told)


def test_it_has_no_descriptor_and_no_signal_of_ours(fleet):
    """Neither the guardian's socket nor the servers', and signals as after a login."""
    hook = f"ls -l /proc/self/fd > {fleet.folder}/fds; grep ^Sig[BI] /proc/self/status > {fleet.folder}/signals"
    ends = os.pipe()
    run = fleet.run(
        "--lockname", "a", "--", "true", config=fleet.config(hooks={"succeeded": hook}), prefixed=["nohup"], pass_fds=ends)
    for end in ends:
        os.close(end)
    assert run.code == 0
    open_files = dict(re.findall(r"(\d+) -> (\S+)", read(f"{fleet.folder}/fds")))
    # 1 is the file and 3 the folder that ls looks at.
    assert set(open_files) == {"0", "1", "2", "3"} and open_files["3"].startswith("/proc/"), open_files
    assert open_files["0"] == "/dev/null" and open_files["2"].startswith("pipe:")
    signals = dict(line.split(":\t") for line in read(f"{fleet.folder}/signals").splitlines())
    # glibc's posix_spawn ignores 32 and 33, which it needs for threads.
    ours = ~(1 << 31 | 1 << 32)
    assert {name: int(mask, 16) & ours for name, mask in signals.items()} == {"SigBlk": 0, "SigIgn": 0}


def test_it_has_no_connection_of_ours(own_fleet, server):
    """The client's descriptors are not close-on-exec, and to a server that does not answer they are open for a while."""
    hook = f"ls -l /proc/self/fd > {own_fleet.folder}/fds"
    run = own_fleet.start_job("a", config=own_fleet.config(session_timeout=30, ownership_term=3, hooks={"lost": hook}))
    server.stop()
    assert run.wait() == 81
    open_files = dict(re.findall(r"(\d+) -> (\S+)", read(f"{own_fleet.folder}/fds")))
    assert set(open_files) == {"0", "1", "2", "3"}, open_files
    server.cont()
    own_fleet.leaves_marks = True


def test_it_is_in_a_process_group_of_its_own(fleet):
    config = fleet.config(hooks={"succeeded": f"cut -d' ' -f 1,5 /proc/$$/stat > {fleet.folder}/told"})
    fleet.run("--lockname", "a", "--", "true", config=config)
    process, group = read(f"{fleet.folder}/told").split()
    assert process == group


@pytest.mark.parametrize("hook, line", [
    ("exit 7", 'hook "succeeded" exited with 7'), ("kill -9 $$", 'hook "succeeded" died of signal 9'),
])
def test_it_does_not_change_the_exit_code(fleet, hook, line):
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(hooks={"succeeded": hook}))
    assert_one_line(run, 0, line)


# Its output.

def log_of(fleet, hook):
    log = f"{fleet.folder}/log"
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log, hooks={"succeeded": hook}))
    lines = [line.split("\t", 2)[2].removeprefix("a: ") for line in read(log).splitlines()]
    return run, [line.removeprefix('hook "succeeded": ') for line in lines if line.startswith('hook "succeeded": ')]


def test_its_output_is_in_the_log_line_by_line(fleet):
    run, lines = log_of(fleet, "echo one; echo two >&2; printf 'a\\033[1mb\\r'; printf ' no end'")
    assert_silent(run, 0)
    assert lines == ["one", "two", "a?[1mb? no end"]


def test_the_story_stands_before_it(fleet):
    log = f"{fleet.folder}/log"
    config = fleet.config(logfile=log, hooks={"succeeded": f"tail -n 1 {log} | cut -f 3 > {fleet.folder}/told"})
    fleet.run("--lockname", "a", "--", "true", config=config)
    assert read(f"{fleet.folder}/told").startswith("a: outcome=ran ")


@pytest.mark.parametrize("hook, count", [
    ("seq 1 100000", 64), ("head -c 1000000 /dev/zero | tr '\\0' x", 1), ("yes | head -c 300000", 64),
])
def test_too_much_of_it_is_dropped(fleet, hook, count):
    run, lines = log_of(fleet, hook)
    assert_silent(run, 0)
    assert len(lines) == count + 1 and lines[-1] == "(no more of its output is kept)"
    assert sum(map(len, lines)) < 8192 + 100


# Its time.

def test_one_that_takes_too_long_is_killed_with_what_it_started(fleet):
    hook = "trap '' TERM; sleep 1000 & sleep 1000; echo never"
    run = fleet.start("--lockname", "a", "--", "true", config=fleet.config(hooks={"succeeded": hook}))
    eventually(lambda: [one for one in run.processes() if one.comm == "sleep"], what="the hook runs")
    assert not fleet.stat("locks", "a"), "it does not hold the lock"
    assert_one_line(run.finished(), 0, "hook \"succeeded\" took longer than 10 s")
    assert run.all_gone()


def test_what_it_leaves_behind_holds_nobody_up(fleet):
    hook = f"(trap '' TERM; until [ -e {fleet.folder}/end ]; do sleep 0.1; done) & echo $! > {fleet.folder}/left"
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(hooks={"succeeded": hook}), within=9)
    assert_silent(run, 0)
    assert processes.alive(int(read(f"{fleet.folder}/left")))
    fleet.raise_flag(f"{fleet.folder}/end")


def test_signals_meanwhile_change_nothing(fleet):
    hook = f"touch {fleet.folder}/hook; until [ -e {fleet.folder}/end ]; do sleep 0.1; done"
    run = fleet.start("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(hooks={"failed": hook}))
    eventually(lambda: os.path.exists(f"{fleet.folder}/hook"), what="the hook runs")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        for _ in range(200):
            run.send(number)
    fleet.raise_flag(f"{fleet.folder}/end")
    assert_silent(run.finished(), 3)


def test_a_supervisor_killed_meanwhile_changes_nothing(fleet):
    hook = f"touch {fleet.folder}/hook; until [ -e {fleet.folder}/end ]; do sleep 0.1; done"
    run = fleet.start("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(hooks={"failed": hook}))
    eventually(lambda: os.path.exists(f"{fleet.folder}/hook"), what="the hook runs")
    processes.kill(run.supervisor)
    assert_silent(run.finished(), 3)
    fleet.raise_flag(f"{fleet.folder}/end")


# Its configuration.

@pytest.mark.parametrize("hooks, mention", [
    ("mail me", "hooks"), ([], "hooks"), (True, "hooks"), ({"suceeded": "true"}, "suceeded"), ({"failed": 7}, "failed"),
    ({"failed": ["mail"]}, "failed"), ({"lost": "a\0b"}, "lost"),
])
def test_what_is_no_hook_is_refused(fleet, hooks, mention):
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=fleet.config(hooks=hooks)), 78, "hooks", mention)


@pytest.mark.parametrize("hooks", [{}, {"failed": None}, {"succeeded": ""}])
def test_none_is_none(fleet, hooks):
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(hooks=hooks)), 0)


def test_the_environment_has_no_say(fleet, called):
    environment = {"SWITCHMAN_HOOKS": json.dumps({"succeeded": "exit 1"})}
    assert_silent(fleet.run("--lockname", "a", "--", "true", env=environment), 0)
    assert len(called()) == 1
