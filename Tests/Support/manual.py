"""The options of switchman as its manual page lists them: what the black-box tests expect of the program, of its help and of
the completions. Tests/InvocationTests compares the page with the sources."""

import re
import typing

from Support.fixtures import ROOT


class Option(typing.NamedTuple):
    # Each with its dashes: the short form, if there is one, first.
    spellings: list
    # As the help has it, but in small letters: `time`, `fail|skip`, `resource=count[:total]`; empty if nothing is taken.
    value: str

    @property
    def name(self):
        return next(spelling for spelling in self.spellings if spelling.startswith("--"))

    @property
    def choices(self):
        return self.value.split("|") if "|" in self.value else []


def section(name):
    page = (ROOT / "Docs/switchman.1").read_text(encoding="utf-8")
    return page.split(f"\n.Sh {name}\n")[1].split("\n.Sh ")[0]


def options():
    return [option(line) for line in re.findall(r"^\.It (Fl .*)$", section("OPTIONS"), re.M)]


def refused_combinations():
    """The names in each row of the first table of COMBINATIONS."""
    table = section("COMBINATIONS").split("\n.El\n")[0]
    return [{f"--{name}" for name in re.findall(r"Fl Fl (\S+)", row)} for row in re.findall(r"^\.It (.*) Ta ", table, re.M)]


def allowed_combinations():
    """Each row of its second list, as the page shows it."""
    rows = re.findall(r"^\.It (.*)$", section("COMBINATIONS").split("\n.El\n", 1)[1], re.M)
    return [re.sub(r" Ns = Ns ", "=", row).replace("Fl Fl ", "--").replace("Cm ", "").replace("Ar ", "").replace(" ,", ",")
            for row in rows]


def option(line):
    """`Fl c , Fl Fl config Ar file`"""
    flags = re.match(r"(?:Fl (?:Fl )?\S+(?: , )?)+", line)[0]
    value = re.sub(r"\b(Ar|Cm|Ns) ", "", line[len(flags):]).strip()
    optional = re.fullmatch(r"(.*?) Op (.*)", value)
    value = f"{optional[1]}[{optional[2]}]" if optional else value
    return Option([("--" if fl else "-") + name for fl, name in re.findall(r"Fl (Fl )?(\S+)", flags)], value.replace(" ", ""))
