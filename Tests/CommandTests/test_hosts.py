"""Hosts that are not like the others: no /proc, no IPv4 address of their own, no root. Made with unshare(1), setpriv(1)."""

import errno
import os
import shutil
import signal
import struct
import subprocess
import tempfile

import pytest

from Support import processes
from Support.eventually import eventually
from Support.fixtures import ROOT
from Support.fleet import assert_one_line, assert_silent

PRIVATE_MOUNTS = ("unshare", "--mount", "--uts", "sh", "-c")


def test_without_proc_no_tree_can_be_found_so_nothing_starts(fleet):
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"),
                    prefixed=(*PRIVATE_MOUNTS, 'mount -t tmpfs none /proc && exec "$0" "$@"'))
    assert_one_line(run, 71, "/proc")
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()


def test_a_tree_is_killed_behind_another_proc_as_well(fleet):
    """Mounted by the command, root's; where switchman sees it too."""
    hide = ("sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"')
    run = fleet.start("--lockname", "a", "--", *hide, *fleet.job("a", "--stubborn"), prefixed=("unshare", "--mount"))
    eventually(lambda: len(fleet.records.spans("a")) == 3, what="it has forked")
    run.send(signal.SIGTERM)
    assert run.wait() == 143
    assert run.left() == []


def test_a_group_whose_leader_is_outside_of_the_pid_namespace(fleet):
    """It has no number there: with that the command would get a group of its own, in the background, out of reach of Ctrl-C."""
    run = fleet.start_job("a", prefixed=("unshare", "--pid", "--fork", "--mount-proc"))
    assert os.getpgid(run.command()) == run.front
    assert os.getpgid(run.guardian) == run.front
    fleet.end_job("a")
    assert run.wait() == 0


@pytest.fixture
def failing(tmp_path):
    """The environment in which these calls fail."""
    library = tmp_path / "failing.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "Tests/Support/failing.c"], check=True)
    return lambda calls: {"LD_PRELOAD": str(library), "SWITCHMAN_TEST_FAILING": calls}


@pytest.mark.parametrize("killed", [(), ("guardian",), ("supervisor", "guardian")])
def test_a_tree_is_killed_without_a_descriptor_left(fleet, failing, killed):
    """By the guardian, or by who inherits the tree."""
    table = fleet.flag("full")
    run = fleet.start_job("a", "--stubborn", env={**failing("open"), "SWITCHMAN_TEST_REFUSED": table})
    eventually(lambda: len(fleet.records.spans("a")) == 3, what="it has forked")
    pids = [getattr(run, role) for role in killed]
    fleet.raise_flag(table)
    if not pids:
        run.send(signal.SIGTERM)
    for pid in pids:
        processes.kill(pid)
    assert run.wait() == (81 if killed else 143)
    assert run.left() == []
    fleet.leaves_marks = len(killed) == 2


def test_a_fork_takes_seconds(fleet, failing):
    """A guardian that has not answered to the start yet is no broken one, and what has waited for that is no sign of a busy
    machine: the term, of 6 s, would not hold three times that."""
    fleet.settings["cgroup"] = "off"
    run = fleet.start_job("a", "--for", 2, until=False, env=failing("slow-fork"))
    assert_silent(run.finished(), 0)


@pytest.mark.parametrize("prefixed", [(), ("sh", "-c", 'sleep 100 & exec "$0" "$@"')])
def test_without_subreapers_orphans_would_get_away_so_nothing_starts(fleet, failing, prefixed):
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), env=failing("subreaper"), prefixed=prefixed)
    assert_one_line(run, 71, "PR_SET_CHILD_SUBREAPER")
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()
    fleet.sweep()


def test_without_signals_to_read_nothing_starts(fleet, failing):
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), env=failing("signalfd"))
    assert_one_line(run, 71, os.strerror(errno.EMFILE))
    assert not os.path.exists(fleet.flag("ran"))
    fleet.assert_no_trace()


@pytest.mark.parametrize("address, name", [("2001:db8::7", "sechs.example.net"), ("192.0.2.7", "vier.example.net")])
def test_the_hosts_name_is_found_by_either_family(fleet, address, name):
    hosts = fleet.write("hosts", f"::1 localhost\n{address} {name} {name.split('.')[0]}\n")
    resolver = fleet.write("resolv.conf", "")
    fleet.prefix_data({"groups": {"g": [name]}})
    script = f'mount --bind {hosts} /etc/hosts; mount --bind {resolver} /etc/resolv.conf; ' \
        f'hostname {name.split(".")[0]}; exec "$0" "$@"'
    run = fleet.run("--lockname", "a", "-g", "g", "--", "echo", "ran", prefixed=(*PRIVATE_MOUNTS, script),
                    config=fleet.config(fqdn=None))
    assert (run.code, run.out, run.err) == (0, "ran\n", "")


@pytest.fixture
def commoner(fleet):
    """What it takes to start a run as nobody: the program and a configuration where nobody can read them."""
    with tempfile.TemporaryDirectory(prefix="switchman-nobody-") as folder:
        os.chmod(folder, 0o755)
        fleet.program = shutil.copy(fleet.program, folder)
        config = shutil.copy(fleet.config(), folder)
        os.chmod(config, 0o644)
        yield config


NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def test_it_needs_no_root(fleet, commoner):
    run = fleet.run("--lockname", "a", "--", "id", "-u", config=commoner, prefixed=NOBODY)
    assert (run.code, run.out, run.err) == (0, "65534\n", "")


@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_a_program_with_rights_of_its_file_lends_them_to_nobody(fleet, commoner, controller, mode):
    if os.geteuid() != 0 or os.statvfs(fleet.program).f_flag & os.ST_NOSUID:
        pytest.skip("nothing can be made set-user-ID of root here")
    copy = shutil.copy(controller, os.path.dirname(fleet.program))
    for path in (fleet.program, copy):
        os.chown(path, 0, 0)
        os.chmod(path, mode)
    run = fleet.run("--lockname", "a", "--", "id", "-u", config=commoner, prefixed=NOBODY)
    assert_one_line(run, 71, "set-user-ID")
    fleet.assert_no_trace()
    for verb, code in (("status",), 71), (("check", "config"), 3):
        told = subprocess.run([*NOBODY, copy, *verb, "--config", commoner], capture_output=True, text=True)
        assert told.returncode == code and "set-user-ID" in told.stdout + told.stderr, told


def give_capability(path, effective):
    """As `setcap cap_net_raw+p`, or `+ep`: struct vfs_cap_data, version 2 (capabilities(7))."""
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000000 | effective, 1 << 13, 0, 0, 0))


@pytest.mark.parametrize("effective", [True, False])
def test_a_program_with_capabilities_of_its_file_lends_them_to_nobody(fleet, commoner, controller, effective):
    copy = shutil.copy(controller, os.path.dirname(fleet.program))
    try:
        for path in (fleet.program, copy):
            give_capability(path, effective)
    except OSError as error:
        pytest.skip(f"no file can be given a capability here: {error}")
    if os.statvfs(fleet.program).f_flag & os.ST_NOSUID:
        pytest.skip("capabilities of files do not count here")
    assert_one_line(fleet.run("--lockname", "a", "--", "id", "-u", config=commoner, prefixed=NOBODY), 71, "file capabilities")
    fleet.assert_no_trace()
    for verb, code in (("status",), 71), (("check", "config"), 3):
        told = subprocess.run([*NOBODY, copy, *verb, "--config", commoner], capture_output=True, text=True)
        assert told.returncode == code and "file capabilities" in told.stdout + told.stderr, told
    # Root has them anyway.
    assert fleet.run("--lockname", "a", "--", "echo", "ran", config=commoner).out == "ran\n"


def test_a_capability_that_the_caller_lends_is_its_own(fleet, commoner):
    lends = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+net_raw", "--ambient-caps=+net_raw")
    run = fleet.run("--lockname", "a", "--", "grep", "CapAmb", "/proc/self/status", config=commoner, prefixed=lends)
    assert (run.code, run.err) == (0, "") and int(run.out.split()[1], 16) == 1 << 13


def test_a_tree_of_nobodys_is_killed_by_nobody(fleet, commoner):
    run = fleet.start("--lockname", "a", "--descendants", "kill", "--", "sh", "-c", "setsid sleep 1000 & exec sleep 1000",
                      config=commoner, prefixed=NOBODY)
    run.command()
    eventually(lambda: fleet.list("locks") == ["a"])
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait() == 81
    fleet.leaves_marks = True


def test_a_process_that_proc_hides_is_killed(fleet, commoner):
    """As of a user who may see his own processes only, with a program that he may not read: not even this one of his."""
    hidden = os.path.join(os.path.dirname(commoner), "hidden")
    shutil.copy("/bin/sh", hidden)
    os.chmod(hidden, 0o711)
    script = f"""setsid {hidden} -c 'trap "echo was told" TERM; while :; do sleep 0.1; done' & pid=$!
        sleep 0.3; test ! -e /proc/$pid && echo is hidden; exit 3"""
    mounts = ("unshare", "--mount", "sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec "$0" "$@"')
    run = fleet.start("--lockname", "a", "--descendants", "kill", "--", "sh", "-c", script,
                      config=commoner, prefixed=(*mounts, *NOBODY))
    assert run.wait() == 3
    assert run.out == "is hidden\nwas told\n"


def test_a_configuration_that_may_not_be_read(fleet, commoner):
    os.chmod(commoner, 0o600)
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=commoner, prefixed=NOBODY), 78, commoner)
    os.chmod(commoner, 0o644)
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=commoner, prefixed=NOBODY), 0)


def test_process_1_reaps_whoever_loses_its_parent(fleet):
    """What somebody runs in the container beside it: its orphans are process 1's, and as zombies they would fill the table."""
    run = fleet.start_job("a", prefixed=("unshare", "--pid", "--fork", "--mount-proc"))
    front = run.supervisor  # the only child of unshare
    orphan = ("sh", "-c", "sleep 2 & exit 0")
    subprocess.run(["nsenter", "--target", str(front), "--pid", *orphan], check=True)
    eventually(lambda: len(processes.children(front)) > 1, what="it is front's")
    eventually(lambda: len(processes.children(front)) == 1, what="it is reaped")
    fleet.end_job("a")
    assert run.wait() == 0
