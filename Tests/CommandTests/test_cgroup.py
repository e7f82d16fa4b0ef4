"""The control group that holds a command's tree: where it is, that it goes, and that what a dead run has left there is
killed by the next run on this host."""

import fcntl
import os
import signal
import subprocess

import pytest

from Support import cgroups, processes
from Support.eventually import always, eventually
from Support.fleet import assert_silent
from Support.ground import ACCOUNTS

# What a program without control groups cannot do either is red there; where there is a key for it, "off" is limit 5.
IN_A_GROUP = pytest.mark.parametrize("ground", [mode for mode in cgroups.MODES if mode != "off"], indirect=True)
BOTH = pytest.mark.parametrize("account", ACCOUNTS, indirect=True)


@pytest.fixture
def group(ground):
    """The tests' own group, in which the runs are."""
    if not ground.group:
        why_not = cgroups.why_not()
        if why_not:
            pytest.skip(why_not)
        ground.group = cgroups.Group(ground.uid)
    return ground.group


def start(fleet, *options, **more):
    run = fleet.start_job("first", "--stubborn", "--claim", "lock:1:1", *options,
                          arguments=("--lockname", "a"), until=False, **more)
    eventually(lambda: len(fleet.records.spans("first")) == 3, what="the command has forked")
    return run


def kill_all_three(run):
    """At one stroke: none of them sees the others die. The front last: with it their group is orphaned, and the kernel continues
    who is stopped in it (setpgid(2)), so that the guardian would kill the tree before its own SIGKILL comes."""
    pids = run.three()
    for pid in pids:
        processes.stop(pid)
    for pid in reversed(pids):
        processes.kill(pid)
    run.wait()


@IN_A_GROUP
@BOTH
def test_it_holds_the_command_and_what_that_forks(held, group, ground):
    run = start(held)
    assert all(ground.is_held_in_a_group(span.pid) for span in held.records.spans("first"))
    assert not any(ground.is_held_in_a_group(pid) for pid in run.three()), "it is not for our own three"
    run.send(signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM
    assert group.below() == []


@IN_A_GROUP
@BOTH
@pytest.mark.parametrize("words, code", [
    (("--", "true"), 0), (("--", "/no/such/program"), 127), (("--", "/etc/passwd"), 126),
    (("--retries", 2, "--retry-delay", 0, "--", "false"), 1),
    (("--", "sh", "-c", "kill -9 $$"), 137), (("--descendants", "kill", "--", "sh", "-c", "setsid sleep 99 & exit 3"), 3),
    (("--timeout", 1, "--", "sleep", "99"), 124), (("--dry-run", "--", "true"), 0), (("--lease", "x=1:1", "--", "true"), 65),
])
def test_none_is_left_after_a_run(held, group, words, code):
    assert held.run("--lockname", "a", *words).code == code
    assert group.below() == []


@IN_A_GROUP
def test_none_is_left_after_a_skip(held, group):
    held.start_job("holder", arguments=("--lockname", "a"))
    before = group.below()
    assert_silent(held.run("--lockname", "a", "--", "true"), 0)
    assert group.below() == before
    held.end_job("holder")


@IN_A_GROUP
def test_descendants_that_are_left_on_purpose_live_on(held, group):
    """Nor are they taken for a dead run's by the next one."""
    run = held.run("--lockname", "a", "--descendants", "leave", "--",
                   "sh", "-c", "echo $$; sleep 1000 >/dev/null 2>&1 & echo $!; exit 5")
    assert run.code == 5
    pid = int(run.out.split()[1])
    assert held.run("--lockname", "a", "--", "true").code == 0
    always(lambda: processes.alive(pid), during=0.5)
    processes.kill(pid)
    eventually(lambda: not processes.alive(pid))
    assert held.run("--lockname", "a", "--", "true").code == 0
    assert group.below() == []


@IN_A_GROUP
@BOTH
@pytest.mark.parametrize("role", [0, 1, 2], ids=["front", "supervisor", "guardian"])
def test_none_is_left_after_one_of_the_three_was_killed(held, group, role):
    """At the latest after the next run there."""
    run = start(held)
    processes.kill(run.three()[role])
    run.wait()
    eventually(run.all_gone, what="all is gone")
    held.leaves_marks = True
    assert held.run("--lockname", "b", "--", "true").code == 0
    assert group.below() == []


@IN_A_GROUP
@BOTH
def test_a_group_that_was_killed_before_is_no_end_of_the_next_command(held, group, ground):
    """Since 6.14 the kernel kills at birth whom CLONE_INTO_CGROUP puts from a group that was killed into one that was not."""
    for _ in range(3):
        with open(f"{group.folder}/cgroup.kill", "w", encoding="ascii") as file:
            file.write("1")
        assert held.run("--lockname", "a", "--", "sh", "-c", "exit 3").code == 3
    run = start(held)
    assert all(ground.is_held_in_a_group(span.pid) for span in held.records.spans("first"))
    run.send(signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM and group.below() == []


def is_swept_by_the_next_run(held, group, run):
    kill_all_three(run)
    held.leaves_marks = True
    second = held.start_job("second", arguments=("--lockname", "b"))
    eventually(run.all_gone, what="all that was left is gone")
    held.end_job("second")
    assert second.wait() == 0
    assert group.below() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root's register is known")
def test_a_sweep_that_is_under_way_is_no_news(alone, fleet):
    """It is waited for, and the run says nothing, since nothing is wrong."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    register = os.open("/run/switchman", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(register, fcntl.LOCK_EX)
        run = fleet.start("--lockname", "a", "--", "echo", "ran")
        always(lambda: run.running, during=0.7)
    finally:
        os.close(register)
    run.finished()
    assert (run.code, run.out, run.err) == (0, "ran\n", "")


@IN_A_GROUP
@BOTH
def test_what_all_three_have_left_is_killed_by_the_next_run(held, group):
    """Of another lock: any run of this account on this host does it, as soon as its command has started."""
    is_swept_by_the_next_run(held, group, start(held))


@IN_A_GROUP
@BOTH
@pytest.mark.parametrize("comes", ["before", "after"])
def test_what_all_three_have_left_is_killed_before_the_successor_starts(held, group, comes):
    """Also by one who has waited since before."""
    run = start(held)
    if comes == "before":
        second = held.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
        kill_all_three(run)
    else:
        kill_all_three(run)
        second = held.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
    assert second.wait(60) == 0
    held.records.assert_one_after_the_other("first", "second")
    assert group.below() == []


@IN_A_GROUP
@pytest.mark.parametrize("options", [("--dead-leader",), ("--change-user", 65534), ("--orphans", 300)])
def test_whatever_they_have_left(held, group, options):
    is_swept_by_the_next_run(held, group, start_ready(held, *options))


def start_ready(fleet, *options):
    run = fleet.start_job("first", "--stubborn", "--claim", "lock:1:1", *options, arguments=("--lockname", "a"), until=False)
    fleet.records.ready("first")
    return run


def belongs_to_another(register):
    os.chown(register, 65533, 65533)
    os.chmod(register, 0o777)
    return lambda: (os.chown(register, 65534, 65534), os.chmod(register, 0o700))


def is_open_to_the_group(register):
    os.chmod(register, 0o770)
    return lambda: os.chmod(register, 0o700)


def is_a_link(register):
    os.rename(register, f"{register}.own")
    os.symlink(f"{register}.own", register)
    os.lchown(register, 65534, 65534)
    return lambda: os.replace(f"{register}.own", register) if os.remove(register) is None else None


@IN_A_GROUP
@pytest.mark.parametrize("account", ["ordinary"], indirect=True)
@pytest.mark.parametrize("spoil", [belongs_to_another, is_open_to_the_group, is_a_link])
def test_a_register_that_others_may_have_written_is_not_believed(held, group, ground, spoil):
    """In XDG_RUNTIME_DIR: whoever writes there could have the account's runs kill what is in any group of its. Nor is it used."""
    run = start(held)
    kill_all_three(run)
    held.leaves_marks = True
    register = f"{ground.environment['XDG_RUNTIME_DIR']}/switchman"
    assert (links := os.listdir(register))
    mend = spoil(register)
    second = held.start_job("second", arguments=("--lockname", "b"))
    always(lambda: not run.all_gone(), during=1.5)
    assert os.listdir(register) == links
    held.end_job("second")
    assert second.wait() == 0
    mend()
    third = held.start_job("third", arguments=("--lockname", "b"))
    eventually(run.all_gone, what="the same register, once it is one's own again, is believed")
    held.end_job("third")
    assert third.wait() == 0
    assert group.below() == []


@IN_A_GROUP
def test_what_lives_is_not_swept(held, group):
    """As long as one of the three lives, though it is stopped, the run is not dead."""
    run = start(held)
    front, supervisor, guardian = run.three()
    processes.stop(supervisor)
    processes.stop(guardian)
    before = group.below()
    assert before and held.run("--lockname", "b", "--", "true").code == 0
    assert group.below() == before
    assert all(processes.alive(span.pid) for span in held.records.spans("first"))
    for pid in (guardian, supervisor):
        processes.kill(pid, signal.SIGCONT)
    processes.kill(front, signal.SIGTERM)
    run.wait()
    held.leaves_marks = True


@pytest.mark.skipif(cgroups.IS_OLD, reason="the key is new")
@pytest.mark.parametrize("by", ["file", "variable"])
def test_a_folder_that_is_named(fleet, by):
    """As of a delegated part of the tree."""
    why_not = cgroups.why_not()
    if why_not:
        pytest.skip(why_not)
    group = cgroups.Group()
    try:
        config = fleet.config(cgroup=group.folder if by == "file" else "off")
        env = {"SWITCHMAN_CGROUP": group.folder} if by == "variable" else {}
        run = fleet.start_job("a", config=config, env=env)
        pid = fleet.records.started("a").pid
        assert pid in group.members()
        assert os.path.basename(group.folder) + "/switchman." in cgroups.of_process(pid)
        fleet.end_job("a")
        assert run.wait() == 0
        assert group.below() == []
    finally:
        group.close()


# What is said of it.

HELD = "a: the command's tree is held in the cgroup {}/switchman."
UNREGISTERED = "no folder to register it in"


@pytest.mark.skipif(cgroups.IS_OLD, reason="the key is new")
@BOTH
@pytest.mark.parametrize("ground", ["auto"], indirect=True)
@pytest.mark.parametrize("is_registered", [True, False])
def test_verbose_tells_of_the_group_and_of_a_register_that_there_is_none(held, group, ground, is_registered):
    """Of an ordinary account that has no runtime folder: nobody would find what its dead run has left."""
    if ground.account == "root" and not is_registered:
        pytest.skip("root has /run")
    run = held.run("--verbose", "--lockname", "a", "--", "true", env={} if is_registered else {"XDG_RUNTIME_DIR": ""})
    assert run.code == 0 and HELD.format(group.folder) in run.err
    assert (UNREGISTERED in run.err) == (not is_registered), run.err
    assert group.below() == []


@pytest.mark.skipif(cgroups.IS_OLD, reason="the key is new")
def test_verbose_tells_why_there_is_none(fleet):
    run = fleet.run("--verbose", "--lockname", "a", "--", "true", config=fleet.config(cgroup="off"))
    walks = "the command's tree is found by walking /proc"
    assert run.code == 0 and f"a: {walks}, without a cgroup: the configuration says off\n" in run.err
    # What somebody has named, and does not get, is told without being asked for.
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(cgroup=fleet.folder))
    assert run.code == 0
    assert run.err == f"switchman: a: cgroup {fleet.folder} cannot be used: {fleet.folder} is no folder of cgroup2; {walks}\n"
    missing = f"{fleet.folder}/missing"
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(cgroup=missing))
    assert f"cgroup {missing} cannot be used: {missing} cannot be opened: No such file" in run.err


MOUNT = cgroups.mount_point() or "/nowhere"
# What hosts and containers have: Docs/Guarantees.md, Where the tree is held.
ELSEWHERE = "/mnt"
CONTAINERS = {
    "mounted elsewhere": (
        ("unshare", "--mount", "sh", "-c", f'umount -l {MOUNT} && mount -t cgroup2 none {ELSEWHERE} && exec "$0" "$@"'),
        f"in the cgroup {ELSEWHERE}/"),
    "a namespace with its own mount": (
        ("unshare", "--cgroup", "--mount", "sh", "-c", f'umount -l {MOUNT} && mount -t cgroup2 none {MOUNT} && exec "$0" "$@"'),
        f"in the cgroup {MOUNT}/switchman."),
    "a namespace below the host's mount": (("unshare", "--cgroup"), "no mount of cgroup2 shows /"),
    "read-only": (("unshare", "--mount", "sh", "-c",
                   f'mount --bind {MOUNT} {MOUNT} && mount -o remount,bind,ro {MOUNT} && exec "$0" "$@"'), "Read-only file system"),
}


@pytest.mark.skipif(cgroups.IS_OLD, reason="the key is new")
@pytest.mark.parametrize("ground", ["auto"], indirect=True)
@pytest.mark.parametrize("container", CONTAINERS)
def test_in_containers(held, group, container):
    words, told = CONTAINERS[container]
    if subprocess.run([*group.prefixed, *words, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no such container can be made here")
    # Of this worker alone: see test_odd_hosts.
    lockname = f"container-{os.getpid()}"
    run = held.run("--verbose", "--lockname", lockname, "--", "sh", "-c", "exit 3", prefixed=(*group.prefixed, *words))
    assert run.code == 3 and told in run.err and group.below() == [], run.err


@pytest.mark.skipif(cgroups.IS_OLD, reason="the key is new")
@pytest.mark.parametrize("setting, told", [
    ("auto", "a command's tree is held in a cgroup of its own"), ("off", "without a cgroup: the configuration says off"),
    ("/nowhere", "without a cgroup: /nowhere cannot be opened: No such file or directory")])
def test_check_hosts_tells_which_it_will_be(fleet, ctl, setting, told):
    if setting == "auto" and cgroups.why_not():
        pytest.skip(cgroups.why_not())
    fleet.prefix_data({"groups": {"web": ["host1.example.org"]}})
    assert told in ctl("check", "hosts", config=fleet.config(cgroup=setting)).out


@pytest.mark.skipif(cgroups.IS_OLD, reason="the key is new")
@pytest.mark.parametrize("config, variable", [("off", None), ("auto", "off")])
def test_off(fleet, config, variable):
    run = fleet.start_job("a", config=fleet.config(cgroup=config), env={"SWITCHMAN_CGROUP": variable} if variable else {})
    assert cgroups.of_process(fleet.records.started("a").pid) == cgroups.of_process(run.front)
    fleet.end_job("a")
    assert run.wait() == 0
