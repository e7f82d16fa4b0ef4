"""Another user of the host, who owns a folder and makes links in it."""

import os
import tempfile

import pytest

OTHER = 65534


@pytest.fixture
def theirs():
    """A folder that belongs to another user."""
    with tempfile.TemporaryDirectory(prefix="switchman-theirs-") as folder:
        os.chown(folder, OTHER, OTHER)
        os.chmod(folder, 0o755)
        yield folder


def link_of_theirs(target, path):
    os.symlink(target, path)
    os.lchown(path, OTHER, OTHER)
