"""Links of the Markdown files: to files that exist, and to headings that are there."""

import posixpath
import re

LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *#*$", re.MULTILINE)


def links(tree):
    for path in tree.of("markdown"):
        for number, line in enumerate(tree.lines(path), 1):
            for match in LINK.finditer(re.sub(r"`[^`]*`", "`", line)):
                if why := objection(tree, path, match["target"]):
                    yield f"{path}:{number}: {why}; mend the link"


def objection(tree, path, target):
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
    if aim not in tree.paths and aim not in tree.folders:
        return f"{target} leads to no file"
    if anchor and anchor not in anchors(tree.text(aim)):
        return f"{aim} has no heading for #{anchor}"
    return None


def anchors(text):
    """As GitHub makes them: lower case, only letters, digits, blanks and dashes, blanks to dashes; numbered if there before."""
    found = []
    for match in HEADING.finditer(text):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match["title"]).lower()).replace(" ", "-")
        count = sum(1 for one in found if re.fullmatch(re.escape(plain) + r"(-\d+)?", one))
        found.append(f"{plain}-{count}" if count else plain)
    return found
