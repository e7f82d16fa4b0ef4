"""--keep-output, and those on the other side of the pipes: readers that are slow, blocked or gone, processes of ours that are
stopped or killed, descendants that hold a pipe. All is as without the option, and no deadline waits."""

import fcntl
import os
import select
import signal
import subprocess

import pytest

from Support.eventually import always, eventually, now, pause
from Support.fleet import assert_one_line
from Support.output import KEPT, Piped, kept, pipe, started
from Support.processes import alive, kill, process, stop

# Back-pressure.


def test_a_blocked_reader_blocks_the_command(fleet):
    with Piped(fleet, "sh", "-c", "echo $$ > $0; yes; :", fleet.flag("pid"), size=4096) as one:
        eventually(lambda: os.path.exists(fleet.flag("pid")))
        yes = eventually(lambda: next((p for p in one.run.processes() if p.comm == "yes"), None), what="yes runs")
        eventually(lambda: process(yes.pid).state == "S", what="it is blocked")
        always(lambda: process(yes.pid).state == "S", 0.5, what="it stays so")
        assert len(one.read(1000)) == 1000
        one.run.send(signal.SIGTERM)
        assert one.run.wait() in (143, -15)


def test_a_slow_reader_gets_all(fleet):
    with Piped(fleet, "sh", "-c", "head -c 300000 /dev/zero; exit 5", size=4096) as one:
        count = 0
        while piece := one.read(20000):
            count += len(piece)
            pause(0.01)
        assert (count, one.run.wait()) == (300000, 5)


def test_the_lock_is_free_while_a_slow_reader_has_not_taken_all(fleet):
    """As it would be had the reader's own pipe more room: the command is dead, and what it has written is in our hands."""
    with Piped(fleet, "sh", "-c", "head -c 30000 /dev/zero; exit 5", size=4096) as one:
        eventually(lambda: (fleet.stat("jobs", "a") and fleet.record("a")["state"] == "ended"), what="the record says ended")
        assert fleet.list("locks") == [] and kept(fleet)[1] == bytes(8192)
        always(lambda: one.run.running, 1.5, what="the caller waits for its own reader")
        assert fleet.run("--lockname", "a", "--", "true").code == 0
        assert len(one.rest()) == 30000 and one.run.wait() == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_wait_for_a_reader(fleet, number):
    with pipe() as (errors, writer):
        with Piped(fleet, "sh", "-c", "head -c 30000 /dev/zero", errors="", stderr=writer, size=4096) as one:
            os.close(writer)
            eventually(lambda: fleet.stat("jobs", "a") and fleet.record("a")["state"] == "ended")
            one.run.send(number)
            began = now()
            assert one.run.wait(5) in (-number, 128 + number), "and not the success that its caller has not seen all of"
            assert now() - began < 3
        assert b"bytes that the command has written were not taken by their reader, and are lost" in os.read(errors, 1000)


def test_a_signal_that_was_survived_long_ago_ends_no_wait(fleet):
    """From somebody who has gone, so that it may have been the command's own and ends nothing; hours before the end. Here it is the
    grace, of 2 s, and the second that a reader has."""
    ready = fleet.flag("ready")
    script = f"trap : HUP; touch {ready}; sleep 5 & wait; wait; head -c 30000 /dev/zero"
    with Piped(fleet, "sh", "-c", script, size=4096) as one:
        eventually(lambda: os.path.exists(ready))
        stop(one.run.front)
        subprocess.run(["kill", "-HUP", str(one.run.front)], check=True)
        kill(one.run.front, signal.SIGCONT)
        eventually(lambda: fleet.record("a").get("state") == "ended", what="the command has ended")
        always(lambda: one.run.running, 2, what="the caller waits for its own reader")
        assert len(one.rest()) == 30000 and one.run.wait() == 0


def test_the_timeout_ends_the_wait_for_a_reader(fleet):
    with Piped(fleet, "sh", "-c", "head -c 30000 /dev/zero", options=(*KEPT, "--timeout", "3s"), size=4096) as one:
        began = now()
        assert one.run.wait(10) == 124 and 2 < now() - began < 6


def test_the_exit_is_not_delayed_by_a_reader_that_takes_all(fleet):
    def seconds(options):
        began = now()
        for _ in range(10):
            with Piped(fleet, "echo", "x", options=options) as one:
                assert one.rest() == b"x\n" and one.run.wait() == 0
        return (now() - began) / 10
    assert seconds(KEPT) < seconds(()) + 0.1


# Readers that are gone.


def test_a_command_whose_reader_is_gone_dies_of_sigpipe(fleet):
    with Piped(fleet, "yes") as one:
        assert len(one.read(100)) == 100
        one.leave()
        began = now()
        assert one.run.wait(10) == 128 + signal.SIGPIPE and now() - began < 5, "as without the option"


def test_what_head_leaves_behind(fleet):
    script = f"{fleet.program} --lockname a --keep-output 8k -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], env={**os.environ, "SWITCHMAN_CONFIG": fleet.config()}, capture_output=True,
                          check=True, timeout=30)
    assert done.stdout == b"y\n141\n"


def test_the_next_write_fails_and_not_one_after_it(fleet):
    """It writes nothing for a while: the reader is gone meanwhile, and is known to be."""
    go, ready = fleet.flag("go"), started(fleet, "ready")
    script = f"trap '' PIPE; echo one; touch {ready[0]}; while [ ! -e {go} ]; do sleep 0.05; done; echo two 2>/dev/null || exit 9"
    with Piped(fleet, "sh", "-c", script) as one:
        ready[1]()
        assert one.read(100) == b"one\n"
        one.leave()
        pause(0.2)
        fleet.raise_flag(go)
        assert one.run.wait() == 9
    assert kept(fleet)[1] == b"one\n"


def test_a_named_pipe_may_get_another_reader(fleet):
    """Nobody reads it for a while, in which nothing is written: the command does not notice."""
    path = f"{fleet.folder}/fifo"
    os.mkfifo(path)
    go = fleet.flag("go")
    first = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(path, "wb") as writer:
        one = fleet.start("--lockname", "a", *KEPT, "--", "sh", "-c",
                          f"echo one; while [ ! -e {go} ]; do sleep 0.05; done; echo two", stdout=writer)
    eventually(lambda: is_readable(first))
    assert os.read(first, 100) == b"one\n"
    os.close(first)
    pause(0.3)
    second = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fleet.raise_flag(go)
    assert one.wait() == 0 and os.read(second, 100) == b"two\n"
    os.close(second)


def is_readable(descriptor):
    return select.select([descriptor], [], [], 0)[0]


def test_a_full_disk_is_told(fleet):
    with open("/dev/full", "wb") as full:
        one = fleet.run("--lockname", "a", *KEPT, "--", "sh", "-c", "while echo x; do :; done", stdout=full)
    assert one.code not in (0, None)
    assert any("standard output cannot be written: No space left on device" in line for line in one.err.splitlines()), one.err


def test_a_reader_who_made_it_non_blocking(fleet):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    one = fleet.start("--lockname", "a", *KEPT, "--", "head", "-c", "500000", "/dev/zero", stdout=writer)
    os.close(writer)
    pause(0.5)
    with os.fdopen(reader, "rb") as file:
        assert len(file.read()) == 500000
    assert one.wait() == 0


def test_the_caller_sees_the_end_as_soon_as_the_command_closes(fleet):
    # Standard error is the run's own as well, as ever.
    with Piped(fleet, "sh", "-c", "echo x; exec >&-; exec sleep 60", errors="") as one:
        assert one.rest(within=10) == b"x\n" and one.run.running
        one.run.send(signal.SIGTERM)
        one.run.wait()


# No deadline waits for a reader.


def test_a_lost_lock_kills_in_time_beside_a_blocked_reader(fleet, proxy):
    config = fleet.config(zkhosts=proxy.address, ownership_term=6, session_timeout=4, termination_timeout=1)
    with Piped(fleet, "sh", "-c", "trap '' TERM; yes; :", size=4096, config=config) as one:
        yes = eventually(lambda: next((p for p in one.run.processes() if p.comm == "yes"), None), what="yes runs")
        eventually(lambda: process(yes.pid).state == "S", what="it is blocked")
        proxy.hold()
        began = now()
        eventually(lambda: not alive(yes.pid), 7, what="killed by the deadline")
        assert now() - began < 6.1
        assert one.run.wait(15) == 81 and now() - began < 12, "and the exit waits no longer"
        proxy.release()
    fleet.client.delete(fleet.path("jobs", "a"))


def test_heartbeats_go_on_beside_a_blocked_reader(fleet, proxy):
    config = fleet.config(zkhosts=proxy.address, ownership_term=5)
    with Piped(fleet, "yes", size=4096, config=config) as one:
        eventually(lambda: proxy.heartbeats(), what="a heartbeat")
        before = len(proxy.heartbeats())
        pause(6)
        assert one.run.running and len(proxy.heartbeats()) - before >= 8
        one.run.send(signal.SIGTERM)
        one.run.wait()


def test_a_stop_is_acted_on_beside_a_blocked_reader(ctl, fleet):
    with Piped(fleet, "yes", size=4096) as one:
        eventually(lambda: fleet.list("locks") == ["a"])
        began = now()
        assert ctl("stop", "a").code == 0
        assert one.run.wait(10) == 80 and now() - began < 5


def test_a_timeout_kills_beside_a_blocked_reader(fleet):
    with Piped(fleet, "yes", options=(*KEPT, "--timeout", "1s"), size=4096) as one:
        began = now()
        assert one.run.wait(10) == 124 and now() - began < 5
    assert kept(fleet)[1] == b"y\n" * 4096


# Our own processes.


def test_a_stopped_supervisor_holds_the_output_and_loses_none(fleet):
    with Piped(fleet, "sh", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done; exit 1",
               config=fleet.config(ownership_term=30)) as one:
        assert one.read(10) == b"1\n"
        supervisor = one.run.supervisor
        stop(supervisor)
        pause(1)
        os.kill(supervisor, signal.SIGCONT)
        assert one.rest() == b"2\n3\n4\n5\n6\n" and one.run.wait() == 1
    assert kept(fleet)[1] == b"1\n2\n3\n4\n5\n6\n"


def test_a_stopped_supervisor_does_not_keep_the_guardian_from_killing(fleet):
    with Piped(fleet, "yes", size=4096, config=fleet.config(ownership_term=5, termination_timeout=1)) as one:
        yes = one.run.command()
        supervisor = one.run.supervisor
        stop(supervisor)
        began = now()
        eventually(lambda: not alive(yes), 6, what="killed by the guardian")
        assert now() - began < 5.5
        os.kill(supervisor, signal.SIGCONT)
        assert one.run.wait(10) == 81


@pytest.mark.parametrize("role", ["supervisor", "guardian"])
def test_a_killed_process_of_ours_ends_the_command(fleet, role):
    with Piped(fleet, "yes", size=4096) as one:
        yes = one.run.command()
        kill(getattr(one.run, role))
        eventually(lambda: not alive(yes), 5, what="the command is dead")
        assert one.run.wait(10) == 81
        eventually(one.run.all_gone, what="nothing outlives the exit")
    if role == "supervisor":
        fleet.client.delete(fleet.path("jobs", "a"))


def test_a_killed_front_ends_the_run(fleet):
    with Piped(fleet, "yes", size=4096) as one:
        yes = one.run.command()
        kill(one.run.front)
        eventually(lambda: not alive(yes), 5, what="the command is dead")
        eventually(lambda: not one.run.processes(), 10, what="nothing is left, blocked reader or not")
        one.run.wait()


# Descendants.


def test_descendants_that_outlive_the_command_are_heard(fleet):
    with Piped(fleet, "sh", "-c", "(sleep 1; echo late) & exit 3") as one:
        assert one.rest().endswith(b"late\n") and one.run.wait() == 3
    assert kept(fleet)[1] == b"late\n"


def test_nobody_waits_for_a_pipe_that_is_held_outside_of_the_tree(fleet):
    """As by a daemon that was handed the descriptor: here by this test itself."""
    ready = started(fleet, "ready")
    script = f"echo x; echo $$ > {ready[0]}; while [ ! -e {fleet.flag('go')} ]; do sleep 0.05; done; exit 4"
    with Piped(fleet, "sh", "-c", script) as one:
        ready[1]()
        eventually(lambda: os.path.getsize(ready[0]) > 0)
        with open(ready[0], encoding="ascii") as file, open(f"/proc/{file.read().strip()}/fd/1", "wb") as held:
            fleet.raise_flag(fleet.flag("go"))
            began = now()
            assert one.rest() == b"x\n" and one.run.wait(10) == 4 and now() - began < 5
            with pytest.raises(BrokenPipeError):
                os.write(held.fileno(), b"nobody reads this\n")
    assert kept(fleet)[1] == b"x\n"


def test_descendants_that_are_left_are_refused(fleet):
    assert_one_line(fleet.run(*KEPT, "--descendants", "leave", "--", "false"), 64, "--keep-output", "--descendants leave")


def test_a_descriptor_limit_that_is_too_low_is_told(fleet):
    one = fleet.run("--lockname", "a", *KEPT, "--", "false", prefixed=("sh", "-c", 'ulimit -n 24; exec "$@"', "sh"))
    assert_one_line(one, 71, "ulimit -n")


def test_the_term_elapses_for_nobody_after_a_blocked_readers_run(fleet):
    """The release went out before the reader had taken anything, so nobody has to wait the run out."""
    with Piped(fleet, "sh", "-c", "head -c 30000 /dev/zero; exit 1", size=4096) as one:
        eventually(lambda: fleet.stat("jobs", "a") and fleet.record("a")["state"] == "ended")
        kill(one.run.supervisor)
        began = now()
        assert fleet.run("--lockname", "a", "--", "true").code == 0 and now() - began < 3
        one.run.wait()
