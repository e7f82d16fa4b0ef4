"""Who may do what in Docs/Security.md, and the credentials with which the tests try it."""

import os
import re

from .fixtures import ROOT


def credentials(fleet, who):
    """A file for the key `auth`; `who` is a name and a word."""
    path = fleet.write(f"auth-{who[0]}", "digest:{}:{}\n".format(*who))
    os.chmod(path, 0o600)
    return path


def promised(columns, row, column):
    """The cell of the table that has these columns behind its first."""
    page = (ROOT / "Docs/Security.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", page, re.MULTILINE)]
    head = next(index for index, cells in enumerate(rows) if cells[1:] == columns)
    cells = next(cells for cells in rows[head:] if cells[0].startswith(row))
    return cells[1 + columns.index(column)]
