"""The nemesis's judge: it must see what it is there for. A broken switchman runs in a real history, and single lies are
told in small ones."""

import os
import signal
import struct
import types

import pytest

from Support.nemesis import checker, run_faults, skips
from Support.nemesis.canary import Stall
from Support.nemesis.contenders import Attempt
from Support.nemesis.fault import Fault
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


def attempt(label, code, lock="a", weights=None, began=10.0, ended=20.0, touched=()):
    one = Attempt(label, "host1", lock, weights or {}, 0)
    one.run = types.SimpleNamespace(popen=None, front=1, code=code, err="")
    one.began, one.ended, one.touched = began, ended, set(touched)
    return one


def codes(records, *attempts):
    return checker.exit_codes(records, attempts)


def needless(*attempts, faults=()):
    return checker.needless(attempts, faults)


class HostFault(Fault):
    """Of one host, or of all."""

    def __init__(self, began, ended, host=None):
        super().__init__(None, None)
        self.began, self.ended, self.host = began, ended, host

    def reaches(self, attempt):
        return self.host in (None, attempt.host)


def skips_of(records, *attempts, faults=(), others=()):
    return skips.undue(records, attempts, others, faults, 4)


def test_a_switchman_without_locks_is_caught(recorder, tmp_path):
    path = tmp_path / "switchman"
    path.write_text(BROKEN)
    os.chmod(path, 0o755)
    # Nobody ends what outlives such a run's command: no spinners.
    history = History(str(path), recorder, tmp_path / "history", 1, "proxy", unruly=())
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


def test_a_needless_kill_is_caught():
    assert "needlessly" in needless(attempt("one", 81), faults=[Stall(1, 2)])[0], "long past"
    for code in (81, 69):
        assert "needlessly" in needless(attempt("one", code))[0]
        assert "needlessly" in needless(attempt("one", code), faults=[HostFault(12, 13, "host2")])[0], "another host's"


def test_a_kill_that_a_fault_explains_is_fine():
    for code in (81, 69):
        assert needless(attempt("one", code), faults=[HostFault(12, 13)]) == []
        assert needless(attempt("one", code), faults=[HostFault(12, 13, "host1")]) == []
        assert needless(attempt("one", code, touched={"SIGSTOP supervisor"})) == []


def test_a_loss_before_the_first_sign_is_believed_where_the_run_says_so(records):
    one = attempt("one", 81)
    assert "nothing was started" in codes(records, one)[0]
    one.run.err = "switchman: b: ownership lost: the session expired; ending the command\n"
    assert codes(records, one) == []


def test_who_blames_somebody_for_a_deleted_lock_is_believed_where_somebody_did_so(records, books):
    one = attempt("one", 80)
    assert codes(records, one) == []
    assert "nobody had deleted" in needless(one, faults=[HostFault(12, 13)])[0], "another fault's"
    deleted = HostFault(12, 12)
    deleted.deletes = True
    assert needless(one, faults=[deleted]) == []
    books("start one 1 1000000000 7")
    assert "was started" in codes(records, one)[0]


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


def test_a_loss_of_what_was_never_started_is_caught(records, books):
    assert "nothing was started" in codes(records, attempt("one", 81))[0]
    assert not codes(records, attempt("one", 81, touched={"SIGKILL guardian"}))
    books("start two 2 9 17")
    assert not codes(records, attempt("two", 81))


def test_a_run_that_blames_somebody_is_caught(records):
    """As what the servers can be the cause of: these lose commits."""
    assert "65" in checker.blamed([attempt("one", 65)])[0]
    assert not codes(records, attempt("one", 65)) and not checker.blamed([attempt("one", 0)])


def test_a_timeout_that_never_strikes_is_caught(records, books):
    books("start one 1 1000000000 7", "end one 1 6000000000 -")
    one = attempt("one", 0)
    one.timeout, one.length = 1, 5
    assert "with a timeout" in codes(records, one)[0]
    one.length = 2
    assert codes(records, one) == []


def test_permits_given_up_too_early_are_caught(records):
    one = attempt("one", 75, weights={"r": 1})
    assert "for ever" in codes(records, one)[0]
    one.lease_wait = 12
    assert "for 12" in codes(records, one)[0]
    one.lease_wait = 8
    assert codes(records, one) == []


def test_a_process_that_outlives_its_run_is_caught(records):
    with open(f"{records.folder}/stamps/one.7", "wb") as file:
        file.write(struct.pack("qq", 11 * 10**9, 21 * 10**9))
    assert "was alive 1.000 s later" in checker.reaped(records, [attempt("one", 0)])[0]
    assert checker.reaped(records, [attempt("one", 0, ended=22.0)]) == []


def test_a_record_that_tells_another_end_is_caught(records, books):
    books("start one 1 11000000000 7")
    past = {"a": {"runs": [{"token": 7, "outcome": "ran", "code": 3}]}}
    assert "the record of a says" in checker.remembered(past, records, [attempt("one", 0)])[0]
    assert checker.remembered(past, records, [attempt("one", 3)]) == []
    past["a"]["runs"][0] = {"token": 7, "outcome": "signaled", "code": 130}
    assert checker.remembered(past, records, [attempt("one", -2)]) == []


def test_a_skip_with_nobody_there_is_caught(records, books):
    books("start other 1 11000000000 7")
    skipped = attempt("one", 100)
    assert "nobody else was there" in skips_of(records, skipped)[0]
    assert "nobody else was there" in skips_of(records, skipped, attempt("other", 0, lock="b"))[0]
    assert "nobody else was there" in skips_of(records, skipped, attempt("other", 0, began=1.0, ended=8.0))[0]
    assert skips_of(records, skipped, attempt("other", 0, ended=11.5)) == []
    lost = attempt("other", -9, began=1.0, ended=8.0, touched={"host lost"})
    assert skips_of(records, skipped, lost) == [], "its session lives on"


def test_two_who_are_skipped_are_no_reason_for_each_other(records):
    assert len(skips_of(records, attempt("one", 100), attempt("two", 100))) == 2


def test_a_wait_that_ends_early_or_misses_its_turn_is_caught(records, books):
    books("start other 1 11000000000 7")
    waits, other = attempt("one", 100), attempt("other", 0, began=9.0, ended=19.9)
    waits.wait_s = 10
    assert skips_of(records, waits, other) == []
    waits.wait_s = 11
    assert "it waited for" in skips_of(records, waits, other)[0]
    waits.wait_s, other.ended = 10, 12.0
    assert "nobody else was there" in skips_of(records, waits, other)[0]
    assert skips_of(records, waits, other, faults=[HostFault(1, 2)]) == [], "servers may lag"
    assert skips_of(records, waits, other, faults=[HostFault(1, 2, "host2")]), "not for others"


def test_too_soon_after_nothing_is_caught(records, books):
    one, other = attempt("one", 102), attempt("other", 0, began=1.0, ended=8.0)
    assert "no interval" in skips_of(records, one)[0]
    one.interval = 4
    assert "within its interval" in skips_of(records, one, other)[0]
    books("start other 1 7000000000 7")
    assert skips_of(records, one, other) == []


def test_a_death_that_nobody_caused_is_caught(records):
    for code in (-9, 137, 71):
        assert codes(records, attempt("one", code))
    assert not codes(records, attempt("one", -9, touched={"SIGKILL front"}))
    assert codes(records, attempt("one", 143))
    assert not codes(records, attempt("one", 143, touched={"SIGTERM front"}))


def test_two_blows_fall_on_two_of_the_three():
    """So that the third is left: what meets all three is a limit, and no fault of the nemesis."""
    blows = run_faults.TwoBlows.BLOWS
    assert len(blows) == len(set(blows)) == 24
    for (first, role), (second, other) in blows:
        assert role != other and {first, second} <= {signal.SIGKILL, signal.SIGSTOP}


def test_what_two_blows_explain_and_what_not(records):
    one = attempt("one", -9, touched={"SIGSTOP guardian", "SIGKILL front"})
    assert codes(records, one) == []
    one.touched = {"SIGKILL supervisor", "SIGSTOP front"}
    assert "nobody killed it" in codes(records, one)[0]


def test_a_process_one_that_was_killed_is_what_unshare_cannot_say(records):
    one = attempt("one", 1, touched={"SIGKILL front"})
    assert "no such code" in codes(records, one)[0]
    one.is_in_container = True
    assert one.code == -9 and codes(records, one) == []
    one.touched = set()
    assert "nobody killed it" in codes(records, one)[0]
