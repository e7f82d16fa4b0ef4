"""The manual pages are sound, and say what the programs themselves say."""

import json
import re
import subprocess
import textwrap

import pytest

from Support.fixtures import ROOT
from Support.manual import options


def verbs(ctl, *parents):
    """Every verb, those of `groups` and `resources` included."""
    shown = ctl(*parents, "--help").out
    for name in re.findall(r"^  ([a-z]+) ", shown.split("SUBCOMMANDS:")[-1] if "SUBCOMMANDS:" in shown else "", re.M):
        yield from verbs(ctl, *parents, name)
        yield (*parents, name)


PAGES = sorted(path.name for path in (ROOT / "Docs").glob("switchman*.[157]") if path.name != "switchman-web.1")


@pytest.mark.parametrize("page", [*PAGES, "switchman-web.1"])
def test_the_page_is_sound(page):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "style", ROOT / "Docs" / page], capture_output=True, text=True)
    assert (lint.returncode, lint.stdout) == (0, "")


def manual(page):
    text = subprocess.run(["mandoc", "-T", "utf8", ROOT / "Docs" / page], capture_output=True, text=True, check=True).stdout
    return re.sub(".\b", "", text)


def said_options(ctl, verb):
    """Those that the help of the verb lists; the example behind them may have others."""
    return re.findall(r"(?<![\w-])--[a-z-]+", ctl(*verb, "--help").out.split("OPTIONS:")[-1].split("EXAMPLE: ")[0])


def section(page, title):
    """As it is shown."""
    return re.search(rf"^{title}$\n(.*?)^(?=\S)", manual(page), re.M | re.S)[1]


# Of other programs.
ELSEWHERE = {"-hex"}


@pytest.mark.parametrize("page", [*PAGES, "switchman-web.1"])
def test_no_word_is_shown_as_an_option(page):
    """All of these programs' options have one letter or two dashes; `Fl Fl waiters allows` shows `--waiters -allows`."""
    shown = set(re.findall(r"(?<![\w-])-[a-z][a-z-]+", manual(page)))
    assert shown <= ELSEWHERE


def test_every_verb_and_every_option_of_switchmanctl_is_in_its_page(ctl):
    pages = {page: " ".join(manual(page).split()) for page in ("switchmanctl.1", "switchmanctl-check.1")}
    found = list(verbs(ctl))
    assert ("status",) in found and ("groups", "add") in found
    for verb in found:
        text = pages["switchmanctl-check.1" if len(verb) == 2 and verb[0] == "check" else "switchmanctl.1"]
        assert re.search(rf"switchmanctl {' '.join(verb)}\b", text) or verb in {("groups",), ("resources",), ("resume",)}, verb
        for option in said_options(ctl, verb):
            assert option in text, f"{verb}: {option}"


# Not told of each verb: those of all.
COMMON = {"--config", "--json", "--help", "--version"}


def synopsis(page):
    """What stands behind the name of the program, an entry each; of `check a | b` each by itself."""
    for entry in " ".join(section(page, "SYNOPSIS").split()).split("switchmanctl ")[1:]:
        if kinds := re.fullmatch(r"(check) (\w+(?: \| \w+)+) ?", entry):
            yield from (f"{kinds[1]} {kind}" for kind in kinds[2].split(" | "))
        else:
            yield entry


def test_every_verb_and_every_option_of_switchmanctl_is_in_a_synopsis(ctl):
    shown = {page: list(synopsis(page)) for page in ("switchmanctl.1", "switchmanctl-check.1")}
    found = list(verbs(ctl))
    found = [verb for verb in found if not any(other[:1] == verb for other in found if len(other) == 2)]
    for page, entries in shown.items():
        named = [next((verb for verb in found if re.match(" ".join(verb) + r"\b", entry)), entry) for entry in entries]
        expected = [verb for verb in found if page == "switchmanctl.1" or verb[0] == "check"]
        assert sorted(named, key=str) == sorted(expected, key=str), page
        for verb, entry in zip(named, entries):
            if verb[0] != "check" or page != "switchmanctl.1":
                options = set(said_options(ctl, verb)) - COMMON
                assert options == set(re.findall(r"--[a-z-]+", entry)) - COMMON, f"{page}: {' '.join(verb)}"


def test_every_verb_tells_its_arguments(ctl):
    for verb in verbs(ctl):
        run = ctl(*verb, "--help")
        assert run.code == 0 and run.out.startswith("OVERVIEW: ") and f"USAGE: switchmanctl {' '.join(verb)}" in run.out


def test_every_option_of_switchman_is_in_its_page(fleet):
    text = manual("switchman.1")
    for option in re.findall(r"--[a-z-]+", fleet.bare("--help").finished().out):
        assert option in text, option


OF_ALL_OPTIONS = ("test_manuals", "test_completions", "test_combinations")


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_option_of_switchman_is_announced_and_has_a_test(option):
    """What an option does is in a test that somebody wrote for it: those that go through all options do not count."""
    history = "".join((ROOT / "Docs" / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "Migrating.md"))
    assert any(re.search(rf"`{spelling}[` ]", history) for spelling in option.spellings), "add it to Docs/CHANGELOG.md"
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "Tests/CommandTests").glob("test_*.py")
             if not path.name.startswith((*OF_ALL_OPTIONS, "test_ctl_", "test_check_"))]
    assert re.search(rf'"({"|".join(option.spellings)})["=]', "".join(tests)), "add a test of what it does"


def test_every_page_is_known_to_the_packages():
    """The rpm's list has each by name; the others take what is there."""
    assert PAGES == ["switchman.1", "switchman.7", "switchman.conf.5", "switchmanctl-check.1", "switchmanctl.1"]
    # Not packaged, as its program is not.
    assert (ROOT / "Docs/switchman-web.1").exists()
    listed = (ROOT / ".package/switchman.spec").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"/usr/share/man/man{page[-1]}/{page}.gz" in listed


def keys():
    """Those that the program reads."""
    text = (ROOT / "Sources/Host/Configuration/Configuration.swift").read_text(encoding="utf-8")
    return set(re.findall(r'"(\w+)"', re.search(r"static let keys = \[(.*?)\]", text, re.DOTALL)[1]))


def entries(page, section):
    """The items of that section's outermost lists."""
    depth = 0
    for line in (ROOT / "Docs" / page).read_text(encoding="utf-8").split(f"\n.Sh {section}\n")[1].split("\n.Sh ")[0].splitlines():
        depth += line.startswith(".Bl ") - line.startswith(".El")
        if depth == 1 and line.startswith(".It Cm "):
            yield line.removeprefix(".It Cm ")


def test_the_configurations_page_has_every_key_once():
    listed = list(entries("switchman.conf.5", "KEYS"))
    assert sorted(listed) == sorted(keys())


def shown_objects(page, title):
    """The JSON objects in that section's displays."""
    found = re.findall(r"^ +\{.*?\}$(?=\n\n)", section(page, title), re.M | re.S)
    return [textwrap.dedent(text) for text in found]


@pytest.mark.parametrize("title, count", [("LEASES", 2), ("GROUPS", 1), ("PAUSES", 3), ("CONFIGURATION", 1)])
def test_what_is_shown_of_the_fleets_data_is_json(title, count):
    examples = shown_objects("switchman.1", title)
    assert len(examples) == count
    for text in examples:
        assert isinstance(json.loads(text), dict), text


def test_the_configurations_examples_are_what_a_run_accepts(ctl, tmp_path):
    """As they are shown, and as a reader copies them."""
    examples = shown_objects("switchman.conf.5", "EXAMPLES")
    assert len(examples) == 2 and "SWITCHMAN_LOCKNAME failed" in examples[1]
    for number, text in enumerate(examples):
        path = tmp_path / f"{number}.conf"
        path.write_text(text, encoding="utf-8")
        assert ctl("check", "config", path).out.startswith("OK: config: "), text


def test_the_readme_names_keys_that_exist():
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| key | default |")[1].split("\n\n")[0]
    named = {key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])} if table else set()
    assert len(named) >= 8 and named <= keys()


@pytest.mark.parametrize("page", ["switchman.conf.5", "switchman.7"])
def test_the_other_pages_name_options_that_exist(page):
    known = {spelling for option in options() for spelling in option.spellings}
    named = re.findall(r"(?<=Fl Fl )[a-z][a-z-]+", (ROOT / "Docs" / page).read_text(encoding="utf-8"))
    assert named and {f"--{name}" for name in named} <= known


def test_every_outcome_of_the_concepts_exists():
    """switchman(7) has the skips by name."""
    text = (ROOT / "Docs/switchman.7").read_text(encoding="utf-8").split(".Ss Outcome")[1].split(".Ss ")[0]
    skips = set(re.findall(r"[a-z-]+", " ".join(re.findall(r"^\.Cm (.* , .*|paused)$", text, re.M))))
    source = (ROOT / "Sources/Run/Outcome.swift").read_text(encoding="utf-8")
    names = dict(re.findall(r'case (\w+) = "([\w-]+)"', source))
    listed = re.search(r"case (\.locked.*?): true", source)[1]
    assert skips == {names.get(name, name) for name in re.findall(r"\.(\w+)", listed)}


def test_every_verb_that_takes_json_has_a_schema(ctl):
    from Support.control import SCHEMA
    for verb in verbs(ctl):
        if "--json" in ctl(*verb, "--help").out:
            assert " ".join(verb) in SCHEMA["definitions"], verb


def listed(path):
    """The strings of a list in the sources."""
    return set(re.findall(r'"(\w+)"', (ROOT / path).read_text(encoding="utf-8").split("names")[1].split("]\n")[0]))


def test_what_is_taken_for_a_verb_is_one(ctl):
    """In the other program, which cannot ask this one."""
    assert listed("Sources/Invocation/Options/ControlVerb.swift") == {verb[0] for verb in verbs(ctl)} - {"help"}


def test_every_variable_of_a_command_or_a_hook_is_known_to_set_no_key():
    known = listed("Sources/Host/Configuration/RunVariable.swift")
    page = (ROOT / "Docs/switchman.1").read_text(encoding="utf-8").split(".Sh ENVIRONMENT")[1].split(".Sh ")[0]
    told = set(re.findall(r"SWITCHMAN_(\w+)", page)) - {"ZKHOSTS", "PREFIX", "FQDN"}
    assert {"LOCKNAME", "TICK", "SLOT", "LAST_SUCCESS"} <= told <= known, told - known
