"""Control groups of the tests' own (cgroups(7), version 2): each test that needs one runs its switchmen in a fresh one, so
that what is left below it is theirs alone."""

import os
import tempfile

from .eventually import eventually

# The program of before 1.0 does not know the key `cgroup`: with TEST_OLD=1 it is left out, and each test runs once.
IS_OLD = bool(os.environ.get("TEST_OLD"))
MODES = ("old",) if IS_OLD else ("auto", "off")


def mount_point():
    """Where cgroup2 is mounted, or None."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            left, right = line.split(" - ")
            if right.startswith("cgroup2 ") and left.split()[3] == "/":
                return left.split()[4]
    return None


def of_process(pid):
    """Its path below the mount point."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        return next(line[3:].rstrip("\n") for line in file if line.startswith("0::"))


def why_not():
    """Why no group can be made here, or None."""
    point = mount_point()
    if not point:
        return "cgroup2 is not mounted"
    try:
        probe = tempfile.mkdtemp(prefix="switchman-tests.", dir=point + of_process(os.getpid()).rstrip("/"))
    except OSError as error:
        return f"no control group can be made: {error}"
    os.rmdir(probe)
    return None


class Group:
    """A fresh control group below the tests' own."""

    def __init__(self, owner=0):
        """`owner`: an account that may divide it further, as with systemd's Delegate=."""
        self.folder = tempfile.mkdtemp(prefix="switchman-tests.", dir=mount_point() + of_process(os.getpid()).rstrip("/"))
        os.chmod(self.folder, 0o755)
        for name in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
            os.chown(f"{self.folder}/{name}", owner, owner)

    @property
    def prefixed(self):
        """The words before a program that runs in it. The shell becomes the program."""
        return ("sh", "-c", 'echo 0 > "$0/cgroup.procs" && exec "$@"', self.folder)

    def below(self):
        """The groups below it, as paths from it, the deepest first."""
        return [os.path.relpath(folder, self.folder) for folder, _, _ in os.walk(self.folder, topdown=False)
                if folder != self.folder]

    def members(self):
        """The processes in it and below."""
        return [int(pid) for folder in (".", *self.below()) for pid in self._read(f"{folder}/cgroup.procs").split()]

    def close(self):
        """Kill what is in it, and remove it."""
        def is_gone():
            for folder in (*self.below(), "."):
                self._write(f"{folder}/cgroup.kill", "1")
                try:
                    os.rmdir(f"{self.folder}/{folder}" if folder != "." else self.folder)
                except OSError:
                    pass
            return not os.path.exists(self.folder)
        eventually(is_gone, what=f"{self.folder} can be removed; in it: {self.members()}")

    def _read(self, name):
        try:
            with open(f"{self.folder}/{name}", encoding="ascii") as file:
                return file.read()
        except OSError:
            return ""

    def _write(self, name, text):
        try:
            with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
                file.write(text)
        except OSError:
            return
