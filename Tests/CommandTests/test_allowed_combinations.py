"""Each row of the manual page's second table under COMBINATIONS: what two options do together, shown by a test."""

import pathlib
import re

import pytest

from Support import manual, processes
from Support.eventually import eventually
from Support.fleet import assert_silent
from Support.output import KEPT, kept, piped

HERE = pathlib.Path(__file__).resolve().parent
FIRST, NEXT = "h1.example.org", "h2.example.org"

# As the page has them; where no file is named, in this one.
SHOWN = {
    "--wait --min-interval": ["test_a_wait_and_an_interval_that_is_shorter_than_the_run",
                              "test_interval::test_too_soon_is_a_skip"],
    "--wait --once-per": ["test_once_per::test_of_those_who_wait_behind_an_overrun_one_starts"],
    "--wait --once-per --retry-failed": ["test_once_per::test_a_hot_standby_takes_a_failed_tick_over_and_leaves_a_done_one"],
    "--wait --waiters": ["test_waiters::test_so_many_wait_and_the_next_is_skipped",
                         "test_waiters::test_each_run_goes_by_its_own_number"],
    "--waiters --once-per": ["test_waiters::test_a_place_without_a_tick_or_with_an_old_one_does_not_count"],
    "--after --once-per": ["test_after::test_by_ticks_it_needs_a_success_of_the_same_period"],
    "--after --wait": ["test_after::test_a_wait_that_ends_is_not_ready", "test_after::test_meanwhile_the_lock_is_as_good_as_held",
                       "test_after::test_it_waits_for_permits_once_it_is_ready"],
    "--after --min-interval": ["test_after::test_with_leases_and_an_interval"],
    "--once-per --lease": ["test_the_next_tick_behind_one_that_waits_for_permits"],
    "--wait --lease": ["test_wait::test_first_the_lock_then_the_permits",
                       "test_wait::test_each_limit_counts_from_the_beginning_of_its_own_phase",
                       "test_wait::test_the_lock_appears_while_it_is_queued_for_permits"],
    "--no-lock --lease": ["test_queued_locknames::test_without_the_lock_it_is_skipped_all_the_same"],
    "--no-lock --retries": ["test_without_a_lock_as_with_one"],
    "--retries --timeout": ["test_retries::test_each_attempt_has_the_whole_time",
                            "test_retries::test_the_time_does_not_run_in_the_pause"],
    "--retries --min-interval": ["test_the_first_attempt_is_the_start"],
    "--retries --retry-failed": ["test_the_next_host_has_attempts_of_its_own"],
    "--no-retry --retry-failed": ["test_success::test_the_next_host_may_try_all_the_same"],
    "--success --no-retry": ["test_success::test_a_code_cannot_be_both"],
    "--success --no-lock": ["test_success::test_without_a_lock_there_is_no_record_and_hooks_go_by_it_all_the_same",
                            "test_a_success_by_its_word_in_the_history_of_runs_without_a_lock"],
    "--keep-output --retries": ["test_keep_output::test_all_attempts_with_a_line_between"],
    "--keep-output --success": ["test_keep_output::test_a_success_keeps_nothing_and_leaves_the_last_failure"],
    "--keep-output --timeout": ["test_what_was_written_before_the_time_was_up"],
    "--retries --descendants leave": ["test_what_an_attempt_leaves_runs_beside_the_next"],
    "--timeout --descendants wait": ["test_timeout::test_descendants_that_outlive_the_command_do_not_outlive_the_time"],
    "--splay --wait, --splay --min-interval": ["test_splay::test_it_does_not_count_as_waiting",
                                               "test_a_splay_is_before_the_interval"],
    "--dry-run --min-interval": ["test_dry_run::test_the_interval",
                                 "test_dry_run::test_a_held_lock_before_the_interval_as_in_a_run"],
    "--dry-run --splay, --timeout, --retries, --success": ["test_a_dry_run_of_any_line", "test_dry_run::test_it_does_not_splay"],
    "--dry-run --keep-output": ["test_keep_output::test_the_dry_run_keeps_nothing"],
    "--on-unavailable skip --exit-code unavailable=n": ["test_on_unavailable::test_it_is_a_skip"],
}


def test_each_row_is_shown():
    assert sorted(SHOWN) == sorted(manual.allowed_combinations()), "name a test of each row in SHOWN"


@pytest.mark.parametrize("test", [test for tests in SHOWN.values() for test in tests])
def test_what_shows_it_is_there(test):
    file, _, name = test.rpartition("::")
    source = HERE / f"{file or pathlib.Path(__file__).stem}.py"
    assert re.search(rf"^def {name}\(", source.read_text(encoding="utf-8"), re.M)


def test_a_wait_and_an_interval_that_is_shorter_than_the_run(fleet):
    options = ("--lockname", "a", "--wait", "forever", "--min-interval", "1s")
    first = fleet.start_job("first", arguments=options)
    second = fleet.launch_job("second", arguments=options)
    eventually(lambda: len(fleet.list("waiters", "a")) == 1, what="it waits")
    began = fleet.records.started("first").time
    eventually(lambda: fleet.records.last_sign("first") > began + 1.2, what="longer than the interval")
    fleet.end_job("first")
    fleet.records.started("second")
    fleet.end_job("second")
    assert (first.wait(), second.wait()) == (0, 0)


def test_the_next_tick_behind_one_that_waits_for_permits(fleet):
    fleet.resources("r")
    holder = fleet.start_job("holder", arguments=("--no-lock", "--lease", "r=1:1"))
    options = ("--lockname", "a", "--once-per", "1m", "--lease", "r=1:1")
    waiting = fleet.launch_job("first", arguments=options)
    eventually(lambda: len(fleet.queue("r")) == 1, what="it waits for a permit")
    assert fleet.list("locks") == []
    assert_silent(fleet.run(*options, "--exit-code", "queued=7", "--", "false"), 7)
    fleet.end_job("holder")
    fleet.records.started("first")
    fleet.end_job("first")
    assert (holder.wait(), waiting.wait()) == (0, 0)


@pytest.mark.parametrize("options, code", [
    (("--retries", 2, "--retry-delay", 0), 3), (("--timeout", "1s"), 124), (("--splay", 1), 3),
], ids=lambda value: value[0] if isinstance(value, tuple) else None)
@pytest.mark.parametrize("lease", [(), ("--lease", "r=1:1")], ids=["alone", "lease"])
def test_without_a_lock_as_with_one(fleet, options, code, lease):
    fleet.resources("r")
    command = f"echo >> {fleet.folder}/attempts; {'sleep 60' if code == 124 else 'exit 3'}"
    assert fleet.run("--no-lock", *lease, *options, "--", "sh", "-c", command).code == code
    with open(f"{fleet.folder}/attempts", encoding="ascii") as file:
        assert len(file.readlines()) == (3 if "--retries" in options else 1)


def test_the_first_attempt_is_the_start(fleet):
    """Two attempts a second and a half apart; the interval counts from the first."""
    script = f"date +%s.%N >> {fleet.folder}/attempts; exit 3"
    options = ("--lockname", "a", "--min-interval", "1h")
    assert fleet.run(*options, "--retries", 1, "--retry-delay", "2s", "--", "sh", "-c", script).code == 3
    with open(f"{fleet.folder}/attempts", encoding="ascii") as file:
        first, second = map(float, file)
    run, = fleet.record("a")["runs"]
    assert second - first > 1.5 and abs(run["started"] / 1000 - first) < 1 < second - run["started"] / 1000
    assert_silent(fleet.run(*options, "--exit-code", "too-soon=6", "--", "false"), 6)


def test_the_next_host_has_attempts_of_its_own(fleet):
    script = f"hostname >> {fleet.folder}/attempts; exit 3"
    for host, attempts in ((FIRST, 3), (NEXT, 6)):
        run = fleet.run("--lockname", "a", "--min-interval", "1h", "--retry-failed", "--retries", 2, "--retry-delay", 0, "--",
                        "sh", "-c", script, config=fleet.config(fqdn=host))
        assert run.code == 3
        with open(f"{fleet.folder}/attempts", encoding="ascii") as file:
            assert len(file.readlines()) == attempts
    assert [run["host"] for run in fleet.record("a")["runs"]] == [FIRST, NEXT]


def test_a_success_by_its_word_in_the_history_of_runs_without_a_lock(fleet, ctl):
    fleet.resources("r")
    for options in ((), ("--success", "3")):
        assert fleet.run("--lockname", "a", "--no-lock", "--lease", "r=1:1", *options, "--", "sh", "-c", "exit 3").code == 3
    assert [run["ok"] for run in ctl.json("history", "a")["runs"]] == [False, True]


def test_what_was_written_before_the_time_was_up(fleet):
    run, out = piped(fleet, "echo before; sleep 60; echo after", *KEPT, "--timeout", "1s")
    assert (run.code, out.partition(b"switchman: ")[0], kept(fleet)[1]) == (124, b"before\n", b"before\n")


def test_what_an_attempt_leaves_runs_beside_the_next(fleet):
    script = f"sleep 100 & echo $! >> {fleet.folder}/left; exit 3"
    assert fleet.run("--lockname", "a", "--descendants", "leave", "--retries", 1, "--retry-delay", 0, "--",
                     "sh", "-c", script).code == 3
    with open(f"{fleet.folder}/left", encoding="ascii") as file:
        left = [int(line) for line in file]
    assert len(left) == 2 and all(processes.alive(pid) for pid in left)
    for pid in left:
        processes.kill(pid)


def test_a_splay_is_before_the_interval(fleet):
    """Skipped after its delay, by what stands in the record then."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    log = f"{fleet.folder}/log"
    run = fleet.run("--lockname", "a", "--splay", 2, "--min-interval", "1h", "--exit-code", "too-soon=6", "--", "false",
                    config=fleet.config(logfile=log, loglevel="debug"))
    text = pathlib.Path(log).read_text(encoding="utf-8")
    assert run.code == 6 and 0 <= text.find("(--splay)") < text.find("too-soon"), text


@pytest.mark.parametrize("options", [
    ("--timeout", "1s"), ("--retries", 3), ("--success", 3), ("--splay", "1d"), ("--keep-output", "8k"),
], ids=lambda options: options[0])
def test_a_dry_run_of_any_line(fleet, options):
    plain, other = (fleet.run("--dry-run", "--lockname", "a", *words, "--", "false") for words in ((), options))
    assert (other.code, other.out, other.err) == (plain.code, plain.out, plain.err)
    assert plain.code == 0 and fleet.list("locks") == fleet.list("jobs") == []
