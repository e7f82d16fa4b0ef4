import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
pytest.register_assert_rewrite("Support")

from Support.fixtures import *  # noqa: E402, F401, F403
from Support.debian_tree import DebianTree  # noqa: E402


@pytest.fixture
def tree(tmp_path):
    return DebianTree(tmp_path / "tree")


@pytest.fixture
def cron(tree):
    """The tree's own, once it is started."""
    started = []

    def start():
        started.append(subprocess.Popen(tree.command("cron", "-f"), stdin=subprocess.DEVNULL))
    yield start
    for process in started:
        process.kill()
        process.wait()
