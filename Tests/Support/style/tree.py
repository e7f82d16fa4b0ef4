"""The files of a tree, as git knows them, by what they are written in."""

import functools
import subprocess

KINDS = {
    ".swift": "swift", ".c": "c", ".h": "c", ".modulemap": "c", ".py": "python", ".md": "markdown", ".bash": "shell",
    ".1": "manual", ".json": "data", ".ini": "data", ".svg": "data", ".sha256": "data",
}
INTERPRETERS = {"sh": "shell", "bash": "shell", "python3": "python"}


class Tree:
    def __init__(self, root):
        self.root = root

    @functools.cached_property
    def paths(self):
        """All files but those that git ignores, relative to the root. The fuzzers' inputs are nobody's prose."""
        if (self.root / ".git").exists():
            listed = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self.root, check=True, capture_output=True, text=True).stdout.split("\0")
        else:
            listed = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        return sorted(path for path in listed if (self.root / path).is_file() and not is_foreign(path))

    @functools.cached_property
    def folders(self):
        return {path.rsplit("/", depth)[0] for path in self.paths for depth in range(1, path.count("/") + 1)}

    @property
    def is_whole(self):
        """This repository, and not a part that a test has made: only here an exception can be one too many."""
        return "Tests/style" in self.paths

    @functools.cache
    def text(self, path):
        # A picture is there, and there is nothing to read in it.
        return "" if path.endswith(".png") else (self.root / path).read_text(encoding="utf-8")

    def lines(self, path):
        return self.text(path).removesuffix("\n").split("\n")

    @functools.cache
    def kind(self, path):
        """The language, by the name's ending or by the interpreter; "other" if neither tells."""
        name = path.rsplit("/", 1)[-1]
        ending = name[name.rindex("."):] if "." in name[1:] else ""
        if ending in KINDS:
            return KINDS[ending]
        first = self.text(path).split("\n", 1)[0]
        return INTERPRETERS.get(first.replace("/", " ").split()[-1], "other") if first.startswith("#!") else "other"

    def of(self, *kinds):
        return [path for path in self.paths if self.kind(path) in kinds]


def is_foreign(path):
    return path.startswith("Tests/Fuzz/corpus/") or {".build", ".git", "__pycache__"} & set(path.split("/"))
