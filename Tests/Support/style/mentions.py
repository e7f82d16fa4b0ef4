"""Files and tests that documents and comments name: each is there."""

import io
import re
import tokenize

# A path from the root, or a file's name with or without folders before it. A name after a dot, a slash or a dollar is a part
# of something else.
PATH = re.compile(r"(?<![\w./$-])(?P<path>(?:Docs|Tests|Sources|Examples)/[\w./+-]*[\w+])(?![\w*<{$])")
FILE = re.compile(r"(?<![\w./$*{-])(?P<path>(?:[\w+-]+/)*[A-Za-z_][\w+-]*\.(?:swift|c|h|py))(?![\w/*(])")
TEST = re.compile(r"\b(?P<file>test_\w+\.py)(?:::(?P<test>test_\w+))?")

FOREIGN = {
    "zookeeper.c": "the C client", "zookeeper.h": "the C client", "signal.c": "the kernel", "getopt.h": "glibc",
    "sched.h": "glibc", "sysexits.h": "glibc",
}


# Its trees are others.
SUITE = "Tests/StyleTests/"


def mentions(tree):
    used = set()
    for path in tree.of("swift", "c", "python", "shell", "markdown", "manual"):
        if path.startswith(SUITE):
            continue
        for number, text in prose(tree, path):
            for why, name in objections(tree, path, text):
                used.add(name)
                if name not in FOREIGN:
                    yield f"{path}:{number}: {why}; name what is there"
    for name in sorted(FOREIGN.keys() - used) if tree.is_whole else ():
        yield f"Tests/Support/style/mentions.py:1: nothing mentions {name}; take it out of FOREIGN"


def objections(tree, path, text):
    for match in PATH.finditer(text):
        if match["path"] not in tree.paths and match["path"] not in tree.folders:
            yield f"there is no {match['path']}", match["path"]
    for match in FILE.finditer(PATH.sub(" ", text)):
        if not any(one == match["path"] or one.endswith("/" + match["path"]) for one in tree.paths):
            yield f"no file is called {match['path']}", match["path"]
    for match in TEST.finditer(text):
        file = next((one for one in tree.paths if one.endswith("/" + match["file"])), None)
        if file and match["test"] and f"def {match['test']}(" not in tree.text(file):
            yield f"{file} has no {match['test']}", match["test"]


def prose(tree, path):
    """What of a file is prose, line by line: all of a document, the comments of a program."""
    kind = tree.kind(path)
    if kind in ("markdown", "manual"):
        yield from enumerate(tree.lines(path), 1)
    elif kind == "python":
        yield from python_prose(tree.text(path))
    else:
        mark = re.compile(r"(?:^|\s)(?://|/\*|\*(?=\s))(.*)" if kind in ("swift", "c") else r"(?:^|\s)#(.*)")
        for number, line in enumerate(tree.lines(path), 1):
            if found := mark.search(line):
                yield number, found[1]


def python_prose(text):
    """Comments and docstrings; and strings that name tests, as Tests/controls has them."""
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_docstring = token.type == tokenize.STRING and before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        if token.type == tokenize.COMMENT or is_docstring or token.type == tokenize.STRING and "::test_" in token.string:
            for offset, line in enumerate(token.string.split("\n")):
                yield token.start[0] + offset, line
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type
