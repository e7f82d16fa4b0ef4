"""Each rule of Tests/style can fail: a small tree with one fault has that finding, at its line, and no other."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests"))

from Support.style import files, layers, links, linters, mentions  # noqa: E402
from Support.style.rules import RULES  # noqa: E402
from Support.style.tree import Tree  # noqa: E402

# rule, path, text, finding
FAULTS = [
    ("formatting", "Sources/Recipes/A.swift", "struct A {\n  var a = 1\n}\n", "A.swift:2: error: [Indentation]"),
    ("formatting", "Sources/Recipes/A.swift", f"let a = [{'1, ' * 50}1]\n", "A.swift:1: error: [LineLength]"),
    ("formatting", "Sources/Recipes/A.swift", "struct {\n", "A.swift:1: error: "),
    ("shell", "Examples/a", "#!/bin/sh\necho $1\n", "Examples/a:2: note: Double quote"),
    ("shell", "Examples/a.bash", "# shellcheck shell=bash\nlocal\n", "Examples/a.bash:2: error: "),
    ("python", "Tests/a.py", "import os\n", "Tests/a.py:1: F401"),
    ("python", "Tests/a.py", "def f():\n    return here\n", "Tests/a.py:2: F821"),
    ("python", "Tests/a", "#!/usr/bin/python3\ndef f():\n    one = 1\n", "Tests/a:3: F841"),
    ("lines", "Sources/Recipes/A.swift", "\n// " + "a" * 130 + "\n", "A.swift:2: 133 columns"),
    ("lines", "Sources/CSupervision/a.c", "// " + "a" * 130 + "\n", "a.c:1: 133 columns"),
    ("lines", "Tests/a.py", "# " + "a" * 131 + "\n", "a.py:1: 133 columns"),
    ("lines", "Tests/a", "#!/bin/sh\n# " + "a" * 131 + "\n", "Tests/a:2: 133 columns"),
    ("lines", "Docs/A.md", "a\n\tb\n", "Docs/A.md:2: a tab"),
    ("lines", "Docs/A.md", "a \n", "Docs/A.md:1: blanks at the end"),
    ("lines", "Docs/A.md", "a\nb", "Docs/A.md:2: the last line does not end"),
    ("lines", "Tests/controls", "#!/usr/bin/python3\n", "Tests/controls:1: has no wide lines any more"),
    ("sizes", "Sources/Recipes/A.swift", "\n" * 301, "A.swift:301: 301 lines, more than 300"),
    ("sizes", "Tests/a.py", "\n" * 401, "a.py:401: 401 lines, more than 400"),
    ("sizes", "Sources/SimulatedEnsemble/Runs/SimulatedTree.swift", "\n" * 300, "SimulatedTree.swift:1: is not too long any more"),
    ("names", "Sources/Recipes/A.swift", "\npackage final class B {}\n", "A.swift:2: B is not what the file is called"),
    ("names", "Sources/Recipes/A.swift", "extension C {}\nstruct B {}\n", "A.swift:2: B is not what the file is called"),
    ("links", "Docs/A.md", "\n[a](B.md)\n", "Docs/A.md:2: B.md leads to no file"),
    ("links", "Docs/A.md", "![a [b]](../b.svg)\n", "Docs/A.md:1: ../b.svg leads to no file"),
    ("links", "Docs/A.md", "# One two\n[a](#one)\n", "Docs/A.md:2: Docs/A.md has no heading for #one"),
    ("links", "Docs/A.md", "# One\n[a](A.md#two)\n", "Docs/A.md:2: Docs/A.md has no heading for #two"),
    ("mentions", "Docs/A.md", "\n`B.swift` decides.\n", "Docs/A.md:2: no file is called B.swift"),
    ("mentions", "Docs/A.md", "See Docs/B.md.\n", "Docs/A.md:1: there is no Docs/B.md"),
    ("mentions", "Docs/a.1", "Recipes/b.c\n", "Docs/a.1:1: no file is called Recipes/b.c"),
    ("mentions", "Sources/Recipes/A.swift", "let a = 1  // as in B.swift\n", "A.swift:1: no file is called B.swift"),
    ("mentions", "Sources/CSupervision/a.h", "/* b.h */\n", "a.h:1: no file is called b.h"),
    ("mentions", "Tests/a.py", 'def f():\n    """Tests/b\n\n    does."""\n', "a.py:2: there is no Tests/b"),
    ("mentions", "Tests/a", "#!/bin/sh\n# Tests/b does\n", "Tests/a:2: there is no Tests/b"),
    ("mentions", "Tests/test_a.py", 'A = "test_a.py::test_b"\n', "test_a.py:1: Tests/test_a.py has no test_b"),
    ("mentions", "Tests/a.py", 'A = "test_b.py::test_b"\n', "a.py:1: no file is called test_b.py"),
    ("layers", "Sources/Recipes/A.swift", "package import Run\n", "A.swift:1: Recipes may not import Run"),
    ("layers", "Sources/Recipes/A.swift", "import struct Run.Life\n", "A.swift:1: Recipes may not import Run"),
    ("layers", "Sources/switchman/A.swift", "import Foundation\n", "A.swift:1: Foundation is"),
    ("layers", "Sources/Recipes/A.swift", "import Glibc\n", "A.swift:1: Recipes decides without Glibc"),
    ("layers", "Sources/Run/Tenure.swift", "\nlet now = ContinuousClock.now\n", "Tenure.swift:2: ContinuousClock in"),
    ("layers", "Sources/Run/Tenure.swift", "\nlet done = Gate()\n", "Tenure.swift:2: Gate in"),
    ("layers", "Sources/Reporting/A.swift", "import Glibc\n", "A.swift:1: Reporting decides without Glibc"),
    ("layers", "Sources/Host/Configuration/A.swift", "import Glibc\n", "A.swift:1: Host decides without Glibc"),
    ("layers", "Sources/Other/A.swift", "\n", "Sources/Other:1: no row in LAYERS"),
    ("layers", "Package.swift", '.target(\n    name: "Recipes", dependencies: ["Coordination"])\n',
     "Package.swift:1: Recipes does not import Coordination"),
    ("layers", "Package.swift", '\n.target(name: "Run", dependencies: [.product(name: "ArgumentParser", package: "a")])\n',
     "Package.swift:2: Run does not import ArgumentParser"),
    ("layers", "Package.swift", '.target(name: "Recipes", swiftSettings: [])\n',
     "Package.swift:1: Recipes needs no Coordination"),
]
RIGHT = {
    "Docs/A.md": "# One `two`: [three](A.md)!\n## a\n## a\n[a](#one-two-three) [b](A.md#a-1) [c](https://a.org/b) `[d](e)`\n"
                 "See Recipes/A.swift, zookeeper.c, Tests/run and Sources/Recipes.\n",
    "Sources/Recipes/A.swift": "import Coordination\n\n/// One of A.md, and Docs/A.md.\nextension B {}\nprivate enum C {}\n",
    "Sources/Recipes/BMore.swift": "extension B {}\nstruct D {}\n",
    "Tests/run": '#!/bin/sh\necho "$1"\n',
    "Tests/test_a.py": "def test_b():\n    assert 'B.swift'\n\n\nA = 'test_a.py::test_b'\n",
}


MISSING = {"Package.swift": '.target(name: "Recipes", dependencies: [])\n', "Sources/Recipes/A.swift": "import Coordination\n"}
PART_OF_THIS = {"Tests/style": "#!/usr/bin/python3\n"}


@pytest.fixture
def plant(tmp_path):
    def plant(tree):
        for path, text in tree.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        for name in (".swift-format", ".flake8"):
            shutil.copy(ROOT / name, tmp_path)
        return Tree(tmp_path)
    return plant


@pytest.mark.parametrize("rule, path, text, finding", FAULTS)
def test_a_fault_is_found_where_it_is(plant, rule, path, text, finding):
    found = list(RULES[rule](plant({path: text})))
    assert [line for line in found if finding in line], found
    assert len(found) == 1 or rule in ("formatting", "layers"), found
    assert all(re.fullmatch(r"[^:]+:\d+: .+; .+", line) for line in found), found


def test_a_dependency_that_is_missing(plant):
    assert [line for line in RULES["layers"](plant(MISSING)) if "Recipes imports Coordination, which is no dep" in line]


def test_an_exception_that_is_not_needed(plant):
    tree = plant(PART_OF_THIS)
    found = [finding for rule in ("sizes", "mentions", "layers") for finding in RULES[rule](tree)]
    for path in [*files.LONG, *files.WIDE]:
        assert sum(line.startswith(f"{path}:1: there is no such file") for line in found) == 1
    for path in layers.LIBC:
        assert sum(line.startswith(f"{path}:1: does not touch the system") for line in found) == 1
    for name in mentions.FOREIGN:
        assert sum(f"nothing mentions {name}" in line for line in found) == 1


def test_a_table_in_which_two_import_each_other(plant, monkeypatch):
    monkeypatch.setitem(layers.LAYERS, "Coordination", "Recipes")
    assert ["Coordination may not import Recipes" in line for line in layers.table(plant({}))] == [True]


def test_a_linter_that_fails_and_finds_nothing(plant):
    found = list(linters.report(plant({}), ["sh", "-c", "echo why; false"], ["a"], str))
    assert found == ["a:1: sh failed: why; see what it needs"]


def test_what_is_right_has_no_findings(plant):
    tree = plant(RIGHT)
    assert [finding for rule in RULES.values() for finding in rule(tree)] == []


def test_every_rule_has_a_fault():
    assert {rule for rule, *_ in FAULTS} == set(RULES)


def test_every_finding_that_there_is_has_been_found(plant, monkeypatch):
    """Line by line: what these modules can say, all of it is said of some tree above."""
    modules = (files, layers, links, mentions)
    says = {(module.__name__, number) for module in modules
            for number, line in enumerate(pathlib.Path(module.__file__).read_text().split("\n"), 1)
            if re.match(r" +(yield|return) f?\"", line)}
    said = set()

    def trace(frame, *_):
        said.add((frame.f_globals.get("__name__"), frame.f_lineno))
        return trace

    def play(rule, files):
        tree = plant(files)
        sys.settrace(trace)
        list(RULES[rule](tree))
        sys.settrace(None)
        for path in files:
            (tree.root / path).unlink()

    for rule, path, text, _ in FAULTS:
        if RULES[rule].__module__ in {module.__name__ for module in modules}:
            play(rule, {path: text})
    play("layers", MISSING)
    for rule in ("sizes", "mentions", "layers"):
        play(rule, PART_OF_THIS)
    monkeypatch.setitem(layers.LAYERS, "Coordination", "Recipes")
    play("layers", {})
    assert len(says) > 20 and says - said == set()


def test_the_program_prints_what_is_found_and_fails(plant):
    root = plant({"Docs/A.md": "[a](B.md)\n"}).root
    ran = subprocess.run([ROOT / "Tests/style", "--root", root], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "Docs/A.md:1: B.md leads to no file; mend the link\n"), ran.stderr
    assert subprocess.run([ROOT / "Tests/style", "--root", root, "sizes"], check=False).returncode == 0
