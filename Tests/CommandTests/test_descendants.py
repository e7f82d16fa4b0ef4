"""What becomes of processes that outlive the command."""

import signal

import pytest

from Support import processes
from Support.eventually import always, eventually, now

OUTLIVES = "echo $$; (trap '' TERM; exec {daemon} sleep {seconds}) >/dev/null 2>&1 & exit 5"


def script(seconds=100, daemon=""):
    return ["sh", "-c", OUTLIVES.format(seconds=seconds, daemon=daemon)]


def sleeper(run):
    return eventually(lambda: next((one.pid for one in run.processes() if one.comm == "sleep"), None), what="a sleeper")


@pytest.mark.parametrize("options", [[], ["--descendants", "wait"], ["--descendants=wait"]])
@pytest.mark.parametrize("daemon", ["", "setsid"])
def test_wait(fleet, options, daemon):
    """As flock does; with a line on standard error that says how many, and names the option."""
    run = fleet.start("--lockname", "a", *options, "--", *script(3, daemon))
    child = sleeper(run)
    eventually(lambda: not fleet.stat("locks", "a"), what="released")
    assert not processes.alive(child), "the lock is held as long as it lives"
    assert run.wait() == 5
    assert now() - run.began >= 3
    lines = run.err.splitlines()
    assert len(lines) == 1 and "1" in lines[0] and "--descendants" in lines[0] and lines[0].startswith("switchman: a: ")


def test_without_any_nothing_is_said(fleet):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "sleep 0.1 & wait; exit 5")
    assert (run.code, run.err) == (5, "")


@pytest.mark.parametrize("daemon", ["", "setsid"])
def test_kill(fleet, daemon):
    run = fleet.run("--lockname", "a", "--descendants", "kill", "--", *script(100, daemon))
    assert run.code == 5, "the command's own status"
    assert now() - run.began < 10
    assert run.left() == []
    assert fleet.list("locks") == []


def test_leave(fleet):
    run = fleet.run("--lockname", "a", "--descendants", "leave", "--", *script(100))
    assert run.code == 5
    child = sleeper(run)
    always(lambda: processes.alive(child), during=0.5)
    assert fleet.list("locks") == []
    eventually(lambda: [one.comm for one in run.processes()] == ["sleep"], what="nothing of ours")
    processes.kill(child)


def test_a_signal_while_waiting_for_them_ends_them(fleet):
    run = fleet.start("--lockname", "a", "--", *script(100))
    sleeper(run)
    eventually(lambda: "--descendants" in run.err)
    run.send(signal.SIGTERM)
    run.wait(15)
    assert run.left() == []


def test_a_successor_does_not_start_beside_them(fleet):
    run = fleet.start("--lockname", "a", "--", *script(3, "setsid"))
    child = sleeper(run)
    eventually(lambda: "--descendants" in run.err)
    assert fleet.run("--lockname", "a", "--exit-code", "locked=9", "--", "true").code == 9 or not processes.alive(child)
    assert run.wait() == 5


def test_orphans_that_end_are_reaped_meanwhile(fleet):
    """None stays a zombie beside a command that runs on (supercronic #88)."""
    end = fleet.flag("end")
    orphans = "for n in 1 2 3 4 5; do (setsid true &); done; "
    run = fleet.start("--lockname", "a", "--", "sh", "-c", orphans + f"until [ -e {end} ]; do sleep 0.05; done")
    guardian = run.guardian

    def zombies():
        return [one for one in processes.children(guardian) + processes.children(run.supervisor) if one.state == "Z"]
    always(lambda: run.running, during=0.5)
    eventually(lambda: not zombies(), what="they are reaped")
    fleet.raise_flag(end)
    assert run.wait() == 0
