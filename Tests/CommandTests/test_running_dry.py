"""Limits of processes, memory and file sizes that are too low: a working run, or one line that says what is lacking. Whatever
it is, nothing runs unguarded, and nothing is left."""

import os
import resource
import shutil
import signal
import tempfile

import pytest

from Support import processes
from Support.control import assert_refused
from Support.eventually import always, eventually
from Support.fleet import assert_one_line, assert_silent
from Support.run import Run

MB = 1 << 20
# What the kernel and the dynamic linker do to a program for which there is no room: neither has come to its first line.
NEVER_BEGAN = (-signal.SIGSEGV, -signal.SIGKILL, 127)
# And what Swift's runtime does, in a few MB more, where there is no memory for its first object: of switchmanctl, which is larger.
RUNTIME = (-signal.SIGILL, -signal.SIGABRT, -signal.SIGTRAP)
THREADS = ("cannot make a thread", "ulimit -u", "ulimit -v")


def limited(what, most):
    return {"preexec_fn": lambda: resource.setrlimit(what, (most, most))}


@pytest.mark.parametrize("what, sizes", [
    (resource.RLIMIT_AS, range(8, 120, 4)), (resource.RLIMIT_DATA, range(1, 45, 2)),
], ids=["address-space", "data"])
def test_memory_that_may_not_be_had(fleet, ctl, what, sizes):
    """From none at all to enough, in small steps: threads, their stacks and malloc's arenas are refused one after the other."""
    servers = f"{fleet.address},127.0.0.2:{fleet.address.rpartition(':')[2]}"
    fleet.config(zkhosts=servers)
    outcomes, told_outcomes = set(), set()
    for size in sizes:
        options = limited(what, size * MB)
        run = fleet.run("--lockname", "a", "--", "touch", fleet.flag(f"ran{size}"), **options)
        outcomes.add(run.code)
        if run.code in NEVER_BEGAN:
            assert not os.path.exists(fleet.flag(f"ran{size}"))
        elif run.code != 0:
            assert_one_line(run, 71, "cannot make a thread")
            assert not os.path.exists(fleet.flag(f"ran{size}"))
        told = ctl("status", **options)
        if told.code not in (0, *NEVER_BEGAN, *RUNTIME):
            assert_refused(told, 71, *THREADS)
        told_outcomes.add(told.code)
    assert {0, 71} <= outcomes and {0, 71} <= told_outcomes


@pytest.fixture
def crowded(fleet):
    """Words before a run of an account that has no other process anywhere: its limit counts all of them."""
    if os.geteuid() != 0:
        pytest.skip("that takes root, to become somebody else")
    uid = 400_000 + os.getpid() % 100_000
    with tempfile.TemporaryDirectory(prefix="switchman-crowded-") as folder:
        os.chmod(folder, 0o755)
        fleet.program = shutil.copy(fleet.program, folder)
        config = shutil.copy(fleet.config(connect_timeout=5), folder)
        os.chmod(config, 0o644)
        yield config, lambda most: (
            "prlimit", f"--nproc={most}", "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")


@pytest.mark.parametrize("servers", [1, 3])
def test_processes_that_may_not_be_made(fleet, crowded, servers):
    """An ordinary account's, from one to enough. With several servers the client is opened on a thread of its own."""
    config, words = crowded
    host, _, port = fleet.address.rpartition(":")
    more = {"SWITCHMAN_ZKHOSTS": ",".join([fleet.address, f"127.0.0.2:{port}", f"127.0.0.3:{port}"][:servers])}
    outcomes = []
    for most in range(1, 14):
        run = fleet.run("--lockname", "a", "--", "true", config=config, prefixed=words(most), env=more)
        outcomes.append(run.code)
        if run.code:
            assert_one_line(run, 71, "ulimit -u")
        assert fleet.list("locks") == []
    assert outcomes == sorted(outcomes, reverse=True) and outcomes[0] == 71 and outcomes[-1] == 0, outcomes


def test_the_operators_tool_without_processes(fleet, controller, crowded):
    config, words = crowded
    copy = shutil.copy(controller, os.path.dirname(config))
    for most in range(1, 6):
        verbs = {"status": 71, "check": 3}
        for verb, code in verbs.items():
            more = ("job", "a", "--within", "1d") if verb == "check" else ()
            told = _run(fleet, [*words(most), copy, verb, *more, "--config", config])
            if told.code == code:
                assert len((told.err or told.out).splitlines()) == 1 and "cannot make a thread" in told.err + told.out, told
            else:
                assert told.code in (0, 2), (most, verb, told, told.out)


def _run(fleet, words):
    run = Run(words, fleet.folder, dict(os.environ))
    fleet.runs.append(run)
    return run.finished()


def test_a_dry_run_without_processes(fleet, crowded):
    config, words = crowded
    codes = []
    for most in range(1, 6):
        run = fleet.run("--lockname", "a", "--dry-run", "--", "true", config=config, prefixed=words(most))
        codes.append(run.code)
        if run.code:
            assert_one_line(run, 71, *THREADS)
    assert codes[0] == 71 and codes[-1] == 0


@pytest.mark.parametrize("most", [0, 10, 100])
def test_files_may_not_grow(fleet, tmp_path, most):
    """SIGXFSZ would kill whoever writes the log: the job's status is its own, and what is lost is told in a line each."""
    (tmp_path / "metrics").mkdir()
    config = fleet.config(logfile=f"{tmp_path}/log", metrics_directory=f"{tmp_path}/metrics")
    reader, writer = os.pipe()
    run = fleet.start("--lockname", "a", "--", "sh", "-c", "exit 3", config=config, stderr=writer,
                      **limited(resource.RLIMIT_FSIZE, most))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        lines = pipe.read().splitlines()
    assert run.wait() == 3
    assert [line for line in lines if "logfile" in line and "File too large" in line], lines
    assert [line for line in lines if "metrics_directory" in line and "File too large" in line], lines
    assert len(lines) == 2 and os.listdir(tmp_path / "metrics") == []
    assert os.path.getsize(tmp_path / "log") <= most


@pytest.fixture
def full_disk(fleet, tmp_path):
    """A file system without room."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=64k none {folder}; mkdir {folder}/metrics; : >{folder}/log; " \
        f'head -c 1000000 /dev/zero >{folder}/filler 2>{tmp_path}/err; exec "$0" "$@"'
    return folder, ("unshare", "--mount", "sh", "-c", mount)


def test_a_full_disk(fleet, full_disk):
    folder, words = full_disk
    config = fleet.config(logfile=f"{folder}/log", loglevel="debug", metrics_directory=f"{folder}/metrics")
    run = fleet.run("--lockname", "a", "--", "sh", "-c", f"ls {folder}/metrics; exit 3", config=config, prefixed=words)
    assert run.code == 3 and run.out == ""
    assert [line.partition(": No space left on device")[0] for line in run.err.splitlines()] == [
        f"switchman: a: logfile {folder}/log", f"switchman: a: metrics_directory {folder}/metrics"], run.err


def test_quiet_says_nothing_of_a_log_that_is_full(fleet, full_disk):
    folder, words = full_disk
    run = fleet.run("--quiet", "--lockname", "a", "--", "true", config=fleet.config(logfile=f"{folder}/log"), prefixed=words)
    assert_silent(run, 0)


@pytest.mark.parametrize("options", [(), ("--keep-output", "1k")], ids=["plain", "kept"])
def test_output_on_a_full_disk_is_the_commands_own_trouble(fleet, full_disk, options):
    folder, words = full_disk
    script = 'echo much; echo "status $?" >&2; exit 4'
    inner = ("sh", "-c", f'exec "$0" "$@" >{folder}/output')
    run = fleet.run("--lockname", "a", *options, "--", "sh", "-c", script, prefixed=(*words, *inner))
    assert run.code == 4 and "status" in run.err and "status 0" not in run.err


@pytest.mark.parametrize("role", ["front", "supervisor", "guardian"])
def test_a_limit_of_open_files_that_is_lowered_meanwhile(fleet, role):
    """poll(2) fails then, with EINVAL: who waits by it must neither go deaf nor keep the processor from everybody."""
    run = fleet.start_job("a", "--stubborn", until=False)
    pid = getattr(run, role)
    before = processor_s(pid)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1))
    if role == "supervisor":
        # The C client waits by it as well, and hears nothing more: its deadline comes.
        always(lambda: processor_s(pid) - before < 1.5, during=3, what="it leaves the processor to others")
        assert run.wait() == 81
        fleet.leaves_marks = True
    else:
        always(lambda: run.running, during=fleet.settings["ownership_term"] + 1)
        assert processor_s(pid) - before < 1.5, "it takes the processor"
        run.send(signal.SIGTERM)
        assert run.wait() == 143
    assert run.left() == []
    eventually(lambda: not processes.alive(pid))


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
