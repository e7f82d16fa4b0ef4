"""Writes a copy of the package in which every mutant stands behind a switch (Tests/Support/mutants.py says which there are)."""

import pathlib
import re

from Support.mutants import CARRIERS, MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("Sources/Recipes", "Sources/Run")
LINE = re.compile(r"^( *)(\S.*)$", re.MULTILINE)
SWITCH = re.compile(r"\$([a-z]\w*)")
# Types that have the set of those that play; others have a job, which has it.
OWNERS = ("Claims", "Conversation")


class NoLongerApplies(Exception):
    """The declaration, or the text in it, is not there exactly once; or a name is no mutant's."""


def names():
    return sorted({name for _, _, broken in MUTANTS for name in SWITCH.findall(broken)})


def sources():
    """The texts that can be changed by declaration, by path."""
    return {path: path.read_text(encoding="utf-8") for top in FOLDERS for path in sorted((ROOT / top).rglob("*.swift"))}


def mutated():
    """The texts of the sources in FOLDERS, by path, with all mutants in them."""
    if unknown := strangers():
        raise NoLongerApplies(f"Focus.swift: no mutant {', '.join(unknown)}")
    changed = sources()
    for entry in CARRIERS + MUTANTS:
        declaration, _, broken = entry
        path, begin, end = found(changed, *entry[:2])
        owner = "" if declaration.split(".")[0] in OWNERS else "job."
        switched = SWITCH.sub(lambda name, owner=owner: f"{owner}breaks.contains(.{name[1]})", broken)
        changed[path] = changed[path][:begin] + switched + changed[path][end:]
    return changed


def strangers():
    """Names that the simulation aims at and that are no mutants."""
    focus = (ROOT / "Sources/SimulatedEnsemble/Faults/Focus.swift").read_text(encoding="utf-8").split("extension Mutant")[1]
    return sorted({name for case in re.findall(r"case (\".*\"):", focus) for name in re.findall(r"\w+", case)} - set(names()))


def found(texts, declaration, text):
    """The path, begin and end of the text in that declaration."""
    kind, member = declaration.split(".")
    pattern = spaced(text)
    spots = set()
    for path, source in texts.items():
        if not re.search(rf"\b(?:struct|class|enum|extension) {kind}\b", source):
            continue
        for begin, end in regions(source, member):
            spots |= {(path, *match.span()) for match in pattern.finditer(source, begin, end)}
    if len(spots) != 1:
        raise NoLongerApplies(f"{declaration} has {len(spots)} times: {text}")
    return spots.pop()


def spaced(text):
    """The text, whatever blanks and line breaks stand between its words."""
    return re.compile(r"\s*".join(re.escape(word) for word in re.findall(r"\w+|[^\w\s]", text)))


def regions(source, member):
    """Where declarations of that name begin and end: at the next line that is indented no deeper, and does not go on."""
    for match in re.finditer(rf"^( *)(?:[\w()@]+ )*?(?:func |var |let )?{member}\b(?=[ :(<=])", source, re.MULTILINE):
        if member != "init" and not re.search(r"\b(?:func|var|let) $", source[match.start():match.end() - len(member)]):
            continue
        end = len(source)
        for line in LINE.finditer(source, source.index("\n", match.end()) + 1):
            goes_on = len(line[1]) > len(match[1]) or line[2][0] in "){"
            if not goes_on:
                end = line.end() if line[2][0] == "}" else line.start()
                break
        yield match.start(), end


def write(folder, on=()):
    """The package's copy in that folder; what is the same there is not touched, so that little is built anew.

    `on`: mutants that play in everything that is built of it, and not only where the simulation chooses."""
    folder, files = pathlib.Path(folder), package(on)
    for path in [path for top in ("Sources", "Tests") for path in (folder / top).rglob("*")]:
        if path.is_file() and path.relative_to(folder) not in files:
            path.unlink()
    for path, content in files.items():
        target = folder / path
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def package(on):
    """What a build needs, with the mutants in it: contents by path from the root."""
    suites = [path for path in (ROOT / "Tests").iterdir() if any(path.glob("*.swift"))]
    paths = [ROOT / "Package.swift", *(path for top in (ROOT / "Sources", *suites) for path in top.rglob("*")
                                       if path.is_file() and ROOT / "Sources/Web" not in path.parents)]
    files = {path: path.read_bytes() for path in paths}
    files |= {path: text.encode() for path, text in mutated().items()}
    files[ROOT / "Sources/Recipes/Break.swift"] = breaks(on).encode()
    files[ROOT / "Sources/SimulatedEnsemble/Faults/Mutant.swift"] = MUTANT.encode()
    return {path.relative_to(ROOT): content for path, content in files.items()}


def breaks(on):
    cases = "\n".join(f"    case {name}" for name in names())
    playing = ", ".join(f".{name}" for name in on)
    return f"""/// The mutants in this copy of the sources.
package enum Break: String, CaseIterable, Sendable {{
{cases}

    package static let always: Set<Break> = [{playing}]
}}
"""


MUTANT = """import Recipes

/// A mutant of the code under test.
package struct Mutant: Sendable, Hashable {
    package let name: String

    package static let all = Break.allCases.map { Mutant(name: $0.rawValue) }
}

extension Job {
    mutating func play(_ mutants: Set<Mutant>) { breaks = Set(mutants.compactMap { Break(rawValue: $0.name) }) }
}
"""
