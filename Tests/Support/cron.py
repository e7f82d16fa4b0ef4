"""Debian's cron, the real one, on a host of its own: own /etc, /usr/local/bin and crontab, and a mail program that keeps
what cron mails. All of it is in namespaces, so the machine's own cron sees nothing of it, and all of it ends with `close`."""

import pathlib
import shutil
import subprocess

from . import processes
from .eventually import eventually

# Each line for every fifth minute is due 25 seconds later: a busy machine has that long to start cron, which makes up for no
# minute before its own start. The jobs see the true time: cron gives them an environment of its own, without the faked clock.
ALMOST = "@2026-01-01 00:04:35"

# $1: the host's folders; $2: the time, or empty for the true one; $3: the host's full name, or empty. What cron keeps goes to an
# empty /run, and what faketime keeps to an empty /dev/shm.
HOST = """
mount --bind "$1/etc" /etc && mount --bind "$1/bin" /usr/local/bin && mount --bind "$1/sbin" /usr/sbin || exit
for folder in /run /dev/shm /var/spool/cron; do mount -t tmpfs none $folder || exit; done
if [ "$3" ]; then hostname "${3%%.*}" && printf '127.0.0.1 localhost\n127.0.1.1 %s %s\n' "$3" "${3%%.*}" >/etc/hosts || exit; fi
mkdir -m 1730 /var/spool/cron/crontabs && crontab "$1/crontab" && exec ${2:+faketime -f "$2"} cron -f
"""


class Cron:
    """The daemon. `crontab` is root's, and installed by crontab(1), which refuses one with a mistake."""

    def __init__(self, folder, crontab, programs, configuration, hostname=None, clock=ALMOST, fqdn=""):
        """`programs`: what is installed, by name: a path to a program, or the text of a script. `hostname`: for /etc. `clock`:
        when cron believes to begin; empty: the truth. `fqdn`: what the kernel and the resolver call the host."""
        self._folder = pathlib.Path(folder, "host")
        self.mails_folder = self._folder / "mails"
        for name in ("bin", "sbin", "mails"):
            (self._folder / name).mkdir(parents=True)
        shutil.copytree("/etc", self._folder / "etc", symlinks=True)
        (self._folder / "etc/crontab").write_text("")
        shutil.rmtree(self._folder / "etc/cron.d")
        (self._folder / "etc/switchman.conf").write_text(configuration)
        if hostname:
            (self._folder / "etc/hostname").write_text(hostname + "\n")
        (self._folder / "crontab").write_text(crontab)
        for name, source in programs.items():
            self._install("bin", name, source)
        self._install("sbin", "cron", "/usr/sbin/cron")
        self._install("sbin", "sendmail", f"#!/bin/sh\ncat > {self.mails_folder}/$$\n")
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", HOST, "sh",
             self._folder, clock, fqdn], stdin=subprocess.DEVNULL, cwd="/")

    def _install(self, folder, name, source):
        path = self._folder / folder / name
        if source.startswith("/"):
            shutil.copy(source, path)
        else:
            path.write_text(source)
        path.chmod(0o755)

    def wait_idle(self, within=20):
        """Until nothing that cron has started runs any more: what it mails of that is mailed."""
        eventually(lambda: not self._jobs(), within, what=self._jobs)

    def _jobs(self):
        # Nearest first: the daemon, and those that it has forked for each job.
        crons = [one for one in processes.descendants(self._process.pid) if one.comm == "cron"]
        assert crons, "cron is away"
        return processes.descendants(crons[0].pid)

    def mails(self):
        return [path.read_text() for path in sorted(self.mails_folder.iterdir())]

    def close(self):
        self._process.kill()
        self._process.wait()
