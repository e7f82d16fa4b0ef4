"""The nemesis's judge: it must see what it is there for. A broken switchman runs in a real history, and single lies are
told in small ones."""

import os
import types

import pytest

from Support.nemesis import checker
from Support.nemesis.contenders import Attempt
from Support.nemesis.history import History
from Support.records import Records

# Takes no lock, asks nobody, and starts what follows the first `--`.
BROKEN = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


@pytest.fixture
def records(recorder, tmp_path):
    return Records(f"{tmp_path}/records", recorder)


@pytest.fixture
def books(records):
    """Writes lines into the books of no real job."""
    def write(*lines):
        with open(f"{records.folder}/events", "a", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)
    return write


def attempt(label, code, lock="a", weight=0, began=10.0, ended=20.0, touched=()):
    one = Attempt(label, "host1", lock, weight, 0)
    one.run = types.SimpleNamespace(popen=None, front=1, code=code)
    one.began, one.ended, one.touched = began, ended, set(touched)
    return one


def codes(records, *attempts, faults=(), first_fault=0.0):
    return checker.exit_codes(records, attempts, faults, first_fault)


def test_a_switchman_without_locks_is_caught(recorder, tmp_path):
    path = tmp_path / "switchman"
    path.write_text(BROKEN)
    os.chmod(path, 0o755)
    history = History(str(path), recorder, tmp_path / "history", 1, "proxy")
    problems = "\n".join(history.play())
    for sign in ("the kernel says", "lock a: at", "lock b: at", "r: at", "with token None"):
        assert sign in problems, f"{sign!r} is not in:\n{problems}"
    assert "violation" in history.text()


def test_a_token_that_does_not_grow_is_caught(records, books):
    books("start one 1 1000000000 7", "start two 2 2000000000 7")
    assert len(checker.tokens(records, [attempt("one", 0), attempt("two", 0)])) == 1


def test_a_skip_that_ran_is_caught(records, books):
    books("start one 1 1000000000 7")
    assert "was started" in codes(records, attempt("one", 100))[0]


def test_a_success_that_did_not_run_to_the_end_is_caught(records, books):
    books("start one 1 1000000000 7")
    assert "did not run to the end" in codes(records, attempt("one", 0))[0]


def test_a_needless_kill_is_caught(records):
    assert "needlessly" in codes(records, attempt("one", 81), first_fault=30.0)[0]
    assert "needlessly" in codes(records, attempt("one", 81))[0]


def test_a_kill_that_a_fault_explains_is_fine(records):
    fault = types.SimpleNamespace(harms_others=True, began=12.0, ended=13.0)
    assert codes(records, attempt("one", 81), faults=[fault]) == []
    assert codes(records, attempt("one", 69), faults=[fault]) == []


def test_a_start_within_the_interval_is_caught(records, books):
    books("start one 1 1000000000 7", "start two 2 3500000000 8", "start two 3 3600000000 8", "start three 4 5600000000 9")
    runs = [attempt(label, 0) for label in ("one", "two", "three")]
    runs[1].interval, runs[2].interval = 3, 2
    found = checker.intervals(records, runs)
    assert len(found) == 1 and "two started 2.500 s after one" in found[0], "and another attempt is no start"


def test_a_timeout_that_a_quick_command_has_is_caught(records):
    one = attempt("one", 124)
    assert "no such code" in codes(records, one)[0]
    one.timeout, one.length = 2, 1
    assert "less time" in codes(records, one)[0]
    one.length = 3
    assert codes(records, one) == []


def test_a_code_that_nobody_documented_is_caught(records):
    assert "no such code" in codes(records, attempt("one", 42))[0]


def test_a_death_that_nobody_caused_is_caught(records):
    for code in (-9, 137, 71):
        assert codes(records, attempt("one", code))
    assert not codes(records, attempt("one", -9, touched={"SIGKILL front"}))
