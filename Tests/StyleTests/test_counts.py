"""What Docs/Testing.md counts is as many as it says."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTING = (ROOT / "Docs/Testing.md").read_text(encoding="utf-8")


def stated(pattern):
    return [int(number) for number in re.findall(pattern, TESTING)]


def test_the_controls_of_the_simulation():
    listed = (ROOT / "Sources/soak/Expectation.swift").read_text(encoding="utf-8").split("static let more")[0]
    assert stated(r"Each of (\d+) \*controls\*") == [len(re.findall(r'^ +"\w+": Expectation', listed, re.M))]


def test_the_controls_of_the_real_thing():
    listed = (ROOT / "Tests/controls").read_text(encoding="utf-8")
    assert stated(r"There are (\d+) such controls") == [len(re.findall(r'^    "[^"]+": \(', listed, re.M))]
