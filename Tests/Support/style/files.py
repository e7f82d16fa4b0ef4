"""What is wrong with a file as such: its lines, its length, its name."""

import re

WIDTH = 132
WIDE = {
    "Tests/controls": "quotes the sources line by line",
    "Tests/Support/mutants.py": "quotes the sources line by line",
}

# The longest file, by where it is: a test reads from case to case, and may be longer than what it tests.
LENGTHS = {"Sources/": 300, "Examples/": 300, "Tests/": 400}
LONG = {
    "Sources/CSupervision/front.c": "front is one loop over one state",
    "Sources/CSupervision/include/CSupervision.h": "the whole interface to Swift, of which half is comment",
    "Sources/SimulatedEnsemble/Runs/SimulatedRun.swift": "a supervisor's whole life in the simulation",
    "Sources/SimulatedEnsemble/Runs/SimulatedTree.swift": "the driver around the guardian's decisions, after guardian.c",
    "Tests/RunTests/TenureTests.swift": "one suite with one set of helpers, a test for each sentence of Tenure",
}

DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))? )*(?:(?P<hidden>(?:file)?private) )?(?:(?:package|public|final|indirect|nonisolated) )*"
    r"(?P<kind>struct|class|enum|actor|protocol|extension|typealias) (?P<name>[\w.]+)", re.MULTILINE)


def lines(tree):
    """No line that an editor has to fold, no blanks that nobody sees. swift format leaves comments and long strings alone."""
    for path in tree.paths:
        if not tree.text(path).endswith("\n") and tree.text(path):
            yield f"{path}:{len(tree.lines(path))}: the last line does not end; end it"
        too_wide = False
        for number, line in enumerate(tree.lines(path), 1):
            if "\t" in line:
                yield f"{path}:{number}: a tab; use blanks"
            if line != line.rstrip():
                yield f"{path}:{number}: blanks at the end; remove them"
            if tree.kind(path) in ("swift", "c", "python", "shell") and len(line) > WIDTH:
                too_wide = True
                if path not in WIDE:
                    yield f"{path}:{number}: {len(line)} columns, more than {WIDTH}; break the line"
        if path in WIDE and not too_wide:
            yield f"{path}:1: has no wide lines any more; take it out of WIDE in Tests/Support/style/files.py"


def sizes(tree):
    for path in tree.of("swift", "c", "python", "shell"):
        limit = next((limit for folder, limit in LENGTHS.items() if path.startswith(folder)), 300)
        count = len(tree.lines(path))
        if count > limit and path not in LONG:
            yield f"{path}:{limit + 1}: {count} lines, more than {limit}; split the file where it has a seam"
        if count <= limit and path in LONG:
            yield f"{path}:1: is not too long any more; take it out of LONG in Tests/Support/style/files.py"
    for path in sorted((LONG.keys() | WIDE.keys()) - set(tree.paths)) if tree.is_whole else ():
        yield f"{path}:1: there is no such file; take it out of Tests/Support/style/files.py"


def names(tree):
    """A type is found by its name: a file is called as a type that it declares, or begins as one that it extends."""
    for path in tree.of("swift"):
        stem = path.rsplit("/", 1)[-1].removesuffix(".swift")
        found = list(DECLARATION.finditer(tree.text(path)))
        declared = [match for match in found if match["kind"] != "extension" and not match["hidden"]]
        extended = [match["name"].split(".")[-1] for match in found if match["kind"] == "extension"]
        if declared and stem not in [match["name"] for match in declared] + extended and not any(
                stem.startswith(name) for name in extended):
            line = tree.text(path).count("\n", 0, declared[0].start()) + 1
            yield f"{path}:{line}: {declared[0]['name']} is not what the file is called; name one after the other"
