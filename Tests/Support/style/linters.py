"""What others judge: swift format, shellcheck and flake8, each by its dot file or without one."""

import re
import subprocess

# file:line:column: level: text
REPORT = re.compile(r"(?P<path>[^:\n]+):(?P<line>\d+):\d+: (?P<text>.+)")


def formatting(tree):
    """As `swift format` would write it; .swift-format says how."""
    paths = tree.of("swift")
    return report(
        tree, ["swift", "format", "lint", "--strict", "--parallel"], paths, lambda path: f"run swift format -i {path}")


def shell(tree):
    return report(tree, ["shellcheck", "--format=gcc"], tree.of("shell"),
                  lambda _: "change it, or say above it why not (# shellcheck disable=...)")


def python(tree):
    """Names that are unused, undefined or imported in vain; .flake8 says which."""
    return report(tree, ["/usr/bin/python3", "-m", "flake8"], tree.of("python"),
                  lambda _: "change it, or say so behind it (# noqa: ...)")


def report(tree, command, paths, advice):
    if not paths:
        return
    ran = subprocess.run([*command, *paths], cwd=tree.root, capture_output=True, text=True, check=False)
    found = list(REPORT.finditer(ran.stdout + ran.stderr))
    for match in found:
        path = match["path"].removeprefix(f"{tree.root}/")
        yield f"{path}:{match['line']}: {match['text']}; {advice(path)}"
    if ran.returncode != 0 and not found:
        yield f"{paths[0]}:1: {command[0]} failed: {(ran.stderr or ran.stdout).strip()}; see what it needs"
