"""The manual pages are sound, and say what the programs themselves say."""

import re
import subprocess

import pytest

from Support.fixtures import ROOT
from Support.manual import options


def verbs(ctl, *parents):
    """Every verb, those of `groups` and `resources` included."""
    shown = ctl(*parents, "--help").out
    for name in re.findall(r"^  ([a-z]+) ", shown.split("SUBCOMMANDS:")[-1] if "SUBCOMMANDS:" in shown else "", re.M):
        yield from verbs(ctl, *parents, name)
        yield (*parents, name)


@pytest.mark.parametrize("page", ["switchman.1", "switchmanctl.1", "switchmanctl-check.1"])
def test_the_page_is_sound(page):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "style", ROOT / "Docs" / page], capture_output=True, text=True)
    assert (lint.returncode, lint.stdout) == (0, "")


def manual(page):
    text = subprocess.run(["mandoc", "-T", "utf8", ROOT / "Docs" / page], capture_output=True, text=True, check=True).stdout
    return re.sub(".\b", "", text)


def test_every_verb_and_every_option_of_switchmanctl_is_in_its_page(ctl):
    pages = {page: " ".join(manual(page).split()) for page in ("switchmanctl.1", "switchmanctl-check.1")}
    found = list(verbs(ctl))
    assert ("status",) in found and ("groups", "add") in found
    for verb in found:
        text = pages["switchmanctl-check.1" if len(verb) == 2 and verb[0] == "check" else "switchmanctl.1"]
        assert re.search(rf"switchmanctl {' '.join(verb)}\b", text) or verb in {("groups",), ("resources",), ("resume",)}, verb
        for option in re.findall(r"--[a-z-]+", ctl(*verb, "--help").out.split("OPTIONS:")[-1]):
            assert option in text, f"{verb}: {option}"


def test_every_verb_tells_its_arguments(ctl):
    for verb in verbs(ctl):
        run = ctl(*verb, "--help")
        assert run.code == 0 and run.out.startswith("OVERVIEW: ") and f"USAGE: switchmanctl {' '.join(verb)}" in run.out


def test_every_option_of_switchman_is_in_its_page(fleet):
    text = manual("switchman.1")
    for option in re.findall(r"--[a-z-]+", fleet.bare("--help").finished().out):
        assert option in text, option


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_option_of_switchman_is_announced_and_has_a_test(option):
    """What an option does is in a test that somebody wrote for it: those that go through all options do not count."""
    history = "".join((ROOT / "Docs" / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "Migrating.md"))
    assert any(re.search(rf"`{spelling}[` ]", history) for spelling in option.spellings), "add it to Docs/CHANGELOG.md"
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "Tests/CommandTests").glob("test_*.py")
             if not path.name.startswith(("test_manuals", "test_completions", "test_ctl_", "test_check_"))]
    assert re.search(rf'"({"|".join(option.spellings)})["=]', "".join(tests)), "add a test of what it does"


def test_every_verb_that_takes_json_has_a_schema(ctl):
    from Support.control import SCHEMA
    for verb in verbs(ctl):
        if "--json" in ctl(*verb, "--help").out:
            assert " ".join(verb) in SCHEMA["definitions"], verb
