"""One shell in a clean tree, in which a page's commands are typed one after the other, as a reader does."""

import subprocess

from Support.eventually import eventually
from Support.manuscript import Shell

# Where a command's output ends.
MARK = "-- typed --"


class TreeShell(Shell):
    """`names` as Shell's. Whoever is asked whether to go on says yes."""

    def __init__(self, tree, names):
        self.names, self.fleeting, self.begun = names, [], []
        self.bash = subprocess.Popen(
            tree.command("LOGNAME=anna", "SHELL=/bin/bash", "APT_CONFIG=/etc/apt/yes", "bash"), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        tree.write("etc/apt/yes", 'APT::Get::Assume-Yes "true";\n')

    def enter(self, command):
        """It starts a shell, in which the next is typed."""
        self.bash.stdin.write(f"{command}\n")
        return self.typed("true")

    def typed(self, command):
        self.bash.stdin.write(f"{{ {command}\n}} 2>&1 </dev/null; echo; echo '{MARK}'\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line == MARK + "\n":
                # The empty one before it is ours, unless the last line had no end.
                return lines[:-1] if lines[-1:] == [""] else lines
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"the shell has ended: {lines}")

    def type(self, command):
        for name, here in self.names.items():
            command = command.replace(name, here)
        if command.endswith(" &"):
            lock = command.split("--lockname ")[1].split()[0]
            self.typed(f"{command.removesuffix(' &')} >/dev/null 2>&1 & true")
            # What is started with & holds its lock before the next command is typed.
            self.until(f"switchmanctl status {lock} | grep -qw running")
            return []
        printed = "\n".join(self.typed(command))
        for name, here in self.names.items():
            printed = printed.replace(here, name)
        return printed.splitlines()

    def until(self, command, within=60):
        eventually(lambda: self.typed(f"{command} && echo yes") == ["yes"], within, command)

    def close(self):
        self.bash.kill()
        self.bash.communicate()
