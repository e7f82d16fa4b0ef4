"""--success and --no-retry: which exit codes are a success, and which end the attempts. Every reader of a job's record goes by
what the run itself said of its code."""

import json
import os

import pytest

from Support.fleet import assert_one_line, assert_silent

THREE = ("sh", "-c", "exit 3")
TOLD = ("sh", "-c", 'echo "${SWITCHMAN_LAST_START-none} ${SWITCHMAN_LAST_SUCCESS-none}"')


def run(fleet, *options, command=THREE, **more):
    return fleet.run("--lockname", "a", *options, "--", *command, **more)


def counted(fleet, code):
    """A command that leaves a line for each attempt, and the lines."""
    path = f"{fleet.folder}/attempts"

    def lines():
        with open(path, encoding="ascii") as file:
            return len(file.readlines())
    return ("sh", "-c", f"echo >> {path}; {code}"), lines


def test_the_commands_code_is_still_the_runs_own(fleet):
    assert_silent(run(fleet, "--success", "3"), 3)
    assert_silent(run(fleet, "--success", "1,3-5", "--exit-code", "lost=9"), 3)


def test_the_record_says_so_and_remembers_it(fleet):
    run(fleet, "--success", "3")
    record = fleet.record("a")
    one = record["runs"][-1]
    assert one["ok"] is True and (one["outcome"], one["code"]) == ("ran", 3)
    assert record["succeeded"] == {"host": one["host"], "token": one["token"], "started": one["started"],
                                   "ended": one["started"] + one["held_ms"]}


def test_what_outcome_and_code_say_already_is_not_said_again(fleet):
    assert run(fleet, "--success", "3", command=("true",)).code == 0
    assert run(fleet, "--success", "3", command=("false",)).code == 1
    assert run(fleet).code == 3
    record = fleet.record("a")
    assert [("ok" in one, one["code"]) for one in record["runs"]] == [(False, 0), (False, 1), (False, 3)]
    assert record["succeeded"]["token"] == record["runs"][0]["token"]


@pytest.mark.parametrize("options, code, is_success", [
    (("--success", "3-5"), 5, True), (("--success", "3-5"), 6, False), (("--success", "1", "--success", "7"), 1, True),
    (("--success", "1", "--success", "7"), 7, True), (("--success", "0"), 0, True), (("--success", "124"), 124, True),
    (("--success", "0-255"), 255, True),
])
def test_codes_and_ranges(fleet, options, code, is_success):
    assert run(fleet, *options, command=("sh", "-c", f"exit {code}")).code == code
    assert ("succeeded" in fleet.record("a")) == is_success


@pytest.mark.parametrize("options, command, code", [
    ((), ("sh", "-c", "kill -TERM $$"), 143), (("--timeout", "1s"), ("sleep", "600"), 124), ((), ("/no/such/program",), 127),
    ((), ("/etc/passwd",), 126),
])
def test_only_what_the_command_said_itself_is_a_success(fleet, options, command, code):
    """Neither a signal, nor a time that was up, nor an exec that failed, whatever their codes."""
    assert run(fleet, "--success", "0-255", *options, command=command).code == code
    record = fleet.record("a")
    assert "succeeded" not in record and not record["runs"][-1].get("ok")


# Who believes it.

def test_the_next_run_is_told_of_its_start(fleet):
    run(fleet, "--success", "3")
    start, success = run(fleet, command=TOLD).out.split()
    assert start == success
    run(fleet)
    later, success = run(fleet, command=TOLD).out.split()
    assert later > success > start, "without the option it was none; the one in between was"


def test_a_line_that_retries_what_failed(fleet):
    """It need not know the other's codes."""
    again = ("--min-interval", "1h", "--retry-failed", "--exit-code", "too-soon=6")
    run(fleet, "--success", "3")
    assert run(fleet, *again).code == 6
    assert run(fleet, "--min-interval", "1s").code in (0, 3)


def test_a_tick_is_done(fleet):
    day = ("--once-per", "day", "--retry-failed", "--exit-code", "already-run=6")
    assert run(fleet, *day).code == 3
    assert run(fleet, *day, "--success", "3").code == 3, "the first has failed"
    assert run(fleet, *day).code == 6
    assert fleet.record("a")["succeeded"]["tick"] == fleet.record("a")["done"]


def test_history_and_check_job(ctl, fleet):
    run(fleet, "--success", "3")
    run(fleet)
    assert [(one["code"], one["ok"]) for one in ctl.json("history", "a")["runs"]] == [(3, True), (3, False)]
    said = ctl("check", "job", "a", "--within", "1h")
    assert said.code == 0 and "last success" in said.out and "the last run failed" in said.out, said
    assert ctl.json("check", "job", "a", "--within", "1h")["facts"]["last_success_host"] == fleet.record("a")["succeeded"]["host"]


def test_a_run_that_lasts_has_no_such_verdict(ctl, fleet):
    fleet.start_job("a")
    assert "ok" not in ctl.json("history", "a")["runs"][-1]
    fleet.end_job("a")


def test_hooks_and_metrics(fleet):
    fleet.settings["hooks"] = {
        hook: f"echo {hook} $SWITCHMAN_EXIT_CODE >> {fleet.folder}/called" for hook in ("succeeded", "failed")}
    fleet.settings["metrics_directory"] = str(fleet.folder)
    run(fleet, "--success", "3")
    run(fleet)
    with open(f"{fleet.folder}/called", encoding="ascii") as file:
        assert file.read().splitlines() == ["succeeded 3", "failed 3"]
    with open(f"{fleet.folder}/switchman_a.prom", encoding="ascii") as file:
        assert 'switchman_successes_total{lockname="a"} 1\n' in file.read()


def test_the_log_says_why_a_code_is_no_failure(fleet):
    assert "the command exited with 3; that is a success\n" in run(fleet, "--verbose", "--success", "3").err
    assert "failed: the command exited with 3\n" in run(fleet, "--verbose").err


def test_without_a_lock_there_is_no_record_and_hooks_go_by_it_all_the_same(fleet):
    fleet.settings["hooks"] = {"succeeded": f"touch {fleet.folder}/called"}
    assert run(fleet, "--no-lock", "--success", "3").code == 3
    assert os.path.exists(f"{fleet.folder}/called")


def test_what_a_record_says_is_data_from_outside(ctl, fleet):
    """Nonsense is as if it were not there; a verdict is believed."""
    for said in (7, "yes", {}, None):
        one = {"host": "h", "outcome": "ran", "code": 1, "started": 1000, "held_ms": 5, "ok": said}
        record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "h", "pid": 1, "runs": [one], "succeeded": said}
        fleet.client.ensure_path(fleet.path("jobs", "a"))
        fleet.client.set(fleet.path("jobs", "a"), json.dumps(record).encode())
        assert run(fleet, command=TOLD).out.split()[1] == "none"
    for name in ("\x1b[31m\0", "x" * 255):
        record["succeeded"] = {"host": name, "token": -1, "started": 2 ** 63 - 1, "ended": -2 ** 63, "tick": "\x1b"}
        fleet.client.set(fleet.path("jobs", "a"), json.dumps(record).encode())
        said = ctl("check", "job", "a", "--within", "1h")
        assert said.code == 2 and "\x1b" not in said.out
        assert run(fleet, command=("true",)).code == 0


# With --retries.

def test_a_success_is_not_run_again(fleet):
    command, attempts = counted(fleet, "exit 3")
    assert_silent(run(fleet, "--success", "3", "--retries", 3, "--retry-delay", 0, command=command), 3)
    assert attempts() == 1


def test_a_code_that_no_retry_mends(fleet):
    command, attempts = counted(fleet, "exit 3")
    assert_silent(run(fleet, "--no-retry", "2,3", "--retries", 3, "--retry-delay", 0, command=command), 3)
    assert attempts() == 1
    record = fleet.record("a")
    assert "succeeded" not in record and "ok" not in record["runs"][-1], "it has failed"


def test_other_codes_are_run_again(fleet):
    command, attempts = counted(fleet, f"test $(wc -l < {fleet.folder}/attempts) = 2 && exit 3; exit 4")
    assert_silent(run(fleet, "--no-retry", "3", "--retries", 5, "--retry-delay", 0, command=command), 3)
    assert attempts() == 2


@pytest.mark.parametrize("options, code", [((), "kill -KILL $$"), (("--timeout", "1s"), "exec sleep 600")])
def test_signals_and_times_that_are_up_are_run_again(fleet, options, code):
    command, attempts = counted(fleet, code)
    run(fleet, "--no-retry", "1-255", *options, "--retries", 1, "--retry-delay", 0, command=command)
    assert attempts() == 2


def test_the_next_host_may_try_all_the_same(fleet):
    day = ("--once-per", "day", "--retry-failed", "--exit-code", "already-run=6")
    assert run(fleet, *day, "--retries", 3, "--no-retry", "3").code == 3
    assert run(fleet, *day, command=("true",)).code == 0


# What cannot mean anything.

@pytest.mark.parametrize("option, value", [
    (option, value) for option in ("--success", "--no-retry") for value in ("", "256", "5-3", "1,,2", "1-", "x", "1, 2", "-1")])
def test_a_bad_list_is_refused(fleet, option, value):
    assert_one_line(run(fleet, "--retries", 1, f"{option}={value}"), 64,
                    f'invalid value "{value}" for {option}: expected codes from 0 to 255, such as 75 or 1,3-5')


@pytest.mark.parametrize("options, code", [
    (("--success", "3-5", "--no-retry", "1,5"), "5"), (("--no-retry", "0-2"), "0"),
    (("--success", "9", "--no-retry", "2", "--no-retry", "9"), "9")])
def test_a_code_cannot_be_both(fleet, options, code):
    assert_one_line(run(fleet, "--retries", 1, *options), 64, f"option --no-retry: code {code} ")


def test_a_dry_run_does_not_care(fleet):
    assert run(fleet, "--dry-run", "--success", "3", "--retries", 1, "--no-retry", "4").out == "a: would start: the lock is free\n"
