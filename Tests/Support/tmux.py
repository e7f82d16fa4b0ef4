"""A real terminal: tmux keeps the screen as a person would see it, alternate screen, cursor, colours and all."""

import os
import shlex
import subprocess
import tempfile

from . import processes
from .eventually import eventually


class Tmux:
    """One window with a shell in it."""

    def __init__(self, columns=100, rows=24, environment=None):
        self._folder = tempfile.TemporaryDirectory(prefix="tmux-")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SWITCHMAN_", "TMUX", "NO_COLOR"))}
        self._environment = {**kept, "TERM": "xterm-256color", "PS1": "ready> ", **(environment or {})}
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                   "exec env PS1='ready> ' bash --norc --noprofile -i")
        self.shows("ready>")

    def _tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", f"{self._folder.name}/socket", *words], env=self._environment, check=True,
                              capture_output=True, text=True).stdout

    def line(self, *words):
        """Type a command and Enter."""
        self._tmux("send-keys", "-l", shlex.join(map(str, words)) if len(words) > 1 else str(words[0]))
        self._tmux("send-keys", "Enter")

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def key(self, name):
        self._tmux("send-keys", name)

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self, escapes=False):
        return self._tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def shows(self, text, within=20.0):
        return eventually(lambda: text in self.screen() and self.screen(), within, f"{text!r} is on the screen")

    def hides(self, text, within=20.0):
        return eventually(lambda: text not in self.screen(), within, f"{text!r} is no longer on the screen")

    def state(self):
        """Alternate screen, cursor, line wrap: `0 1 1` is a terminal as a shell likes it."""
        return self._tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}").strip()

    def signal(self, comm, number):
        """Send it to the shell's child of that name, and to it alone."""
        shell = int(self._tmux("display-message", "-p", "#{pane_pid}"))
        os.kill(next(one.pid for one in processes.descendants(shell) if one.comm == comm[:15]), number)

    def close(self):
        try:
            self._tmux("kill-server")
        finally:
            self._folder.cleanup()
