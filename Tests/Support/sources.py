"""What the programs say, read from their sources: string literals, with `*` for what is put in."""

import re

from Support.fixtures import ROOT

REASON = re.compile(r"\.(?:unavailable|refused|noPermits|denied|badData|waitsForItself)\(|\bEnded\(")
CALL = re.compile(r"\blog\.(debug|info|notice|warning|error|critical)\(")


def logged():
    """(level, text) of each line that switchman itself writes into its log."""
    for path in sorted((ROOT / "Sources/switchman").glob("*.swift")):
        text = path.read_text(encoding="utf-8")
        assert "log.log(" not in text, f"{path}: a level that is computed is not seen here"
        for call in CALL.finditer(text):
            for literal in strings(arguments(text, call.end())):
                # A bare `\(warning)` is somebody else's text.
                if literal != "*" and not re.fullmatch(r" \w+=\*|", literal):
                    yield call[1], literal


def reasons():
    """Why a run ends short of its command, or has it ended: what the log has at the level error, without names and numbers.

    Expressions that are joined by `+` are one."""
    rooms = ("Text", "Recipes", "Run", "Host", "Reporting")
    for path in sorted(path for room in rooms for path in (ROOT / "Sources" / room).rglob("*.swift")):
        text = path.read_text(encoding="utf-8")
        for call in REASON.finditer(text):
            joined = re.sub(r'"\s*\+\s*"', "", arguments(text, call.end()))
            for literal in strings(joined):
                if len(re.findall(r"[a-z]{2,}", literal)) > 1:
                    yield literal


def literals():
    """All of them, of all programs."""
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        # Where switchman-web was built there is other people's code.
        if ".build" not in path.parts:
            yield from strings(path.read_text(encoding="utf-8"))


def arguments(text, begin):
    """From behind the parenthesis of a call to the one that closes it."""
    return text[begin:end_of_parenthesis(text, begin) - 1]


def end_of_parenthesis(text, begin):
    """The index behind the parenthesis that closes the one in front of `begin`."""
    depth, index = 1, begin
    while depth:
        if text[index] == '"':
            index = end_of_string(text, index)
            continue
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        index += 1
    return index


def strings(text):
    index = 0
    while (index := text.find('"', index)) >= 0:
        end = end_of_string(text, index)
        quotes = 3 if text.startswith('"""', index) else 1
        yield plain(text[index + quotes:end - quotes])
        index = end


def end_of_string(text, begin):
    """The index behind the quote that ends the string which begins there."""
    quote = '"""' if text.startswith('"""', begin) else '"'
    index = begin + len(quote)
    while index < len(text) and not text.startswith(quote, index):
        if text.startswith("\\(", index):
            index = end_of_parenthesis(text, index + 2)
        else:
            index += 2 if text[index] == "\\" else 1
    return index + len(quote)


def plain(literal):
    """Interpolations become `*`; a line that ends in a backslash goes on in the next."""
    literal = re.sub(r"\\\n\s*", "", literal)
    done, index = "", 0
    while index < len(literal):
        if literal.startswith("\\(", index):
            depth, index = 1, index + 2
            while depth:
                depth += {"(": 1, ")": -1}.get(literal[index], 0)
                index += 1
            done += "*"
        elif literal[index] == "\\":
            done += {"n": "\n", "t": "\t"}.get(literal[index + 1], literal[index + 1])
            index += 2
        else:
            done += literal[index]
            index += 1
    return done.strip()
