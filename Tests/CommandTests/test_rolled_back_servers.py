"""Servers that begin anew with nothing, as after a restore of an old copy: they refuse, without a word, whoever has seen more."""

import shutil

import pytest

from Support.eventually import eventually

SESSION_S = 4


@pytest.fixture
def config(own_fleet):
    # What the new servers will not have.
    for number in range(20):
        own_fleet.client.create(f"/some/{number}", makepath=True)
    # Who was just asking something would give up after the connect timeout, which is another matter.
    return own_fleet.config(
        session_timeout=SESSION_S, ownership_term=120, connect_timeout=60, logfile=f"{own_fleet.folder}/log")


def roll_back(fleet, server):
    server.kill()
    fleet.client.stop()
    shutil.rmtree(f"{server.data}/version-2")
    server.restart()
    fleet.client.close()
    fleet.client = server.client()


def said(fleet):
    with open(f"{fleet.folder}/log", encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("waits_for", ["lock", "permits"])
def test_a_run_that_waits_begins_anew(own_fleet, server, config, waits_for):
    own_fleet.resources("r", totals={"r": 1})
    if waits_for == "lock":
        own_fleet.client.create(own_fleet.path("locks", "a"), b"", ephemeral=True, makepath=True)
        waiting = own_fleet.launch_job("b", arguments=("--lockname", "a", "--wait", "forever"), config=config)
        own_fleet.waiting("a")
    else:
        other = own_fleet.path("semaphores/r/leases/1_1_100000000000001_0000000000")
        own_fleet.client.create(other, b"", ephemeral=True, makepath=True)
        waiting = own_fleet.launch_job("b", arguments=("--lease", "r=1"), config=config)
        own_fleet.queued("r", "b")
    roll_back(own_fleet, server)
    own_fleet.resources("r", totals={"r": 1})
    own_fleet.records.started("b", within=60)
    own_fleet.end_job("b")
    assert waiting.wait() == 0
    assert "the servers have lost acknowledged transactions" in said(own_fleet)


def test_a_command_ends_long_before_its_term(own_fleet, server, config):
    run = own_fleet.start_job("a", config=config)
    roll_back(own_fleet, server)
    assert run.wait(60) == 81
    assert "the servers have lost acknowledged transactions" in run.err
    assert "ownership lost: the servers have forgotten the session; ending the command" in run.err
    assert "not acknowledged" not in run.err, "there is nothing to release"


def test_servers_that_are_only_away_are_waited_for(own_fleet, server, config):
    run = own_fleet.start_job("a", "--log-signals", config=config)
    server.kill()
    # Longer than two session timeouts, after which it would be proven.
    with pytest.raises(AssertionError):
        eventually(lambda: not run.running, within=SESSION_S * 3)
    server.restart()
    own_fleet.end_job("a")
    assert run.wait() == 0
