"""A server of three is killed: the session moves to another, or outlives an election, and nothing is killed for it.

A leader that is stopped is missed by its followers after 2.5 s (syncLimit), and on a busy machine their election took as long
again: the terms leave it the share of theirs that a fleet's do, 10 s and 30.
"""

import pytest

from Support.eventually import always, eventually


def config(fleet, **changes):
    return fleet.config(**{"session_timeout": 20, "ownership_term": 20, **changes})


@pytest.mark.parametrize("which", ["leader", "follower"])
@pytest.mark.parametrize("fault", ["kill", "stop"])
def test_the_job_goes_on(ensemble, ensemble_fleet, which, fault):
    run = ensemble_fleet.start_job("a", "--log-signals", "--exit", 7, config=config(ensemble_fleet))
    session = ensemble_fleet.lock_session("a")
    victim = ensemble.leader() if which == "leader" else ensemble.followers()[0]
    getattr(victim, fault)()
    always(lambda: run.running and not ensemble_fleet.records.signals("a"), during=17, what="no signal, no end")
    if fault == "stop":
        victim.cont()
    else:
        victim.restart()
    assert eventually(lambda: ensemble_fleet.lock_session("a")) == session
    ensemble_fleet.end_job("a")
    assert run.wait() == 7
    # The tests' own connection may be to a server that lags.
    eventually(lambda: ensemble_fleet.record("a")["state"] == "ended")


def test_each_in_turn(ensemble, ensemble_fleet):
    """A rolling restart."""
    run = ensemble_fleet.start_job("a", "--log-signals", config=config(ensemble_fleet))
    for server in ensemble.servers:
        server.kill()
        always(lambda: run.running and not ensemble_fleet.records.signals("a"), during=3)
        server.restart()
        ensemble.wait_ready()
    always(lambda: run.running and not ensemble_fleet.records.signals("a"), during=3)
    ensemble_fleet.end_job("a")
    assert run.wait() == 0
