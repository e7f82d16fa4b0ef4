"""Several servers behind one address, as behind a load balancer or a service of Kubernetes: one of them hangs."""

import itertools

import pytest

from Support.eventually import always, eventually
from Support.proxy import Proxy


@pytest.fixture
def silent(ensemble, ensemble_fleet):
    """A follower, to be stopped; the test's own client is with the leader."""
    ensemble_fleet.client.stop()
    ensemble_fleet.client = ensemble.leader().client()
    server = ensemble.followers()[0]
    yield server
    server.cont()


@pytest.fixture
def balancer(ensemble, silent):
    """The first connection goes to that follower, the others to all in turn."""
    proxy = Proxy(silent.port)
    others = [server for server in ensemble.servers if server is not silent]
    proxy.target = itertools.cycle([server.port for server in (silent, *others)]).__next__
    yield proxy
    proxy.close()


def config(fleet, balancer, **changes):
    return fleet.config(zkhosts=balancer.address, session_timeout=30, ownership_term=15, **changes)


def test_a_holder_leaves_the_one_that_hangs(ensemble_fleet, silent, balancer):
    run = ensemble_fleet.start_job("a", "--log-signals", config=config(ensemble_fleet, balancer))
    session = ensemble_fleet.lock_session("a")
    silent.stop()
    eventually(lambda: len(balancer.handshakes) >= 2, what="it is connected to another")
    always(lambda: run.running and not ensemble_fleet.records.signals("a"), during=15)
    assert ensemble_fleet.lock_session("a") == session
    silent.cont()
    ensemble_fleet.end_job("a")
    assert run.wait() == 0


def test_a_start_finds_one_that_answers(ensemble_fleet, silent, balancer):
    silent.stop()
    for _ in range(3):
        assert ensemble_fleet.run("--lockname", "a", "--", "true", config=config(ensemble_fleet, balancer)).code == 0
