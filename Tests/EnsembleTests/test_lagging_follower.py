"""The only server within reach is a follower that lags behind: it refuses, without a word, whoever has seen more, as servers
do that were restored from an old copy. It catches up, and no command is ended needlessly."""

import pytest

from Support.eventually import eventually, now
from Support.fleet import Fleet
from Support.nemesis.relay import Relay
from Support.proxy import Proxy
from Support.server import Ensemble

LAG_S = 4
SESSION_S = 24


@pytest.fixture
def relay():
    """Between the first server and the other two."""
    relay = Relay()
    yield relay
    relay.close()


@pytest.fixture
def lagging_ensemble(relay):
    """Its first server, which is never the leader of three that begin with nothing, finds the others by slow links."""
    def route(learner, leader, port):
        if learner != 1 or leader == 1:
            return port
        return relay.link(learner, leader, port).port
    # syncLimit is five ticks, and a follower that is later than that is dropped.
    ensemble = Ensemble(tick_ms=1000, route=route)
    yield ensemble
    ensemble.close()


@pytest.fixture
def lagging_fleet(lagging_ensemble, program, recorder, tmp_path):
    client = lagging_ensemble.leader().client()
    fleet = Fleet(program, recorder, tmp_path, lagging_ensemble.address, client, "/fleet")
    yield fleet
    fleet.sweep()
    client.stop()
    client.close()


def late(relay, seconds):
    """What the first server is told; its own answers are not, or the leader would drop it."""
    for leader in (2, 3):
        relay.delay_way(leader, 1, seconds)


def test_it_is_waited_for(lagging_ensemble, lagging_fleet, relay):
    fleet, follower, leader = lagging_fleet, lagging_ensemble.servers[0], lagging_ensemble.leader()
    assert follower is not leader
    proxy = Proxy(leader.port)
    try:
        run = fleet.start_job("a", "--log-signals", config=fleet.config(
            zkhosts=proxy.address, session_timeout=SESSION_S, ownership_term=40, logfile=f"{fleet.folder}/log"))
        session = fleet.lock_session("a")
        late(relay, LAG_S)
        # Its heartbeats are transactions: it soon knows more than the follower does.
        for number in range(20):
            fleet.client.create(f"/some/{number}", makepath=True)
        known = leader.zxid()
        eventually(lambda: proxy.replies[-1].zxid > known, within=30, what="it knows them")
        began, attempts = now(), []
        proxy.target = lambda: attempts.append(now()) or follower.port
        proxy.cut()
        answered = len(proxy.replies)
        eventually(lambda: len(proxy.replies) > answered + 2, within=SESSION_S, what="the follower has caught up, and answers")
        assert now() - began > LAG_S and len(attempts) > 1, "it was refused for a while"
        assert run.running and not fleet.records.signals("a")
        assert fleet.lock_session("a") == session
        with open(f"{fleet.folder}/log", encoding="utf-8") as log:
            assert "have lost acknowledged transactions" not in log.read()
        late(relay, 0.0)
        fleet.end_job("a")
        assert run.wait() == 0
    finally:
        proxy.close()
