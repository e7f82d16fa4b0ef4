"""The server dies, comes back, or falls silent: nothing is killed that need not be, and nothing outlives its term."""

import re

from Support.eventually import always, elapsed, eventually, now
from Support.fleet import assert_silent

TERM_S = 10
KILL_BUDGET_S = 2


def config(fleet, **changes):
    return fleet.config(**{"ownership_term": TERM_S, "session_timeout": TERM_S, **changes})


def patient(fleet):
    """A server takes some seconds to start, more on a machine that is busy; SIGTERM comes after three fifths of the term."""
    return config(fleet, ownership_term=30, session_timeout=30)


def test_a_restart_within_the_session_timeout_kills_nothing(own_fleet, server):
    run = own_fleet.start_job("a", "--log-signals", "--claim", "lock:1:1", config=patient(own_fleet))
    session = own_fleet.lock_session("a")
    for _ in range(2):
        server.kill()
        server.restart()
        eventually(lambda: own_fleet.stat("locks", "a"))
        always(lambda: run.running, during=6, what="heartbeats are back")
    assert own_fleet.lock_session("a") == session
    always(lambda: run.running and not own_fleet.records.signals("a"), during=TERM_S, what="and stay")
    own_fleet.end_job("a")
    assert run.wait() == 0
    assert own_fleet.record("a")["state"] == "ended"


def test_a_short_silence_kills_nothing(own_fleet, server):
    run = own_fleet.start_job("a", "--log-signals", config=config(own_fleet))
    server.stop()
    elapsed(now() + TERM_S * 0.3)
    server.cont()
    always(lambda: run.running and not own_fleet.records.signals("a"), during=TERM_S)
    own_fleet.end_job("a")
    assert run.wait() == 0


def dead_by_the_term(fleet, run, lost_at, label="a", term_s=TERM_S):
    """The whole tree died before the term was over, but not before its grace began."""
    assert run.wait(term_s + 25) == 81
    assert run.left() == []
    last = fleet.records.last_sign(label)
    assert last < lost_at + 0.99 * term_s, f"alive {last - lost_at - term_s:+.2f} s from the end of the term"
    # The newest acknowledged heartbeat may be a period old, and the budget for killing is taken off.
    assert last > lost_at + 0.99 * term_s - KILL_BUDGET_S - term_s / 10 - 1
    return last


def test_a_server_killed_for_good(own_fleet, server):
    run = own_fleet.start_job("a", "--stubborn", config=config(own_fleet))
    lost_at = now()
    server.kill()
    dead_by_the_term(own_fleet, run, lost_at)
    server.restart()
    own_fleet.leaves_marks = True


def test_a_server_stopped_beyond_the_term(own_fleet, server):
    run = own_fleet.start_job("a", "--stubborn", config=config(own_fleet))
    lost_at = now()
    server.stop()
    dead_by_the_term(own_fleet, run, lost_at)
    server.cont()
    own_fleet.leaves_marks = True


def test_the_wrapper_does_not_linger_when_the_server_is_gone(own_fleet, server):
    run = own_fleet.start_job("a", "--stubborn", config=config(own_fleet, ownership_term=6))
    server.stop()
    eventually(lambda: now() > own_fleet.records.last_sign("a") + 0.5, within=20, what="the tree is dead")
    assert run.wait(15) == 81
    server.cont()
    own_fleet.leaves_marks = True


def test_the_exit_status_arrives_whatever_became_of_the_server(own_fleet, server):
    run = own_fleet.start_job("a", "--exit", 7, config=config(own_fleet))
    server.stop()
    own_fleet.end_job("a")
    assert run.wait(20) == 7
    server.cont()
    own_fleet.leaves_marks = True


def test_sigterm_comes_before_sigkill(own_fleet, server):
    """By `termination_timeout` before the kill, and not while heartbeats are acknowledged."""
    run = own_fleet.start_job("a", "--log-signals", "--end-on", 15, "--exit", 7, config=config(own_fleet))
    lost_at = now()
    server.stop()
    assert run.wait(TERM_S + 20) == 81
    asked = own_fleet.records.events("signal", "a")[0].time - lost_at
    expected = 0.99 * TERM_S - KILL_BUDGET_S - own_fleet.settings["termination_timeout"]
    assert expected - TERM_S / 10 - 0.7 < asked < expected + 0.3
    server.cont()
    own_fleet.leaves_marks = True


def test_the_next_run_after_a_restart_is_an_ordinary_one(own_fleet, server):
    assert_silent(own_fleet.run("--lockname", "a", "--", "true"), 0)
    server.kill()
    server.restart()
    assert_silent(own_fleet.run("--lockname", "a", "--", "true"), 0)


def test_a_waiting_run_survives_a_restart(own_fleet, server):
    own_fleet.resources("r")
    options = patient(own_fleet)
    own_fleet.start_job("holder", arguments=("--lease", "r=1:1"), config=options)
    own_fleet.launch_job("next", arguments=("--lease", "r=1:1"), config=options)
    own_fleet.queued("r", "next")
    server.kill()
    server.restart()
    eventually(lambda: own_fleet.queue("r"))
    assert len(own_fleet.queue("r")) == 1
    own_fleet.end_job("holder")
    own_fleet.records.started("next")
    own_fleet.end_job("next")
    assert [run.wait() for run in own_fleet.runs] == [0, 0]


def said(log):
    with open(log, encoding="utf-8") as file:
        return file.read()


def test_the_log_has_a_line_for_each_loss_and_return_of_the_connection(own_fleet, server):
    log = f"{own_fleet.folder}/log"
    logging = config(own_fleet, ownership_term=30, session_timeout=30, logfile=log, loglevel="info")
    run = own_fleet.start_job("a", config=logging)
    waiting = own_fleet.launch_job("b", arguments=("--lockname", "a", "--wait", "60"), config=logging)
    own_fleet.waiting("a")
    server.kill()
    server.restart()
    eventually(lambda: said(log).count("without a connection") == 2, what="both are back")
    own_fleet.end_job("a")
    own_fleet.records.started("b")
    own_fleet.end_job("b")
    assert (run.wait(), waiting.wait()) == (0, 0)
    assert said(log).count(f"the connection to {server.address} is lost") == 2
    assert said(log).count(f"connected to {server.address}, after ") == 2


def test_a_lost_holder_names_the_server_that_was_silent_and_since_when(own_fleet, server):
    log = f"{own_fleet.folder}/log"
    # Two thirds of the session's timeout later the library would take the connection for lost.
    run = own_fleet.start_job("a", config=config(own_fleet, session_timeout=60, logfile=log))
    server.stop()
    assert run.wait(TERM_S + 20) == 81
    server.cont()
    silent = re.escape(server.address)
    assert re.search(rf"no heartbeat was acknowledged in time \(no answer from {silent} for [0-9.]+ s\)", said(log))


def test_a_lost_holder_without_a_connection_says_for_how_long(own_fleet, server):
    log = f"{own_fleet.folder}/log"
    run = own_fleet.start_job("a", config=config(own_fleet, logfile=log))
    server.kill()
    assert run.wait(TERM_S + 20) == 81
    server.restart()
    assert re.search(rf"in time \(no connection for [0-9.]+ s, the last was to {re.escape(server.address)}\)", said(log))
    own_fleet.leaves_marks = True
