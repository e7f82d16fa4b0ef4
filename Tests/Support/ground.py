"""Where the runs of a test stand: how their trees are held, in a control group or by a walk through /proc, and for whom they
run, root or an ordinary account. `Fleet.stand_on(ground)` applies it."""

import os
import shutil
import tempfile

from . import cgroups

ORDINARY = 65534
ACCOUNTS = ("root", "ordinary")


class Ground:
    def __init__(self, mode, account, folder, program, recorder, is_open=False):
        """`mode`: one of cgroups.MODES. `folder`: for the records and configurations; an ordinary account gets one of its
        own, with copies of the programs, since the tests' is closed to it, if it is not open."""
        self.mode, self.account = mode, account
        self.folder, self.program, self.recorder, self.environment = str(folder), program, recorder, {}
        self.uid = ORDINARY if account == "ordinary" else 0
        self._open = None
        if self.uid and not is_open:
            self._open = self.folder = tempfile.mkdtemp(prefix="switchman-tests-")
            os.chmod(self.folder, 0o777)
            self.program, self.recorder = self._copy(program, "switchman"), self._copy(recorder, "job")
        if self.uid:
            runtime = f"{self.folder}/runtime"
            os.mkdir(runtime, 0o700)
            os.chown(runtime, self.uid, self.uid)
            self.environment = {"XDG_RUNTIME_DIR": runtime}
        self.group = cgroups.Group(self.uid) if mode == "auto" else None

    def __repr__(self):
        return f"{self.account}, cgroup {self.mode}"

    @property
    def prefixed(self):
        """The words before the program."""
        return (*self.into_group, *self.as_account)

    @property
    def into_group(self):
        return self.group.prefixed if self.group else ()

    @property
    def as_account(self):
        return ("setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups") if self.uid else ()

    @property
    def setting(self):
        """What the configuration says; None for a program that does not know the key."""
        return None if self.mode == "old" else self.mode

    def is_held_in_a_group(self, pid):
        return "/switchman." in cgroups.of_process(pid)

    def share(self):
        """Let the account write to all that is there."""
        if self.uid:
            for folder, _, files in os.walk(self.folder):
                for name in (".", *files):
                    os.chown(f"{folder}/{name}", self.uid, self.uid)

    def close(self):
        if self.group:
            self.group.close()
        if self._open:
            shutil.rmtree(self._open, ignore_errors=True)

    def _copy(self, program, name):
        path = shutil.copy(program, f"{self.folder}/{name}")
        os.chmod(path, 0o755)
        return path


def why_not(mode, account):
    """Why there is no such ground here, or None."""
    if os.geteuid() != 0 and (account != "root" or mode == "auto"):
        return "that takes root"
    return cgroups.why_not() if mode == "auto" else None
