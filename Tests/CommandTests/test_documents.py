"""Each command in a document exists: its verb, and its options as the program's --help has them."""

import functools
import re
import shlex
import subprocess

import pytest

from Support import manual
from Support.fixtures import ROOT

DOCUMENTS = sorted(str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *(ROOT / "Docs").glob("*.md"),
                                                           *(ROOT / "Examples").rglob("*.md")])
# Of these the help says nothing: old spellings, and what the argument parser offers of its own.
QUIET = {"--nolock", "--conflict-exit-code", "--generate-completion-script"}
PARENTS = {"check", "groups", "fleet", "resources"}
# A word that stands for others, or prose behind the name of the program.
PLACEHOLDER = re.compile(r"[A-Z.…*\[\"'(]|NAME$")


@functools.cache
def said(program, *verb):
    return subprocess.run([program, *verb, "--help"], capture_output=True, text=True, check=False)


def code(text):
    """Code spans and examples, a line each."""
    yield from re.findall(r"`([^`\n]+)`", text)
    for line in text.splitlines():
        if line.startswith("    "):
            yield re.sub(r"\s# .*", "", line.strip())


def calls(text, program):
    """The words behind the program's name in each command of the text."""
    for line in code(text):
        for found in re.finditer(rf"(?<![\w./@-]){program} (?!=)([^|;&`]*)", line):
            yield words(found[1])


def words(text):
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_verbs_exist_with_their_options(path, controller):
    for call in calls((ROOT / path).read_text(encoding="utf-8"), "switchmanctl"):
        plain = [word for word in call if not word.startswith("-")]
        if not plain or PLACEHOLDER.match(plain[0]) or call[0].startswith("--"):
            continue
        count = 2 if plain[0] in PARENTS and len(plain) > 1 and re.fullmatch("[a-z]+", plain[1]) else 1
        help_of = said(controller, *plain[:count])
        assert help_of.returncode == 0, f"{path}: there is no switchmanctl {' '.join(plain[:count])}"
        if plain[0] in ("explain", "sandbox"):
            continue
        for option in (word.split("=")[0] for word in call if re.match("--?[a-zA-Z]", word)):
            assert re.search(rf"(?<![\w-]){option}\b", help_of.stdout) or option in QUIET, f"{path}: {' '.join(call)}: {option}"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_options_of_switchman_exist(path):
    options = {spelling: option for option in manual.options() for spelling in option.spellings}
    text = (ROOT / path).read_text(encoding="utf-8")
    for call in [*calls(text, "switchman"), *(call[1:] for call in calls(text, "switchmanctl") if call[:1] == ["explain"])]:
        rest = iter(call)
        for word in rest:
            if not re.match("--?[a-zA-Z]", word):
                break
            name, is_whole, _ = word.partition("=")
            if name == "--json":
                continue
            assert name in options, f"{path}: switchman {' '.join(call)}: there is no {name}"
            if options[name].value and not is_whole:
                next(rest, None)


def test_a_verb_or_option_that_is_not_there_is_noticed():
    """The reading of documents itself: what it finds in one."""
    text = "See `switchmanctl frob --hard x` and\n\n    $ switchman --loud -- x   # not this: switchman --none\n"
    assert list(calls(text, "switchmanctl")) == [["frob", "--hard", "x"]]
    assert list(calls(text, "switchman")) == [["--loud", "--", "x"]]
