"""A document whose commands are run: what it says that one types, and what is printed then.

    $ switchmanctl resume report
    $ switchmanctl explain --lockname report -- /usr/local/bin/report
    would start: the lock is free

Numbers and the width of a table's columns may differ; `...` stands for any lines. A command goes on in the next line after a
backslash, and further lines of a command in quotes begin with `>`."""

import os
import re
import subprocess

from Support.fixtures import ROOT

NUMBER = re.compile(r"(?<![A-Za-z_\d.-])-?\d+(?:\.\d+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+Z)?")
# `1m 2s`, `3.4s`: how long something took.
DURATION = re.compile(r"(?<![\w.])(?:\d+(?:\.\d+)?[dhms] ?)+(?!\w)")


class Page:
    """A Markdown file, by heading."""

    def __init__(self, path):
        self.path = path
        self.text = (ROOT / path).read_text(encoding="utf-8")

    def headings(self):
        return re.findall(r"^##+ (.*)$", self.text, re.M)

    def section(self, heading):
        """Its text, up to the next heading of any level."""
        assert heading in self.headings(), f"{self.path} has no heading {heading!r}"
        return re.split(rf"^##+ {re.escape(heading)}$", self.text, maxsplit=1, flags=re.M)[1].split("\n##")[0].split("\n# ")[0]

    def blocks(self, heading):
        """The sessions at a terminal in that section, each as (command, lines printed)."""
        return [session(block) for block in indented(self.section(heading)) if block[0].startswith("$ ")]

    def listing(self, heading, containing):
        """The text of the only example of that section, none of a terminal, which contains this."""
        found = [block for block in indented(self.section(heading)) if not block[0].startswith("$ ")
                 and any(containing in line for line in block)]
        assert len(found) == 1, f"{self.path}, {heading}: {len(found)} examples with {containing!r}"
        return "\n".join(found[0]) + "\n"

    def played(self):
        """The headings that have something to run."""
        return {heading for heading in self.headings() if self.blocks(heading)}


def indented(text):
    """Examples: lines with four blanks before them, and the empty lines between."""
    block = []
    for line in [*text.split("\n"), "end"]:
        if line.startswith("    "):
            block.append(line[4:])
        elif line.strip() or not block:
            while block and not block[-1]:
                block.pop()
            if block:
                yield block
            block = []
        else:
            block.append("")


def session(lines):
    steps = []
    for line in lines:
        if line.startswith("$ "):
            steps.append(([line[2:]], []))
        elif line.startswith("> ") or not steps[-1][1] and steps[-1][0][-1].endswith("\\"):
            steps[-1][0].append(line.removeprefix("> "))
        else:
            steps[-1][1].append(line)
    return [("\n".join(command), printed) for command, printed in steps]


def normal(text):
    text = DURATION.sub("DURATION", TIME.sub("TIME", text))
    return re.sub(r"\s+", " ", NUMBER.sub("N", text)).strip()


def matches(expected, lines):
    """Line by line, but for `...`."""
    if not expected:
        return not lines
    if expected[0] == "...":
        return any(matches(expected[1:], lines[count:]) for count in range(len(lines) + 1))
    return bool(lines) and normal(expected[0]) == normal(lines[0]) and matches(expected[1:], lines[1:])


class Shell:
    """Where the commands are typed. `names`: what the page calls what the test has: a server's address, the prefix."""

    def __init__(self, folder, program, controller, environment, names):
        self.folder, self.names = str(folder), names
        self.begun, self.settled = [], lambda command: None
        # Lines that are told only if somebody looks in time.
        self.fleeting = []
        self.tools = os.path.join(self.folder, "tools")
        os.makedirs(self.tools, exist_ok=True)
        path = ":".join([self.tools, os.path.dirname(program), os.path.dirname(controller), os.environ["PATH"]])
        self.environment = {**{key: value for key, value in os.environ.items() if not key.startswith(("SWITCHMAN_", "SUDO_"))},
                            "PATH": path, "LOGNAME": "anna", **environment}

    def tool(self, name, text):
        """A program that the page speaks of, as the test has it."""
        path = os.path.join(self.tools, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def play(self, steps, only=None):
        """Type all of a block, or the commands at these places in it, and compare what is printed."""
        for command, expected in (steps if only is None else [steps[index] for index in only]):
            printed = [line for line in self.type(command) if not any(line.endswith(end) for end in self.fleeting)]
            assert matches(expected, printed), "\n".join(["$ " + command, "expected:", *expected, "printed:", *printed])

    def type(self, command):
        for name, here in self.names.items():
            command = command.replace(name, here)
        if command.endswith(" &"):
            self.begin(command.removesuffix(" &"))
            return []
        run = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        printed = run.stdout
        for name, here in self.names.items():
            printed = printed.replace(here, name)
        return printed.splitlines()

    def begin(self, command):
        """In the background; `settled` says when the next may be typed."""
        self.begun.append(subprocess.Popen(["bash", "-c", "exec " + command], cwd=self.folder, env=self.environment,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        self.settled(command)

    def close(self):
        """What was begun is ended."""
        for process in self.begun:
            process.terminate()
            process.wait()
