"""--retries: a command that failed is run again under the same lock, token and session."""

import os
import signal

import pytest

from Support.eventually import always, eventually, now
from Support.fleet import assert_one_line, assert_silent
from Support.server import expire_session


def script(fleet, *lines):
    """A shell command whose so-manyth attempt is `$n`; each leaves a line in the file `attempts`."""
    count = f"n=$(($(cat {fleet.folder}/attempts 2>/dev/null | wc -l) + 1))"
    note = f"echo \"$n $SWITCHMAN_FENCING_TOKEN $SWITCHMAN_SESSION_ID $SWITCHMAN_LOCK_PATH\" >> {fleet.folder}/attempts"
    # Not sh: descriptors of more than one digit are not for every shell.
    return ["bash", "-c", "; ".join([count, note, *lines])]


def attempts(fleet):
    try:
        with open(f"{fleet.folder}/attempts", encoding="ascii") as file:
            return [line.split() for line in file.read().splitlines()]
    except FileNotFoundError:
        return []


def in_pause(fleet, *lines, count=1, arguments=(), **more):
    """A run that has failed and waits for an hour."""
    run = fleet.start("--verbose", "--lockname", "a", "--retries", 9, "--retry-delay", "1h", *arguments, "--",
                      *script(fleet, *lines), **more)
    eventually(lambda: run.err.count("again in") == count, what="the pause")
    return run


def test_a_failed_command_is_run_again_until_it_succeeds(fleet):
    run = fleet.run("--lockname", "a", "--retries", 5, "--retry-delay", 0, "--", *script(fleet, "test $n = 3"))
    assert_silent(run, 0)
    assert len(attempts(fleet)) == 3
    runs = fleet.record("a")["runs"]
    assert len(runs) == 1 and (runs[0]["outcome"], runs[0]["code"]) == ("ran", 0), "one run, however many attempts"


def test_the_last_status_is_returned(fleet):
    assert_silent(fleet.run("--lockname", "a", "--retries", 2, "--retry-delay", 0, "--", *script(fleet, "exit $((n + 2))")), 5)
    assert len(attempts(fleet)) == 3


def test_without_the_option_it_runs_once(fleet):
    assert fleet.run("--lockname", "a", "--", *script(fleet, "exit 3")).code == 3
    assert len(attempts(fleet)) == 1


def test_a_command_that_died_of_a_signal_is_run_again(fleet):
    run = fleet.run("--lockname", "a", "--retries", 1, "--retry-delay", 0, "--",
                    *script(fleet, "test $n = 2 || kill -KILL $$"))
    assert_silent(run, 0)


def test_each_pause_is_twice_the_one_before(fleet):
    run = fleet.run("--verbose", "--lockname", "a", "--retries", 2, "--", *script(fleet, "exit 3"))
    assert run.code == 3 and now() - run.began > 3
    assert [line.split("again in ")[1] for line in run.err.splitlines() if "again in" in line] == ["1 s", "2 s"]


def test_lock_token_and_session_are_kept_also_through_a_pause_longer_than_the_term(fleet, proxy):
    """Heartbeats go on in the pause: the lock is the very same node, and nobody else gets it."""
    config = fleet.config(session_timeout=2, ownership_term=3, zkhosts=proxy.address)
    run = fleet.start("--verbose", "--lockname", "a", "--retries", 1, "--retry-delay", 4, "--",
                      *script(fleet, "test $n = 2"), config=config)
    eventually(lambda: "again in 4 s" in run.err)
    paused_at = now()
    lock = fleet.stat("locks", "a").czxid
    assert_silent(fleet.run("--lockname", "a", "--exit-code", "locked=5", "--", "true"), 5)
    assert run.wait() == 0
    beats = [beat for beat in proxy.heartbeats() if paused_at <= beat.time < paused_at + 3.9]
    assert len(beats) >= 10, "one in each tenth of the term"
    first, second = attempts(fleet)
    assert first[1:] == second[1:] and first[1] == str(lock)


def test_leases_are_kept_too(fleet):
    fleet.resources("r")
    run = in_pause(fleet, "exit 3", arguments=("--lease", "r=1:1"))
    assert (len(fleet.leases("r")), len(fleet.marks("r"))) == (1, 1)
    run.send(signal.SIGTERM)
    assert run.wait() == 3
    assert (fleet.leases("r"), fleet.marks("r")) == ([], [])


def test_every_attempt_has_the_callers_descriptors(fleet):
    """Standard input is read on where the first attempt stopped."""
    path = fleet.write("input", "one\ntwo\n")
    reader, writer = os.pipe()
    with open(path, "rb", buffering=0) as lines:
        run = fleet.start("--lockname", "a", "--retries", 1, "--retry-delay", 0, "--",
                          *script(fleet, "read line", "echo out $line", "echo err $line >&2",
                                  f"echo extra $line >&{writer}", "test $n = 2"),
                          stdin=lines, pass_fds=(writer,))
        os.close(writer)
        assert run.wait() == 0
    assert (run.out, run.err) == ("out one\nout two\n", "err one\nerr two\n")
    with open(reader, encoding="ascii") as pipe:
        assert pipe.read() == "extra one\nextra two\n", "and the end of file comes with the last of them"


# What ends it.


@pytest.mark.parametrize("status", [126, 127])
def test_a_shell_that_finds_nothing_to_run_is_not_asked_again(fleet, status):
    assert fleet.run("--lockname", "a", "--retries", 3, "--retry-delay", 0, "--",
                     *script(fleet, f"exit {status}")).code == status
    assert len(attempts(fleet)) == 1


def test_a_command_that_cannot_be_run_is_not_tried_again(fleet):
    run = fleet.run("--lockname", "a", "--retries", 3, "--retry-delay", "1h", "--", "/no/such/program")
    assert_one_line(run, 127, "/no/such/program")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_pause_ends_it_with_the_last_status(fleet, number):
    run = in_pause(fleet, "exit 3")
    run.send(number)
    assert run.wait(5) == 3 and len(attempts(fleet)) == 1
    assert fleet.record("a")["state"] == "ended"


def test_a_forwarded_signal_ends_it(fleet):
    run = fleet.start("--lockname", "a", "--retries", 3, "--retry-delay", 0, "--",
                      *script(fleet, "trap 'exit 3' TERM", "sleep 600 & wait"))
    eventually(lambda: attempts(fleet))
    eventually(lambda: any(one.comm == "sleep" for one in run.processes()))
    run.send(signal.SIGTERM)
    assert run.wait() == 3 and len(attempts(fleet)) == 1


def test_a_lock_lost_in_the_pause_ends_it(fleet):
    run = in_pause(fleet, "exit 3")
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait(5) == 3 and len(attempts(fleet)) == 1


def test_a_session_lost_in_the_pause_ends_it(fleet, shared_server):
    run = in_pause(fleet, "exit 3")
    fleet.leaves_marks = True
    expire_session(shared_server.address, fleet.lock_session("a"))
    assert run.wait(10) == 3 and len(attempts(fleet)) == 1


def test_a_skip_is_not_repeated(fleet):
    fleet.start_job("a")
    assert_silent(fleet.run("--lockname", "a", "--retries", 3, "--retry-delay", "1h", "--", "false"), 0)
    fleet.end_job("a")


# With --timeout.


def test_each_attempt_has_the_whole_time(fleet):
    """One whose time was up has failed like any other."""
    run = fleet.run("--lockname", "a", "--timeout", "1s", "--retries", 1, "--retry-delay", 0, "--",
                    *script(fleet, "exec sleep 600"))
    assert_one_line(run, 124, "--timeout")
    assert len(attempts(fleet)) == 2 and 2 <= now() - run.began < 5


def test_one_that_is_in_time_after_one_that_was_not_is_a_success(fleet):
    run = fleet.run("--lockname", "a", "--timeout", "1s", "--retries", 3, "--retry-delay", 0, "--",
                    *script(fleet, "test $n = 2 || exec sleep 600"))
    assert_silent(run, 0)
    assert fleet.record("a")["runs"][-1]["outcome"] == "ran"


def test_the_time_does_not_run_in_the_pause(fleet):
    run = fleet.run("--lockname", "a", "--timeout", "1s", "--retries", 1, "--retry-delay", 2, "--",
                    *script(fleet, "test $n = 2 && sleep 0.5"))
    assert_silent(run, 0)


def test_a_signal_while_a_timeout_ends_an_attempt_ends_the_run(fleet):
    run = fleet.start("--lockname", "a", "--timeout", "1s", "--retries", 9, "--retry-delay", 0, "--",
                      *fleet.job("job", "--log-signals", "--end-on", 1))
    eventually(lambda: 15 in fleet.records.signals("job"), what="its time is up")
    run.send(signal.SIGHUP)
    assert run.wait() == 124, "the first reason to stop"
    always(lambda: len(fleet.records.events("start")) == 1, during=0.2)
