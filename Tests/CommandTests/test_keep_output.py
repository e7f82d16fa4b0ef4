"""--keep-output: the end of a failed run's output is kept, and what goes past the run is what the command has written."""

import hashlib
import os
import signal
import socket
import subprocess
import sys

import pytest

from Support.eventually import eventually
from Support.fleet import assert_one_line
from Support.output import KEPT, Piped, kept, pipe, piped
from Support.terminal import Terminal


def run(fleet, script, *options, **more):
    return fleet.run("--lockname", "a", *(options or KEPT), "--", "sh", "-c", script, **more)


# What is kept, and when.


def test_a_failed_runs_output_is_kept_and_passed_on(fleet):
    one, out = piped(fleet, "echo one; echo two >&2; exit 3")
    assert (one.code, out) == (3, b"one\ntwo\n")
    header, output = kept(fleet)
    past = fleet.record("a")["runs"][-1]
    assert output == out
    assert header == {"token": past["token"], "host": past["host"], "ended": header["ended"], "outcome": "ran", "code": 3,
                      "written": 8, "stdout": True, "stderr": True}
    assert abs(header["ended"] - past["started"] - past["held_ms"]) < 2000
    stat = fleet.stat("outputs", "a")
    assert stat.ephemeralOwner == 0


def test_a_success_keeps_nothing_and_leaves_the_last_failure(fleet):
    assert piped(fleet, "echo fine")[1] == b"fine\n"
    assert kept(fleet) == (None, None)
    piped(fleet, "echo broken; exit 1")
    piped(fleet, "echo fine again")
    piped(fleet, "echo fine by its word; exit 4", *KEPT, "--success", "4")
    assert kept(fleet)[1] == b"broken\n"
    piped(fleet, "echo worse; exit 2")
    assert kept(fleet)[1] == b"worse\n" and kept(fleet)[0]["code"] == 2


def test_without_the_option_nothing_is_kept_and_nothing_is_in_between(fleet):
    with Piped(fleet, "sh", "-c", "echo no; readlink /proc/$$/fd/1; exit 1", options=()) as one:
        mine = os.readlink(f"/proc/self/fd/{one.reader}")
        assert one.rest().decode().splitlines() == ["no", mine], "the command has the caller's own pipe"
        one.run.wait()
    assert kept(fleet) == (None, None)


def test_the_last_bytes_and_no_more(fleet):
    lines = "".join(f"line {number}\n" for number in range(1, 20001))
    _, out = piped(fleet, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done; exit 1", "--keep-output", "1000")
    assert out == lines.encode()
    header, output = kept(fleet)
    assert output == out[-1000:] and header["written"] == len(out)


@pytest.mark.parametrize("size, count", [("1", 1), ("32k", 32768), ("32768", 32768), ("2K", 2048)])
def test_sizes(fleet, size, count):
    piped(fleet, "head -c 40000 /dev/zero; exit 1", "--keep-output", size)
    assert kept(fleet)[1] == bytes(count)


@pytest.mark.parametrize("size", ["0", "33k", "32769", "8kB", "-1", "", "k", "lots", "9" * 30, "8 k"])
def test_bad_sizes_are_refused(fleet, size):
    assert_one_line(fleet.run("--keep-output", size, "--", "false"), 64, "--keep-output", "a number of bytes")


@pytest.mark.parametrize("script, options, outcome, code", [
    ("echo x; kill -SEGV $$", (), "signaled", 139), ("echo x; exec sleep 60", ("--timeout", "1s"), "timeout", None),
])
def test_other_failures(fleet, script, options, outcome, code):
    piped(fleet, script, *KEPT, *options)
    header, output = kept(fleet)
    assert (header["outcome"], header.get("code"), output) == (outcome, code, b"x\n")


def test_a_program_that_is_not_there_has_written_nothing(fleet):
    assert fleet.run("--lockname", "a", *KEPT, "--", "/no/such").code == 127
    header, output = kept(fleet)
    assert (header["outcome"], output, header["written"]) == ("not-found", b"", 0)


def test_an_operators_stop_is_no_failure(ctl, fleet):
    with Piped(fleet, "sh", "-c", "echo x; exec sleep 60") as one:
        assert one.read(10) == b"x\n"
        assert ctl("stop", "a").code == 0
        assert one.run.wait() == 80
    assert kept(fleet) == (None, None)


def test_all_attempts_with_a_line_between(fleet):
    one, out = piped(
        fleet, 'printf "try $SWITCHMAN_ATTEMPT"; exit 1', *KEPT, "--retries", "2", "--retry-delay", "0s")
    assert (one.code, out) == (1, b"try 1try 2try 3")
    assert kept(fleet)[1] == b"try 1\n[switchman: attempt 2]\ntry 2\n[switchman: attempt 3]\ntry 3"


# Order, and whose streams they are.


def test_one_open_file_is_one_pipe_in_exact_order(fleet):
    script = "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo out $i; echo err $i >&2; done; exit 1"
    _, out = piped(fleet, script, "--keep-output", "32k")
    assert out == b"".join(b"out %d\nerr %d\n" % (number, number) for number in range(1, 501))
    assert kept(fleet)[1] == out


def test_two_openings_of_one_pipe_are_one(fleet):
    """As a shell has it with `>/dev/stdout 2>/dev/stdout`: not one open file, and yet one reader, who sees the order."""
    with Piped(fleet, "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo out; echo err >&2; done; exit 1", options=KEPT,
               prefixed=("sh", "-c", 'exec "$@" 2>/dev/stdout', "sh")) as one:
        assert one.rest() == b"out\nerr\n" * 8
        one.run.wait()
    assert kept(fleet)[1] == b"out\nerr\n" * 8


def test_two_files_are_two_pipes_each_in_order(fleet):
    with pipe() as (reader, writer):
        with Piped(fleet, "sh", "-c", "echo a; echo b >&2; echo c; echo d >&2; exit 1", errors="", stderr=writer) as one:
            os.close(writer)
            assert one.rest() == b"a\nc\n"
            assert b"".join(iter(lambda: os.read(reader, 100), b"")) == b"b\nd\n"
            one.run.wait()
    assert sorted(kept(fleet)[1].splitlines()) == [b"a", b"b", b"c", b"d"]


def test_a_blocked_standard_output_does_not_hold_up_standard_error(fleet):
    with pipe() as (reader, writer):
        with Piped(fleet, "sh", "-c", "yes | head -c 100000 & echo seen >&2; wait", errors="", stderr=writer, size=4096) as one:
            os.close(writer)
            assert os.read(reader, 100) == b"seen\n"
            assert len(one.rest()) == 100000
            assert one.run.wait() == 0


def test_a_file_is_the_commands_own(fleet):
    one = run(fleet, "echo one; echo two >&2; exit 1")
    assert one.code == 1 and one.out == "one\n" and "two" in one.err
    header, output = kept(fleet)
    assert (header["stdout"], header["stderr"], header["written"], output) == (False, False, 0, b"")


def test_dev_null_is_passed_on_to_and_kept(fleet):
    assert run(fleet, "echo one; exit 1", stdout=subprocess.DEVNULL).code == 1
    header, output = kept(fleet)
    assert (header["stdout"], header["stderr"], output) == (True, False, b"one\n")


def test_what_is_closed_stays_closed(fleet):
    one = run(fleet, "test -e /proc/$$/fd/1; echo $? >&2; exit 1", prefixed=("sh", "-c", 'exec "$@" >&-', "sh"))
    assert one.err.splitlines()[0] == "1" and kept(fleet)[0]["stdout"] is False


def test_a_terminal_is_the_commands_own(fleet):
    terminal = Terminal({"SWITCHMAN_CONFIG": fleet.config()})
    try:
        terminal.line(f"{fleet.program} --lockname a --keep-output 8k -- sh -c 'test -t 1 && test -t 2 && echo is one; exit 1'")
        terminal.expect(r"\r\nis one")
        terminal.prompt()
    finally:
        terminal.close()
    assert kept(fleet)[0]["stdout"] is False and kept(fleet)[1] == b""


def test_a_socket_as_of_a_service(fleet):
    ours, theirs = socket.socketpair()
    with ours:
        one = fleet.start("--lockname", "a", *KEPT, "--", "sh", "-c", "echo one; echo two >&2; exit 1",
                          stdout=theirs.fileno(), stderr=theirs.fileno())
        theirs.close()
        assert b"".join(iter(lambda: ours.recv(100), b"")) == b"one\ntwo\n"
        one.wait()
    assert kept(fleet)[1] == b"one\ntwo\n"


# Bytes.


def test_binary_output_is_the_same_byte_for_byte(fleet):
    everything = bytes(range(256)) * 40
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 40); sys.exit(1)"
    with Piped(fleet, sys.executable, "-c", script, options=("--keep-output", "4k")) as one:
        assert one.rest() == everything
        one.run.wait()
    assert kept(fleet)[1] == everything[-4096:]


def test_many_megabytes_are_the_same(fleet):
    script = ("import hashlib, os, sys\nsum = hashlib.sha256()\nfor n in range(300):\n"
              "    block = os.urandom(1 << 20); sum.update(block); sys.stdout.buffer.write(block)\n"
              "open(sys.argv[1], 'w').write(sum.hexdigest())\nsys.exit(1)")
    path = fleet.flag("sum")
    with Piped(fleet, sys.executable, "-c", script, path, options=("--keep-output", "32k")) as one:
        found, count, last = hashlib.sha256(), 0, b""
        while piece := one.read(1 << 20):
            found.update(piece)
            count += len(piece)
            last = (last + piece)[-32768:]
        assert one.run.wait() == 1
    with open(path, encoding="ascii") as file:
        assert (count, found.hexdigest()) == (300 << 20, file.read())
    assert kept(fleet)[1] == last


def test_lines_of_two_commands_in_one_pipe_stay_whole(fleet):
    """As they are without the option: a line that a command writes at once is one write into the common pipe."""
    reader, writer = os.pipe()
    script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo {}{}; done"
    # Names of their own: a run of another test that was killed whole is swept by the next of its name, which says so if that lasts.
    runs = [fleet.start("--lockname", f"lines-{name}", *KEPT, "--", "sh", "-c", script.format(name, "x" * 97),
                        stdout=writer, stderr=writer) for name in "ab"]
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        lines = set(file.read().splitlines())
    assert [one.wait() for one in runs] == [0, 0]
    assert lines == {name + b"x" * 97 for name in (b"a", b"b")}


# The others of the command.


def test_standard_input_is_the_commands_own(fleet):
    assert piped(fleet, "cat", stdin=subprocess.DEVNULL)[1] == b""
    with pipe() as (reader, writer):
        os.write(writer, b"asked\n")
        os.close(writer)
        assert piped(fleet, "cat", stdin=reader)[1] == b"asked\n"


def test_the_command_has_no_descriptor_more(fleet):
    script = "ls -l /proc/self/fd | tail -n +2 | wc -l"
    with_it, without = piped(fleet, script)[1], piped(fleet, script, "--verbose")[1].splitlines()
    assert with_it.strip() in without


def test_the_dry_run_keeps_nothing(fleet):
    one = fleet.run("--lockname", "a", *KEPT, "--dry-run", "--", "false")
    assert one.code == 0 and "would start" in one.out and fleet.stat("outputs") is None


def test_the_end_of_a_signal_by_the_caller(fleet):
    with Piped(fleet, "sh", "-c", "trap 'echo leaving; exit 7' TERM; echo ready; while :; do sleep 0.1; done") as one:
        assert one.read(10) == b"ready\n"
        one.run.send(signal.SIGTERM)
        assert one.rest() == b"leaving\n" and one.run.wait() == 7
    assert eventually(lambda: kept(fleet)[1] == b"ready\nleaving\n")
