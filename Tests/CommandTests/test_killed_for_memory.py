"""The kernel kills one of the three for memory, in a memory cgroup that has none left."""

import os
import signal
import subprocess
import tempfile

import pytest

from Support import processes
from Support.eventually import eventually, now

TERM_S = 6
MEMORY = "/sys/fs/cgroup/memory"
LIMIT_BYTES = 96 << 20


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(text))


class Starvation:
    """A group in which gluttons ask for more than there is: so the one of the group is killed that the kernel is told to choose
    (proc(5), oom_score_adj). Each of them has a third of it at the most, or it would be chosen instead."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="switchman-tests.", dir=MEMORY)
        write(f"{self._folder}/memory.limit_in_bytes", LIMIT_BYTES)
        self._glutton = None

    def strike(self, pid):
        write(f"{self._folder}/cgroup.procs", pid)
        write(f"/proc/{pid}/oom_score_adj", 1000)
        glutton = f"import signal; some = bytearray({LIMIT_BYTES // 3}); signal.pause()"
        script = f"echo 0 >{self._folder}/cgroup.procs; for n in 1 2 3 4 5; do python3 -c '{glutton}' & done; wait"
        self._glutton = subprocess.Popen(["sh", "-c", script], start_new_session=True)
        eventually(lambda: not processes.alive(pid), what="the kernel has chosen it")
        self._stop()

    def kills(self):
        with open(f"{self._folder}/memory.oom_control", encoding="ascii") as file:
            return int(dict(line.split() for line in file)["oom_kill"])

    def _stop(self):
        if self._glutton and self._glutton.poll() is None:
            os.killpg(self._glutton.pid, signal.SIGKILL)
            self._glutton.wait()

    def close(self):
        self._stop()
        eventually(self._is_removed, what=f"{self._folder} is empty")

    def _is_removed(self):
        try:
            os.rmdir(self._folder)
        except OSError:
            return False
        return True


@pytest.fixture
def starvation():
    if os.geteuid() != 0 or not os.path.isfile(f"{MEMORY}/memory.limit_in_bytes"):
        pytest.skip("no memory cgroup (version 1) is mounted here")
    starvation = Starvation()
    yield starvation
    starvation.close()


@pytest.mark.parametrize("role", ["front", "supervisor", "guardian"])
def test_the_command_dies_with_it(fleet, starvation, role):
    run = fleet.start_job("first", "--stubborn", "--claim", "lock:1:1", arguments=("--lockname", "a"))
    eventually(lambda: len(fleet.records.spans("first")) == 3, what="the command has forked")
    pids = [span.pid for span in fleet.records.spans("first")]
    second = fleet.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
    starvation.strike(getattr(run, role))
    struck_at = now()
    eventually(lambda: not any(map(processes.alive, pids)), TERM_S + 3, "the whole tree is dead")
    assert fleet.records.last_sign("first") < struck_at + TERM_S
    assert starvation.kills() >= 1
    assert run.wait() == (-9 if role == "front" else 81)
    if role != "front":
        assert len(run.err.splitlines()) == 1 and "died" in run.err, run.err
    assert second.wait(60) == 0
    fleet.records.assert_one_after_the_other("first", "second")
