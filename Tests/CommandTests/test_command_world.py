"""The command finds the world as its caller left it: streams, descriptors, directory, mask, dispositions, limits."""

import os
import resource
import signal
import subprocess

import pytest

from Support.eventually import eventually

STATUS_KEYS = ("SigBlk", "SigIgn", "Umask", "NoNewPrivs", "Seccomp", "Groups", "Uid", "Gid", "CapEff", "Cpus_allowed")


def wrapped(fleet, *arguments, **options):
    """A sleeping command under the wrapper; its pid."""
    run = fleet.start("--lockname", "a", *arguments, "--", "sleep", "100", **options)

    def asleep():
        command = run.command()
        return command if _name(command) == "sleep" else None
    return run, eventually(asleep, what="the command has been executed")


def _name(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def bare(**options):
    """The same without the wrapper."""
    process = subprocess.Popen(["sleep", "100"], **options)
    eventually(lambda: _name(process.pid) == "sleep")
    return process


def end(run):
    run.send(signal.SIGTERM)
    assert run.wait() == 143


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        found = dict(line.rstrip("\n").split(":", 1) for line in file)
    return {key: found[key].strip() for key in STATUS_KEYS}


def descriptors(pid):
    folder = f"/proc/{pid}/fd"
    return {int(name): os.readlink(f"{folder}/{name}") for name in os.listdir(folder)}


def compare(fleet, look, **options):
    """What `look` sees of a wrapped command is what it sees of a bare one."""
    run, pid = wrapped(fleet, **options)
    process = bare(**options)
    try:
        assert look(pid) == look(process.pid)
    finally:
        process.kill()
        process.wait()
    end(run)


def test_signal_mask_dispositions_and_the_like(fleet):
    compare(fleet, status)


def test_a_mask_and_dispositions_of_the_callers(fleet):
    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGALRM, signal.SIGRTMIN + 3])
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    compare(fleet, status, preexec_fn=prepare)


def test_ignored_terminal_signals(fleet):
    """As cron, a non-interactive shell's background, or nohup leave them."""
    def prepare():
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGCHLD, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
    compare(fleet, status, preexec_fn=prepare, restore_signals=False)


def test_umask_nice_and_limits(fleet):
    def prepare():
        os.umask(0o027)
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_NOFILE, (123, 456))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def look(pid):
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            return status(pid), os.getpriority(os.PRIO_PROCESS, pid), file.read()
    compare(fleet, look, preexec_fn=prepare)


def scheduler(pid):
    """Its policy but for the flag, and its priority."""
    return os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK, os.sched_getparam(pid).sched_priority


@pytest.mark.parametrize("words, guardians", [
    ("-i 0", (os.SCHED_FIFO, 1)), ("-b 0", (os.SCHED_FIFO, 1)), ("-o 0", (os.SCHED_FIFO, 1)),
    ("-f 10", (os.SCHED_FIFO, 99)), ("-r 7", (os.SCHED_FIFO, 99)),
    ("-R -f 10", (os.SCHED_FIFO, 99)), ("-f 99", (os.SCHED_OTHER, 0)),
])
def test_scheduling_is_the_commands_alone(fleet, words, guardians):
    """Who has to end a real-time or an idle command must not wait for it, or for all others."""
    def look(pid):
        return os.sched_getscheduler(pid), os.sched_getparam(pid), os.getpriority(os.PRIO_PROCESS, pid)
    chrt = ["nice", "-n", "3", "chrt", *words.split()]
    if subprocess.run([*chrt, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("that takes a right")
    process = subprocess.Popen([*chrt, "sleep", "100"])
    eventually(lambda: _name(process.pid) == "sleep")
    run, pid = wrapped(fleet, prefixed=chrt)
    try:
        assert look(pid) == look(process.pid)
    finally:
        process.kill()
        process.wait()
    # Equals that take turns are no hindrance, and better than what is left for ordinary processes.
    others = (os.SCHED_RR, 7) if words == "-r 7" else (os.SCHED_OTHER, 0)
    eventually(lambda: [scheduler(ours) for ours in (run.front, run.supervisor)] == [others] * 2)
    eventually(lambda: scheduler(run.guardian) == guardians, what="the guardian is not the command's equal")
    end(run)


@pytest.mark.parametrize("words, limit, others, guardians", [
    ("-f 10", 0, (os.SCHED_OTHER, 0), (os.SCHED_OTHER, 0)), ("-r 10", 0, (os.SCHED_RR, 10), (os.SCHED_RR, 10)),
    ("-f 10", 20, (os.SCHED_OTHER, 0), (os.SCHED_FIFO, 20)),
])
def test_scheduling_that_only_the_caller_had_a_right_to(fleet, words, limit, others, guardians):
    """As from systemd (CPUSchedulingPolicy= beside User=): no way back, and still the command has it; its guardian has what helps
    most of what it may have."""
    prefix = ["chrt", *words.split(), "prlimit", f"--rtprio={limit}", "setpriv", "--bounding-set", "-sys_nice", "--inh-caps",
              "-sys_nice"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("that takes a right")
    run, pid = wrapped(fleet, prefixed=prefix)
    assert scheduler(pid) == (os.SCHED_RR if words == "-r 10" else os.SCHED_FIFO, 10)
    for ours, expected in ((run.front, others), (run.supervisor, others), (run.guardian, guardians)):
        eventually(lambda ours=ours, expected=expected: scheduler(ours) == expected, what=f"{expected}")
    end(run)


def test_working_directory(fleet):
    compare(fleet, lambda pid: os.readlink(f"/proc/{pid}/cwd"), cwd="/usr/share")


def test_a_working_directory_that_is_gone(fleet):
    folder = f"{fleet.folder}/gone"
    os.mkdir(folder)
    run = fleet.start("--lockname", "a", "--", "true", config=fleet.config(), cwd=folder,
                      preexec_fn=lambda: os.rmdir(folder))
    assert run.wait() == 0


def test_process_group_and_session_are_the_callers(fleet):
    run, pid = wrapped(fleet)
    assert os.getpgid(pid) == os.getpgid(run.front) == run.front, "the caller made it a group of its own"
    assert os.getsid(pid) == os.getsid(0)
    end(run)


def test_descriptors_of_the_callers_and_none_of_ours(fleet):
    output = fleet.flag("seven")
    run, pid = wrapped(fleet, prefixed=["bash", "-c", f'exec "$@" 7>{output} 77</etc/passwd', "bash"])
    found = descriptors(pid)
    assert set(found) == {0, 1, 2, 7, 77}, found
    assert (found[7], found[77]) == (output, "/etc/passwd")
    end(run)


def test_a_descriptor_of_the_callers_can_be_written_to(fleet):
    output = fleet.flag("seven")
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "echo through seven >&7",
                    prefixed=["bash", "-c", f'exec "$@" 7>{output}', "bash"])
    with open(output, encoding="ascii") as file:
        assert (run.code, file.read()) == (0, "through seven\n")


def test_the_end_of_a_pipe_is_seen_when_the_command_ends(fleet):
    """No process of ours keeps the caller's pipe open past the command's end."""
    reader, writer = os.pipe()
    run = fleet.start("--lockname", "a", "--", "echo", "x", stdout=writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == "x\n"
    assert run.wait() == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams(fleet, closed):
    """Nothing of ours may land where the command expects its standard streams."""
    flag = fleet.flag("end.a")
    words = fleet.job("a", "--until", flag)
    run = fleet.start("--lockname", "a", "--", *words, prefixed=["sh", "-c", f'exec "$@" {closed}', "sh"])
    started = fleet.records.started("a")
    found = descriptors(started.pid)
    for number, redirection in ((0, "<&-"), (1, " >&-"), (2, "2>&-")):
        if redirection in f" {closed}":
            assert found.get(number) in (None, "/dev/null"), found
    fleet.end_job("a")
    assert run.wait() == 0


def test_standard_input_is_handed_on(fleet):
    path = fleet.write("input", "some\nlines\n")
    with open(path, "rb") as file:
        run = fleet.run("--lockname", "a", "--", "cat", stdin=file)
    assert (run.code, run.out) == (0, "some\nlines\n")


def test_a_large_output_is_whole(fleet):
    run = fleet.run("--lockname", "a", "--", "head", "-c", "5000000", "/dev/zero")
    assert run.code == 0 and len(run.out) == 5_000_000


def test_environment_added_and_nothing_else_changed(fleet):
    fleet.resources("r")
    path = fleet.flag("environment")
    config = fleet.config()
    run = fleet.start("--lockname", "a", "--lease", "r=2:5", "--",
                      "sh", "-c", f"env -0 >{path}.part; mv {path}.part {path}; exec sleep 100",
                      config=config, env={"MINE": "a b\nc"})
    eventually(lambda: os.path.exists(path))
    with open(path, "rb") as file:
        found = dict(item.decode().split("=", 1) for item in file.read().split(b"\0") if item)
    ours = {key: found.pop(key) for key in list(found) if key.startswith("SWITCHMAN_")}
    lock = fleet.stat("locks", "a")
    assert set(ours) == {f"SWITCHMAN_{name}" for name in (
        "LOCKNAME", "LOCK_PATH", "FENCING_TOKEN", "SESSION_ID", "LEASES", "SLOTS", "ATTEMPT", "CONFIG")}
    assert ours["SWITCHMAN_LOCKNAME"] == "a"
    assert ours["SWITCHMAN_LOCK_PATH"] == fleet.path("locks", "a")
    assert int(ours["SWITCHMAN_FENCING_TOKEN"], 0) == lock.czxid
    assert int(ours["SWITCHMAN_SESSION_ID"].removeprefix("0x"), 16) == lock.ephemeralOwner
    assert "r" in ours["SWITCHMAN_LEASES"] and "2" in ours["SWITCHMAN_LEASES"]
    assert ours["SWITCHMAN_SLOTS"] == "r=1-2"
    assert ours["SWITCHMAN_CONFIG"] == config
    expected = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
    for key in ("_", "PWD", "OLDPWD", "SHLVL", "BLACK_BOX_RUN"):
        found.pop(key, None)
        expected.pop(key, None)
    assert found == {**expected, "MINE": "a b\nc"}
    end(run)


ADDRESSED = ("LISTEN_PID", "WATCHDOG_PID")


def test_what_systemd_addresses_to_the_wrapper_is_addressed_to_the_command(fleet):
    """sd_listen_fds(3) and sd_watchdog_enabled(3) compare these with getpid(). Nothing else is a process id by accident."""
    front = [f"{name}=$$" for name in (*ADDRESSED, "LISTEN_FDS", "MY_LISTEN_PID", "MAINPID")]
    run = fleet.start("--lockname", "a", "--", "sh", "-c", "echo $$; env",
                      prefixed=("sh", "-c", f'{" ".join(front)} exec "$@"', "sh")).finished()
    own, *lines = run.out.splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    assert run.code == 0 and own != str(run.front)
    assert [found[name] for name in ADDRESSED] == [own, own]
    assert [found[name] for name in ("LISTEN_FDS", "MY_LISTEN_PID", "MAINPID")] == [str(run.front)] * 3


def test_what_systemd_addresses_to_another_process_stays(fleet):
    words = {"LISTEN_PID": "1", "WATCHDOG_PID": f"0{os.getpid()}"}
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "echo $LISTEN_PID $WATCHDOG_PID", env=words)
    assert run.out.split() == list(words.values())


def test_each_attempt_is_addressed_anew(fleet):
    run = fleet.start("--lockname", "a", "--retries", 1, "--retry-delay", 0, "--", "sh", "-c", "echo $LISTEN_PID $$; exit 1",
                      prefixed=("sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh")).finished()
    attempts = [line.split() for line in run.out.splitlines()]
    assert [named == own for named, own in attempts] == [True, True] and attempts[0] != attempts[1]


def test_the_token_grows(fleet):
    tokens = []
    for _ in range(3):
        run = fleet.run("--lockname", "a", "--", "sh", "-c", "echo $SWITCHMAN_FENCING_TOKEN")
        tokens.append(int(run.out, 0))
    assert tokens == sorted(set(tokens))


def test_without_a_lock_there_is_no_token(fleet):
    run = fleet.run("--no-lock", "--lockname", "a", "--", "sh", "-c", "echo ${SWITCHMAN_FENCING_TOKEN-none}")
    assert (run.code, run.out.strip()) in ((0, "none"), (0, ""))


@pytest.mark.parametrize("name, value", [
    ("LOCKNAME", "other"), ("LOCK_PATH", "/other"), ("FENCING_TOKEN", "1"), ("SESSION_ID", "0x1"), ("LEASES", "r=1:1"),
    ("SLOTS", "r=1"), ("SLOT", "1"),
])
def test_none_of_them_is_read_as_an_option(fleet, name, value):
    assert fleet.run("--", "true", env={f"SWITCHMAN_{name}": value}).code == 0
    assert fleet.list("jobs") == ["true"]


def test_arguments_of_any_bytes(fleet):
    path = fleet.write("show", "#!/bin/sh\nprintf '%s\\n' \"$@\" | od -An -tx1 | tr -d ' \\n'\n")
    os.chmod(path, 0o755)
    run = fleet.run("--lockname", "a", "--", path, b"\xff\xfe", "", "a b", "\n")
    assert run.out == (b"\xff\xfe\n\na b\n\n\n").hex()


def test_a_long_argument_list(fleet):
    words = ["x" * 1000] * 1000
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "echo $#", "sh", *words)
    assert (run.code, run.out) == (0, "1000\n")
