"""SIGKILL and SIGSTOP of front, supervisor and guardian, with a command that ignores SIGTERM, has forked, and has
called setsid: no process of it outlives what was promised, and no successor starts before it is dead."""

import os
import signal
import threading

import pytest

from Support import processes
from Support.eventually import always, elapsed, eventually, now

TERM_S = 6
CLAIM = ("--claim", "lock:1:1")


@pytest.fixture
def first(fleet):
    """A stubborn holder with all its processes known beforehand."""
    run = fleet.start_job("first", "--stubborn", *CLAIM, arguments=("--lockname", "a"), start_new_session=True)
    run.roles = {"front": run.front, "supervisor": run.supervisor, "guardian": run.guardian}
    eventually(lambda: len(fleet.records.spans("first")) == 3, what="the command has forked")
    return run


def tree_is_dead(fleet, within):
    """No process of the command's tree lives, by its own records and by /proc."""
    pids = [span.pid for span in fleet.records.spans("first")]
    eventually(lambda: not any(map(processes.alive, pids)), within, "the whole tree is dead")
    return now()


def second_starts_after(fleet, successor):
    """Whenever the successor starts, nothing of the first is alive."""
    second, _ = successor.taken()
    fleet.records.started("second", within=TERM_S * 2 + 5)
    fleet.end_job("second")
    assert second.wait() == 0
    fleet.records.assert_never_two()


def test_the_three_are_what_they_should_be(fleet, first):
    front, supervisor, guardian = (processes.process(first.roles[role]) for role in ("front", "supervisor", "guardian"))
    command = processes.process(first.command())
    assert supervisor.ppid == front.pid and guardian.ppid == supervisor.pid and command.ppid == guardian.pid
    assert len({front.pgrp, supervisor.pgrp, guardian.pgrp}) == 3
    assert command.pgrp == front.pgrp, "so that Ctrl-C and Ctrl-Z reach it as ever"
    assert front.session == supervisor.session == guardian.session == command.session
    assert guardian.comm == "sm-guardian"
    with open(f"/proc/{guardian.pid}/cmdline", "rb") as file:
        assert not file.read().startswith(fleet.program.encode()), "pkill by the program's name spares it"
    fleet.sweep()
    fleet.leaves_marks = True


def test_front_killed(fleet, first):
    """The supervisor ends the command, reaps and releases."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        processes.kill(first.roles["front"])
        tree_is_dead(fleet, within=fleet.settings["termination_timeout"] + 3)
    second_starts_after(fleet, successor)


def test_supervisor_killed(fleet, first):
    """End of file at the guardian, which kills the tree."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        processes.kill(first.roles["supervisor"])
        tree_is_dead(fleet, within=3)
    assert first.wait() != 0
    second_starts_after(fleet, successor)


def test_guardian_killed(fleet, first):
    """The supervisor inherits the orphans, and kills them."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        processes.kill(first.roles["guardian"])
        tree_is_dead(fleet, within=TERM_S)
    assert first.wait() != 0
    second_starts_after(fleet, successor)


@pytest.mark.parametrize("roles", [("supervisor", "guardian"), ("guardian", "supervisor")])
def test_supervisor_and_guardian_killed_in_one_loop(fleet, first, roles):
    """The command dies with the guardian (PDEATHSIG), and the front, a subreaper too, kills the descendants."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        for role in roles:
            processes.kill(first.roles[role])
        tree_is_dead(fleet, within=2)
    assert first.wait() == 81
    second_starts_after(fleet, successor)


def test_killed_by_the_programs_name(fleet, first):
    """`pkill -9 switchman`: the guardian does not answer to that name, and kills the tree."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        name = processes.process(first.front).comm
        for one in first.processes():
            if one.comm == name:
                processes.kill(one.pid)
        tree_is_dead(fleet, within=3)
    second_starts_after(fleet, successor)


def test_front_stopped(fleet, first):
    """Nothing happens: the job and its heartbeats go on, and the front goes on where it stopped."""
    processes.stop(first.roles["front"])
    always(lambda: fleet.records.last_sign("first") > now() - 1, during=TERM_S * 1.3, what="the command is alive")
    assert fleet.stat("locks", "a")
    processes.kill(first.roles["front"], signal.SIGCONT)
    processes.kill(first.front, signal.SIGTERM)
    assert first.wait() == 128 + signal.SIGTERM


def test_supervisor_stopped(fleet, first):
    """No heartbeat, no new deadline: the guardian's timer kills the tree by the term."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        processes.stop(first.roles["supervisor"])
        stopped_at = now()
        eventually(lambda: fleet.records.last_sign("first") < now() - 0.5, TERM_S + 3, "the tree is dead")
        assert fleet.records.last_sign("first") < stopped_at + TERM_S
    second_starts_after(fleet, successor)
    processes.kill(first.roles["supervisor"], signal.SIGCONT)
    assert first.wait() == 81


def test_supervisor_stopped_briefly(fleet, first):
    processes.stop(first.roles["supervisor"])
    elapsed(now() + TERM_S * 0.25)
    processes.kill(first.roles["supervisor"], signal.SIGCONT)
    always(lambda: first.running and fleet.records.last_sign("first") > now() - 1, during=TERM_S)
    first.send(signal.SIGTERM)
    assert first.wait() == 128 + signal.SIGTERM


def test_guardian_stopped(fleet, first):
    """It no longer acknowledges deadlines: the supervisor kills it and the tree."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        processes.stop(first.roles["guardian"])
        stopped_at = now()
        eventually(lambda: fleet.records.last_sign("first") < now() - 0.5, TERM_S + 3, "the tree is dead")
        assert fleet.records.last_sign("first") < stopped_at + TERM_S
    assert first.wait() != 0
    second_starts_after(fleet, successor)


def test_guardian_stopped_as_the_command_ends(fleet):
    """It tells nobody that the command has ended; killed and replaced, it leaves the status to the supervisor."""
    run = fleet.start_job("first", arguments=("--lockname", "a"))
    processes.stop(run.guardian)
    fleet.end_job("first")
    assert run.wait() == 0
    assert "the guardian does not answer (it is stopped); killing the command" in run.err


def test_supervisor_and_guardian_stopped_leaves_the_command_to_the_front(fleet, first):
    """The deadline stands in a page that the three share: whoever runs acts on it. The others go on where they were."""
    with fleet.successor("second", "a", *CLAIM) as successor:
        for role in ("supervisor", "guardian"):
            processes.stop(first.roles[role])
        stopped_at = now()
        tree_is_dead(fleet, within=TERM_S + 3)
        assert fleet.records.last_sign("first") < stopped_at + TERM_S
    second_starts_after(fleet, successor)
    assert first.running, "what became of the run is for the supervisor to say"
    for role in ("guardian", "supervisor"):
        processes.kill(first.roles[role], signal.SIGCONT)
    tree_is_dead(fleet, within=3)
    assert first.wait() == 81
    fleet.leaves_marks = True


def test_a_storm_of_signals_does_not_keep_the_front_from_the_deadline(fleet, first):
    for role in ("supervisor", "guardian"):
        processes.stop(first.roles[role])
    stopped_at, storming = now(), threading.Event()

    def storm():
        while not storming.is_set():
            os.kill(first.front, signal.SIGHUP)
    threads = [threading.Thread(target=storm) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        tree_is_dead(fleet, within=TERM_S + 3)
        assert fleet.records.last_sign("first") < stopped_at + TERM_S
    finally:
        storming.set()
        for thread in threads:
            thread.join()
    for role in ("guardian", "supervisor"):
        processes.kill(first.roles[role], signal.SIGCONT)
    assert first.wait() in (81, 128 + signal.SIGHUP)
    fleet.leaves_marks = True


@pytest.mark.parametrize("role", ["front", "supervisor", "guardian"])
def test_killed_while_waiting_in_a_queue(fleet, role):
    """Nothing runs, nothing is left: the place goes with the session at the latest."""
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    run = fleet.launch_job("waiting", arguments=("--lease", "r=1:1"), config=fleet.config(session_timeout=2))
    fleet.queued("r", "waiting")
    pid = {"front": run.front, "supervisor": run.supervisor, "guardian": run.guardian}[role]
    processes.kill(pid)
    assert run.wait() == {"front": -signal.SIGKILL, "supervisor": 71, "guardian": 71}[role]
    assert (role == "front") != ("nothing was started" in run.err)
    eventually(lambda: fleet.queue("r") == [], what="its place is gone")
    eventually(run.all_gone, what="its processes are gone")
    fleet.end_job("holder")
    assert not fleet.records.events("start", "waiting")


def test_supervisor_killed_while_releasing(own_fleet, server):
    """The command has ended, and its status is its own, whatever becomes of the release."""
    run = own_fleet.start_job("a", "--exit", 3)
    supervisor = run.supervisor
    server.stop()
    try:
        own_fleet.end_job("a")
        eventually(lambda: own_fleet.records.events("end", "a"), what="the command ends")
        eventually(lambda: processes.children(run.guardian) == [], what="the command is reaped")
        always(lambda: run.running, during=0.3, what="the release waits for the server")
        processes.kill(supervisor)
        assert (run.wait(), run.err) == (3, "")
        own_fleet.leaves_marks = True
    finally:
        server.cont()


def test_a_chain_of_forks_is_dead_by_the_term(own_fleet, server):
    """Each link forks the next and exits, faster than one look through /proc takes."""
    link = "trap '' TERM; [ -e \"$STOP\" ] && exit; sleep 0.03; setsid sh -c \"$LINK\" & exit 0"
    start = "trap '' TERM; for n in 1 2 3 4 5 6 7 8 9 10; do setsid sh -c \"$LINK\" & done; sleep 100"
    stop = own_fleet.flag("stop")
    try:
        run = own_fleet.start("--lockname", "a", "--", "sh", "-c", start, env={"LINK": link, "STOP": stop})
        eventually(lambda: len(run.processes()) > 10, what="the chains run")
        lost_at = now()
        server.stop()
        eventually(lambda: not [one for one in run.processes() if one.comm in ("sh", "sleep", "setsid")], TERM_S + 5)
        assert now() < lost_at + TERM_S, "dead by the term"
        assert run.wait(20) == 81
        own_fleet.leaves_marks = True
    finally:
        own_fleet.raise_flag(stop)
        server.cont()
