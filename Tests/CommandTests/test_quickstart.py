"""The README's first command does what it says, and leaves nothing running and nothing in temp."""

import os
import signal
import subprocess
import uuid

import pytest

from Support import processes
from Support.eventually import eventually
from Support.fixtures import ROOT

MARKER = f"BLACK_BOX_QUICKSTART={uuid.uuid4().hex}"


@pytest.fixture
def quickstart(program, tmp_path):
    """It builds by itself, so this needs the toolchain; the release that is tested here is already there."""
    name, value = MARKER.split("=")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
    folder = tmp_path / "temp"
    folder.mkdir()
    process = subprocess.Popen(
        [ROOT / "Examples/quickstart"], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env={**environment, name: value, "TMPDIR": str(folder)})
    process.folder = folder
    yield process
    for one in processes.with_variable(MARKER):
        processes.kill(one.pid)
    process.stdout.close()
    process.wait()


def nothing_left(process):
    assert list(process.folder.iterdir()) == []
    # The toolchain may keep a build service of its own for a moment.
    eventually(lambda: not [one for one in processes.with_variable(MARKER) if one.comm in (
        "java", "switchman", "switchmanctl", "sm-guardian", "bash", "sh", "sleep")], what="nothing runs on")


def test_it_shows_a_run_a_skip_and_a_wait(quickstart):
    shown, _ = quickstart.communicate(timeout=170)
    assert quickstart.returncode == 0, shown
    steps = [shown.index(text) for text in (
        "report: running as report with fencing token", "its exit code: 99", "cleanup waits", "report: done",
        "cleanup: my turn")]
    assert steps == sorted(steps)
    assert "never printed" not in shown
    nothing_left(quickstart)


def test_interrupted_it_leaves_nothing_either(quickstart):
    for line in quickstart.stdout:
        if "report: running" in line:
            break
    quickstart.send_signal(signal.SIGTERM)
    quickstart.communicate(timeout=60)
    assert quickstart.returncode == 143
    nothing_left(quickstart)
