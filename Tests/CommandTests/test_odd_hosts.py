"""Hosts and containers that lack something, or deny it: a command is guarded there as anywhere, or it is not started."""

import os
import shutil
import signal
import subprocess
import tempfile

import pytest

from Support import cgroups, processes
from Support.eventually import eventually
from Support.fixtures import ROOT
from Support.fleet import assert_one_line

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def mounting(*commands):
    """Words before a program in a mount namespace of its own, where these have been called."""
    return "unshare", "--mount", "sh", "-c", "; ".join(["set -e", *commands, 'exec "$0" "$@"'])


def remounted(path):
    return mounting(f"mount --bind {path} {path}", f"mount -o remount,bind,ro {path}")


READ_ONLY_ROOT = mounting("mount -o remount,bind,ro /", "! touch /switchman-probe 2>&-")
# Of this worker alone: where cgroups are read-only nobody can tell whether another's run of the same lock lives, and waits for it.
LOCK = f"odd-{os.getpid()}"
CGROUPS = cgroups.mount_point() or "/nowhere"
NAMESPACES = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
HOSTS = {
    "plain": (),
    "nobody": NOBODY,
    "read-only-root": READ_ONLY_ROOT,
    "no-dev": mounting("mount -t tmpfs none /dev"),
    "no-sys": mounting("mount -t tmpfs none /sys"),
    "read-only-run": mounting("mount -t tmpfs -o ro none /run"),
    "hidepid": (*mounting("mount -t proc -o hidepid=2 proc /proc"), *NOBODY),
    "proc-of-processes-alone": mounting("mount -t proc -o subset=pid proc /proc"),
    "process-1": ("unshare", "--pid", "--fork", "--mount-proc"),
    "process-1-of-nobody": ("unshare", "--pid", "--fork", "--mount-proc", *NOBODY),
    "user-namespace": ("unshare", "--user", "--map-root-user"),
    "user-pid-and-mount-namespaces": NAMESPACES,
    "nobodys-namespaces": (*NOBODY, *NAMESPACES),
    "no-new-privileges": ("setpriv", "--no-new-privs"),
    "no-new-privileges-of-nobody": (*NOBODY, "--no-new-privs"),
    "no-capabilities": ("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
    "cgroup-namespace": ("unshare", "--cgroup"),
    "cgroup-namespace-with-its-own-mount": (
        "unshare", "--cgroup", *mounting(f"umount -l {CGROUPS}", f"mount -t cgroup2 none {CGROUPS}")),
    "read-only-cgroups": remounted(CGROUPS),
    "clocks-of-another-time": ("unshare", "--time", "--boottime", "8000000", "--monotonic", "8000000", "--fork"),
}


@pytest.fixture
def open_folder(fleet):
    """Programs and files where everybody finds them, and which no host of these hides."""
    with tempfile.TemporaryDirectory(prefix="switchman-odd-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o777)
        fleet.program = shutil.copy(fleet.program, folder)
        yield folder


@pytest.fixture(params=HOSTS)
def host(request):
    words = HOSTS[request.param]
    if words and subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("no such host can be made here")
    return words


def start(fleet, folder, host, *options, script="exec sleep 1000"):
    """A command with a descendant that hides in a session of its own, and ignores SIGTERM."""
    config = shutil.copy(fleet.config(), folder)
    os.chmod(config, 0o644)
    hidden = 'exec -a hidden sh -c "trap : TERM; while :; do sleep 0.1; done"'
    run = fleet.start("--lockname", LOCK, *options, "--", "sh", "-c", f"setsid -f bash -c '{hidden}'; sleep 0.5; {script}",
                      config=config, prefixed=host)
    if script.startswith("exec"):
        eventually(lambda: {"sleep", "sh"} <= {one.comm for one in run.left()} and len(run.left()) > 2, what="it has forked")
    return run


def assert_gone(run):
    eventually(lambda: run.left() == [], what="nothing is left")


def test_a_tree_dies_with_the_loss_of_its_lock(fleet, open_folder, host):
    run = start(fleet, open_folder, host)
    eventually(lambda: fleet.list("locks") == [LOCK])
    fleet.client.delete(fleet.path("locks", LOCK))
    assert run.wait() == 81
    assert_gone(run)
    fleet.leaves_marks = True


def test_what_a_command_leaves_behind_is_killed(fleet, open_folder, host):
    run = start(fleet, open_folder, host, "--descendants", "kill", script="exit 5")
    assert run.wait() == 5
    assert_gone(run)


@pytest.mark.parametrize("roles", [("guardian",), ("supervisor",), ("supervisor", "guardian")], ids="-and-".join)
def test_a_tree_dies_with_those_who_guard_it(fleet, open_folder, host, roles):
    run = start(fleet, open_folder, host)
    found = dict(zip(("front", "supervisor", "guardian"), run.three()))
    for role in roles:
        processes.kill(found[role])
    run.wait()
    assert_gone(run)
    fleet.leaves_marks = True


def test_no_folder_for_temporary_files(fleet, open_folder):
    """There is none that a run would need."""
    config = shutil.copy(fleet.config(), open_folder)
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "ls -A /tmp; exit 3", config=config, cwd="/",
                    prefixed=mounting("mount -t tmpfs -o ro none /tmp"))
    assert (run.code, run.out, run.err) == (3, "", "")


def test_a_namespace_without_its_own_proc_is_refused(fleet, open_folder):
    config = shutil.copy(fleet.config(), open_folder)
    run = fleet.run("--lockname", "a", "--", "touch", f"{open_folder}/ran", config=config,
                    prefixed=("unshare", "--pid", "--fork"))
    assert_one_line(run, 71, "/proc", "mount it")
    assert not os.path.exists(f"{open_folder}/ran")
    fleet.assert_no_trace()


# What a run can do without: it has another way, or does not need it on this host.
DENIED = ["pidfd_open", "pidfd_send_signal", "ptrace", "close_range", "sched_setscheduler", "setpriority"]


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS"])
@pytest.mark.parametrize("call", [*DENIED, "clone3"])
@pytest.mark.parametrize("cgroup", ["auto", "off"])
def test_without_a_call_that_it_can_do_without(fleet, open_folder, call, error, cgroup):
    if (call, error) == ("clone3", "EPERM"):
        pytest.skip("no thread can be made then: test_refused_calls")
    fleet.settings["cgroup"] = cgroup
    sandbox = ("/usr/bin/python3", ROOT / "Tests/Support/denied.py", call, error)
    run = start(fleet, open_folder, sandbox)
    eventually(lambda: fleet.list("locks") == [LOCK])
    front, supervisor, guardian = run.three()
    processes.kill(guardian)
    assert run.wait() == 81
    assert_gone(run)
    run = start(fleet, open_folder, sandbox, "--descendants", "kill", script="exit 5")
    assert run.wait() == 5
    assert_gone(run)
    run = fleet.start("--lockname", "a", "--", "sleep", "1000", prefixed=sandbox)
    run.command()
    run.send(signal.SIGTERM)
    assert run.wait() == 143
    fleet.leaves_marks = True
