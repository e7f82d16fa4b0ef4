"""Who may import whom: the table below, the import lines and Package.swift agree."""

import re

# From the bottom up: a target imports only what stands above it. Docs/Architecture.md says what each is.
LAYERS = {
    "CLinux": "", "CGetopt": "", "CZooKeeper": "", "CSupervision": "", "CTether": "",
    "CTLS": "",
    "CFrames": "CTLS",
    "Text": "",
    "POSIX": "",
    "Coordination": "",
    "ZooKeeper": "CFrames CTLS CZooKeeper Coordination POSIX",
    "Recipes": "Coordination Text",
    "Run": "Coordination Recipes Text",
    "Host": "CTLS Coordination POSIX Recipes Text",
    "Reporting": "Host POSIX Run Text",
    "Supervision": "CSupervision CLinux Coordination POSIX Text",
    "Invocation": "CGetopt Coordination Host POSIX Recipes Reporting Run Text",
    "switchman": "Coordination Host Invocation POSIX Recipes Reporting Run Supervision Text ZooKeeper",
    "Steering": "Coordination Recipes Text",
    "Checks": "Coordination Host Invocation POSIX Recipes Reporting Steering Text",
    "Fleet": "CLinux Coordination Host Invocation POSIX Recipes Run Steering Supervision Text ZooKeeper",
    "switchmanctl":
        "ArgumentParser CTether Checks Coordination Fleet Host Invocation POSIX Recipes Reporting Run Steering Supervision Text "
        "ZooKeeper",
    # A package of its own: Sources/Web/Package.swift.
    "Web": "ArgumentParser Fleet NIOCore NIOHTTP1 NIOPosix",
    "SimulatedEnsemble": "CSupervision Coordination Recipes Run Supervision Text",
    "soak": "SimulatedEnsemble",
    "fuzz": "Coordination Host Recipes Reporting Run Text",
}
PACKAGES = {"ArgumentParser", "NIOCore", "NIOHTTP1", "NIOPosix"}

# Targets that decide without a clock, a process or a network, and the files in them that touch the system all the same.
PURE = ("Text", "Coordination", "Recipes", "Run", "Host/Configuration", "Reporting", "Steering", "Checks", "SimulatedEnsemble")
LIBC = {
    "Sources/Text/Lease/LeaseExpression.swift": "arithmetic",
    "Sources/Steering/ServerTime.swift": "the local time of an instant that it is given",
    "Sources/Checks/ConfigurationCheck.swift": "asks whether a log can be written",
    "Sources/Reporting/ExecFailure.swift": "why a program cannot be executed",
    "Sources/Reporting/LogEntry.swift": "an instant, as the system's clock gives it",
    "Sources/Reporting/LogFile.swift": "the log",
    "Sources/Reporting/LogSocket.swift": "syslog",
    "Sources/Reporting/LogThread.swift": "writes a log that may hang",
    "Sources/Reporting/LogTime.swift": "the time that a line of the log has",
    "Sources/Reporting/MetricsFile.swift": "writes the metrics",
    "Sources/Reporting/RunLog.swift": "the log",
}
SYSTEM = {"Glibc", "CLinux", "Foundation", "Dispatch"}
WORLD = re.compile(
    r"\b(clock_gettime|ContinuousClock|SuspendingClock|SystemRandomNumberGenerator|getenv|getpid|randomElement|shuffled)\b"
    r"|\.random\(|\bTask\.sleep\b|\battempts?\(atMost|\bdetach\b|\bGate\b")

INCLUDE = re.compile(r"^#include \"(?P<name>\w+)\.h\"")
IMPORT = re.compile(r"^(?:@\w+ )?(?:(?:package|public|internal|private|fileprivate) )?import (?:\w+ (?=\w))?(?P<name>\w+)")


def layers(tree):
    yield from table(tree)
    yield from imports(tree)
    yield from package(tree)
    yield from purity(tree)


def table(tree):
    """The table names every folder of Sources, and runs one way."""
    here = {path.split("/")[1] for path in tree.paths if path.startswith("Sources/") and path.count("/") > 1}
    for name in sorted(here - LAYERS.keys()):
        yield f"Sources/{name}:1: no row in LAYERS; add one to Tests/Support/style/layers.py"
    above = set(PACKAGES)
    for name, row in LAYERS.items():
        for other in sorted(set(row.split()) - above):
            yield f"Tests/Support/style/layers.py:1: {name} may not import {other}, which is not above it; turn one around"
        above.add(name)


def imports(tree):
    for path, number, name in imported(tree):
        target = path.split("/")[1]
        if name == "PackageDescription" and path.endswith("/Package.swift"):
            continue
        if path.startswith("Sources/") and name not in SYSTEM - LAYERS.keys() | set(LAYERS.get(target, "").split()):
            yield f"{path}:{number}: {target} may not import {name}; see LAYERS in Tests/Support/style/layers.py"
        if path.startswith("Sources/") and name in ("Foundation", "Dispatch"):
            yield f"{path}:{number}: {name} is a megabyte and a runtime of its own; use Glibc"


def package(tree):
    """What Package.swift lets a target import is what it imports, and what the table says."""
    if "Package.swift" not in tree.paths:
        return
    needed = {}
    for path, _, name in imported(tree):
        needed.setdefault(path.split("/")[1], set()).add(name)
    own = PACKAGES | LAYERS.keys()
    for target, (line, given) in dependencies(tree.text("Package.swift")).items():
        for name in sorted(given - needed.get(target, set())):
            yield f"Package.swift:{line}: {target} does not import {name}; take the dependency away"
        for name in sorted(needed.get(target, set()) & own - given):
            yield f"Package.swift:{line}: {target} imports {name}, which is no dependency of it; add it"
        for name in sorted(set(LAYERS.get(target, "").split()) - given):
            yield f"Package.swift:{line}: {target} needs no {name}; take that out of LAYERS in Tests/Support/style/layers.py"


def purity(tree):
    """What decides knows no clock, no randomness and no process but those handed in: it can be replayed."""
    touching = {path for path, _, name in imported(tree) if name in SYSTEM}
    touching |= {path for path in LIBC if path in tree.paths and WORLD.search(tree.text(path))}
    for path, number, name in imported(tree):
        if is_pure(path) and name in SYSTEM and path not in LIBC:
            yield f"{path}:{number}: {path.split('/')[1]} decides without {name}; hand in what it needs, or see LIBC in layers.py"
    for path in filter(is_pure, tree.of("swift")):
        for number, line in enumerate(tree.lines(path), 1):
            if path not in LIBC and (found := WORLD.search(line.split("//")[0])):
                yield f"{path}:{number}: {found[0]} in what decides; hand in what it needs"
    for path in sorted(LIBC.keys() - touching) if tree.is_whole else ():
        yield f"{path}:1: does not touch the system any more; take it out of LIBC in Tests/Support/style/layers.py"


def is_pure(path):
    return path.startswith(tuple(f"Sources/{room}/" for room in PURE))


def imported(tree):
    """What Swift imports, and what C includes of another target's."""
    for path in tree.of("swift"):
        for number, line in enumerate(tree.lines(path), 1):
            if path.count("/") > 1 and (match := IMPORT.match(line)):
                yield path, number, match["name"]
    for path in tree.of("c"):
        for number, line in enumerate(tree.lines(path), 1):
            if path.startswith("Sources/") and (match := INCLUDE.match(line)) and match["name"] in LAYERS:
                if match["name"] != path.split("/")[1]:
                    yield path, number, match["name"]


def dependencies(text):
    """Target: (line, names of its dependencies), from Package.swift as it is written."""
    found = {}
    for match in re.finditer(r"\.(?:executableT|testT|t)arget\(\s*name: \"(\w+)\"", text):
        inside = text[match.end():closing(text, match.end())]
        listed = re.search(r"dependencies: \[", inside)
        names = inside[listed.end():closing(inside, listed.end())] if listed else ""
        names = re.sub(r"\.product\(name: (\"\w+\"), package: \"[\w-]+\"\)", r"\1", names)
        found[match[1]] = text.count("\n", 0, match.start()) + 1, set(re.findall(r"\"(\w+)\"", names))
    return found


def closing(text, start):
    """Where the bracket that was opened before `start` is closed."""
    depth = 1
    for position in range(start, len(text)):
        depth += (text[position] in "([") - (text[position] in ")]")
        if depth == 0:
            return position
    return len(text)
