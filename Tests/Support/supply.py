"""What is linked into the programs: SwiftPM's pins against the table of Docs/Security.md."""

import json
import re

from Support.fixtures import ROOT


def linked_in():
    """The table."""
    document = (ROOT / "Docs/Security.md").read_text(encoding="utf-8")
    return document.split("## What is in the programs")[1].split("\n## ")[0]


def assert_documented(resolved, known):
    """- resolved: what SwiftPM has written, which is there once that package is built; known: one that is surely in it."""
    pins = json.loads((ROOT / resolved).read_text(encoding="utf-8"))["pins"]
    assert known in {pin["identity"] for pin in pins}
    for pin in pins:
        assert re.search(rf"^\| {pin['identity']}\b.*\| {pin['state']['version']} \|", linked_in(), re.MULTILINE), pin
