"""A terminal with an interactive shell on it, as a person would use it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios

from .eventually import eventually


class Terminal:
    """bash, or another program, on a pseudo-terminal as the leader of its session; `screen` is everything that it has shown."""

    PROMPT = "ready> "
    BASH = ("/bin/bash", "--norc", "--noprofile", "-i")

    def __init__(self, environment=None, words=BASH):
        self.screen = ""
        self._seen = 0
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(words[0], words, {**os.environ, "PS1": self.PROMPT, "TERM": "dumb", **(environment or {})})
        self.resize(400, 50)
        if words == self.BASH:
            self.prompt()

    def type(self, text):
        os.write(self._fd, text.encode())

    def line(self, text):
        self.type(text + "\n")

    def resize(self, columns, rows):
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def expect(self, pattern, within=20.0):
        """Wait for the pattern in what has not been expected yet."""
        def found():
            if select.select([self._fd], [], [], 0)[0]:
                try:
                    self.screen += os.read(self._fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            match = re.search(pattern, self.screen[self._seen:])
            if match:
                self._seen += match.end()
            return match
        try:
            return eventually(found, within)
        except AssertionError:
            raise AssertionError(f"{pattern!r} was not shown; the screen: {self.screen[-2000:]!r}") from None

    def prompt(self, within=20.0):
        self.expect(re.escape(self.PROMPT), within)

    def hang_up(self):
        """As when the connection is lost or the window is closed."""
        os.close(self._fd)
        self._fd = -1

    def close(self):
        try:
            os.kill(self.pid, signal.SIGHUP)
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        if self._fd >= 0:
            os.close(self._fd)
