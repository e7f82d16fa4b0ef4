"""A log that nobody reads: the job matters more, and the heartbeats must not wait behind a line."""

import os
import subprocess

import pytest

from Support import processes
from Support.eventually import always, eventually
from Support.fixtures import ROOT


@pytest.fixture
def full_pipe():
    """A pipe without room, whose reader never reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


def test_a_standard_error_that_nobody_reads(fleet, full_pipe):
    """The line about descendants finds no room: it is dropped, the run goes on beyond its term and ends as it should."""
    words = [fleet.program, "--config", fleet.config(), "--lockname", "a", "--", "sh", "-c", "sleep 8 & exit 3"]
    with subprocess.Popen(words, stderr=full_pipe) as run:
        eventually(lambda: fleet.get("locks", "a"))
        always(lambda: run.poll() is None and fleet.get("locks", "a"), during=7)
        assert run.wait(10) == 3
    assert fleet.record("a")["state"] == "ended"


def test_a_logfile_without_a_reader(fleet):
    fifo = f"{fleet.folder}/fifo"
    os.mkfifo(fifo)
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(logfile=fifo))
    assert run.code == 3
    assert "logfile" in run.err and len(run.err.splitlines()) == 1


class Disk:
    """A file system of its own, whose writers can be made to wait: what a server that is gone does to a file on NFS or FUSE."""

    def __init__(self, folder):
        self.folder = f"{folder}/disk"
        self._frozen = False
        image = f"{folder}/image"
        with open(image, "wb") as file:
            file.truncate(16 << 20)
        os.mkdir(self.folder)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        if subprocess.run(["mount", "-o", "loop", image, self.folder]).returncode != 0:
            pytest.skip("no loop devices here")

    def freeze(self):
        subprocess.run(["fsfreeze", "-f", self.folder], check=True)
        self._frozen = True

    def thaw(self):
        if self._frozen:
            subprocess.run(["fsfreeze", "-u", self.folder], check=True)
        self._frozen = False

    def remove(self):
        self.thaw()
        # A supervisor may outlive its run by a moment, and has the log open.
        eventually(lambda: subprocess.run(["umount", self.folder]).returncode == 0, what="it is not in use any more")


@pytest.fixture
def disk(fleet):
    disk = Disk(fleet.folder)
    yield disk
    disk.thaw()
    fleet.sweep()
    disk.remove()


def test_a_take_over_does_not_wait_for_a_log(fleet, disk):
    """The supervisor says that it kills once it has: the write may last for as long as it likes."""
    run = fleet.start("--lockname", "a", "--", "sh", "-c", f"setsid sleep 1000 & echo $! > {fleet.flag('pid')}; exec sleep 1000",
                      prefixed=("sh", "-c", f'exec 2>{disk.folder}/err; exec "$0" "$@"'))
    eventually(lambda: os.path.exists(fleet.flag("pid")) and open(fleet.flag("pid")).read())
    with open(fleet.flag("pid")) as file:
        descendant = int(file.read())
    disk.freeze()
    processes.kill(run.guardian)
    eventually(lambda: not processes.alive(descendant), 3, "the descendant is killed")
    disk.thaw()
    assert run.wait() == 81
    with open(f"{disk.folder}/err") as file:
        assert "the guardian died; killing the command" in file.read()


@pytest.mark.parametrize("killed", [("supervisor",), ("supervisor", "guardian")], ids="-and-".join)
def test_front_kills_though_it_cannot_say_so(fleet, disk, killed):
    run = fleet.start("--lockname", "a", "--", "sh", "-c", f"setsid sleep 1000 & echo $! > {fleet.flag('pid')}; exec sleep 1000",
                      prefixed=("sh", "-c", f'exec 2>{disk.folder}/err; exec "$0" "$@"'))
    eventually(lambda: os.path.exists(fleet.flag("pid")) and open(fleet.flag("pid")).read())
    with open(fleet.flag("pid")) as file:
        descendant = int(file.read())
    three = dict(zip(("front", "supervisor", "guardian"), run.three()))
    disk.freeze()
    for role in killed:
        processes.kill(three[role])
    eventually(lambda: not processes.alive(descendant), 5, "the descendant is killed")
    disk.thaw()
    assert run.wait() == 81
    fleet.leaves_marks = True


def test_a_metrics_folder_that_hangs_is_told_and_keeps_nobody(fleet, disk):
    """Once the lock is given back."""
    run = fleet.start("--lockname", "a", "--", "sleep", "1", config=fleet.config(metrics_directory=disk.folder))
    eventually(lambda: fleet.get("locks", "a"))
    disk.freeze()
    assert run.wait(30) == 0
    assert f"metrics_directory {disk.folder} hangs; whether this run is counted is not known" in run.err
    assert fleet.record("a")["state"] == "ended" and not fleet.list("locks")


def test_a_run_does_not_hold_its_lock_for_a_log_that_hangs(fleet, disk):
    """Its time is up, and that is written down: the command is dead, and so its lock is given back, whatever
    becomes of the line."""
    run = fleet.start("--lockname", "a", "--timeout", "1s", "--", "sleep", "1000",
                      config=fleet.config(logfile=f"{disk.folder}/log"))
    eventually(lambda: fleet.get("locks", "a"))
    disk.freeze()
    eventually(lambda: not fleet.list("locks"), 10, "the lock is given back")
    assert fleet.record("a")["state"] == "ended"
    disk.thaw()
    assert run.wait() == 124
    with open(f"{disk.folder}/log") as file:
        assert "ending the command" in file.read()


def test_a_clock_that_is_set_back_lengthens_no_wait(fleet, disk, tmp_path):
    """Between the beginning of the wait for a log that hangs and its end: a run's time of day is an hour ahead of the kernel's."""
    library = tmp_path / "other_clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "Tests/Support/other_clock.c"], check=True)
    run = fleet.start("--lockname", "a", "--timeout", "1s", "--", "sleep", "1000",
                      config=fleet.config(logfile=f"{disk.folder}/log"),
                      env={"LD_PRELOAD": str(library), "SWITCHMAN_TEST_CLOCK_AHEAD": "3600"})
    eventually(lambda: fleet.get("locks", "a"))
    disk.freeze()
    assert run.wait(40) == 124
    assert run.err == "switchman: a: a file or folder that it writes to hangs; leaving the process that waits for it\n"


def test_a_wait_does_not_hang_in_a_log(fleet, disk):
    """Who stands in a queue and tells of it: all who stand behind it would wait for the file as well."""
    log = f"{disk.folder}/log"
    with open(log, "w", encoding="ascii"):
        pass
    fleet.start_job("holder", arguments=("--lockname", "a"))
    disk.freeze()
    run = fleet.launch_job("a", "--for", 10, arguments=("--lockname", "a", "--wait", "forever"), until=False,
                           config=fleet.config("frozen.conf", logfile=log))
    fleet.waiting("a")
    fleet.end_job("holder")
    fleet.records.started("a")
    eventually(lambda: not fleet.list("locks"), 10, "the lock is given back")
    disk.thaw()
    assert run.wait() == 0
    with open(log, encoding="utf-8") as file:
        assert "waiting for" in file.read()
