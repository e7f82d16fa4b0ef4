"""A clean Debian in a folder, from debootstrap, in which a package is installed, used and removed."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# debootstrap of Debian 12 cannot make a newer one with cron in it.
SUITE = "bookworm"
INCLUDED = "cron,logrotate,man-db"
# What dpkg, apt and the tools' own caches keep, whichever package comes and goes; and what only runs have.
NOT_OURS = re.compile(
    r"(var/lib/(dpkg|apt|logrotate)|var/log/(dpkg|alternatives)\.log|var/cache|proc|dev|run|tmp)(/|$)")


def mirror():
    """Where this machine's own apt has Debian from."""
    names = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(path.read_text() for path in names if path.is_file())
    found = re.findall(r"^(?:URIs:|deb(?: \[.*?\])?) (\S+/debian/?)(?=\s|$)", text, re.MULTILINE)
    assert found, "apt's sources name no Debian"
    return found[0]


def base():
    """The tree as debootstrap leaves it: minutes, so it is kept. Delete the folder to have it made anew."""
    folder = ROOT / ".build/debian" / SUITE
    if not folder.exists():
        begun = folder.with_name(f"{SUITE}.{os.getpid()}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, begun, mirror()], capture_output=True,
            text=True, check=False)
        if made.returncode:
            shutil.rmtree(begun)
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr
        begun.rename(folder)
    return folder


class DebianTree:
    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        subprocess.run(["cp", "-a", base(), self.root], check=True)
        # No daemon is started in it, and mail goes to a file.
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.write("usr/sbin/sendmail", "#!/bin/sh\ncat >> /var/mails\n", 0o755)
        self.write("etc/hosts", "127.0.0.1 localhost tree.example.org\n")

    def command(self, *words):
        """Words for subprocess: a process in the tree, all of whose descendants end with it; the network is the machine's."""
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={self.root}", "--wd=/", "--mount-proc",
                "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive", *map(str, words)]

    def run(self, *words):
        return subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def said(self, *words):
        """What a command that succeeds prints, and it complains of nothing."""
        run = self.run(*words)
        assert (run.returncode, run.stderr) == (0, ""), f"{words}: {run}"
        return run.stdout

    def write(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def take(self, path):
        """A file of ours, below /tmp of the tree."""
        shutil.copy(path, self.root / "tmp")
        return f"/tmp/{pathlib.Path(path).name}"

    def mails(self):
        path = self.root / "var/mails"
        return path.read_text() if path.exists() else ""

    def files(self):
        """Every name with what it is: a folder, a link's aim, or the content's digest."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            inside = pathlib.Path(folder).relative_to(self.root)
            folders[:] = [name for name in folders if not NOT_OURS.match(str(inside / name))]
            for name in folders + files:
                path = self.root / inside / name
                if not NOT_OURS.match(str(inside / name)):
                    found[str(inside / name)] = described(path)
        return found


def described(path):
    if path.is_symlink():
        return os.readlink(path)
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return "folder"
