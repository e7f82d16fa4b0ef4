"""A small disk for one server: a tmpfs that can be filled and freed."""

import errno
import glob
import os
import subprocess
import tempfile

SIZE = "12m"
PREFIX = "switchman-disk-"


class Disk:
    def __init__(self):
        # The process id tells whose it is: see `sweep`.
        self.folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "switchman-disk", self.folder]
        try:
            subprocess.run(mount, check=True, stderr=subprocess.PIPE)
        except BaseException:
            os.rmdir(self.folder)
            raise

    @staticmethod
    def is_permitted():
        """Whether we may mount: not everybody's root may."""
        sweep()
        try:
            Disk().close()
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def fill(self):
        """Take every byte that is left."""
        with open(f"{self.folder}/filler", "wb", buffering=0) as filler:
            for size in (1 << 16, 1 << 12):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self):
        if os.path.exists(f"{self.folder}/filler"):
            os.unlink(f"{self.folder}/filler")

    def close(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        os.rmdir(self.folder)


def sweep():
    """Unmount what a killed process of the tests has left."""
    for folder in glob.glob(f"{tempfile.gettempdir()}/{PREFIX}*"):
        owner = os.path.basename(folder)[len(PREFIX):].split("-")[0]
        if not os.path.exists(f"/proc/{owner}"):
            subprocess.run(["umount", "--lazy", folder], stderr=subprocess.DEVNULL, check=False)
            os.rmdir(folder)
