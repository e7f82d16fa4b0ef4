"""Servers that let everybody in and answer nothing, or late: every question ends."""

import pytest

from Support.fake_server import FakeServer
from Support.fleet import assert_one_line
from Support.proxy import Proxy


@pytest.fixture
def proxies(shared_server):
    """Three ways to the server: with one only, the library has none to go to instead."""
    three = [Proxy(shared_server.port) for _ in range(3)]
    yield three
    for proxy in three:
        proxy.close()


def addresses(proxies):
    return ",".join(proxy.address for proxy in proxies)


@pytest.mark.parametrize("count", [1, 3])
def test_no_answer_is_69_however_many_servers_there_are(fleet, proxies, count):
    for proxy in proxies:
        proxy.on_reply = lambda reply, request: "swallow" if request and request.name != "ping" else None
    config = fleet.config(zkhosts=addresses(proxies[:count]), connect_timeout=2)
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=config), 69, "no answer")


def test_late_answers_are_answers(fleet, proxies):
    """A third of the time is over before each of them."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    for proxy in proxies:
        proxy.on_request = lambda request, proxy=proxy: proxy.delay(0.55)
    config = fleet.config(zkhosts=addresses(proxies), connect_timeout=3, session_timeout=30, ownership_term=60)
    assert fleet.run("--lockname", "a", "--", "true", config=config).code == 0


def test_one_that_grants_no_session_is_left_for_another(fleet, shared_server):
    """It answers four-letter words, so half of the runs try it first. The library would stay with it for 20 s."""
    server = FakeServer(handshake=False)
    config = fleet.config(zkhosts=f"{server.address},{shared_server.address}", connect_timeout=6, session_timeout=30)
    runs = [fleet.start("--lockname", f"job{n}", "--", "true", config=config) for n in range(6)]
    assert [run.wait() for run in runs] == [0] * 6
    server.close()


def test_one_alone_that_never_grants_a_session_is_asked_again(fleet, proxies):
    """A server that reads its data lets in who comes, and may never read what they say. The library would wait for 40 s."""
    config = fleet.config(zkhosts=proxies[0].address, session_timeout=60, connect_timeout=6)
    proxies[0].hold()
    run = fleet.start("--lockname", "a", "--", "true", config=config)
    proxies[0].wait_connection()
    proxies[0].forget()
    proxies[0].release()
    assert run.wait() == 0


def test_one_alone_that_never_takes_a_session_back_is_asked_again(fleet, proxies):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    config = fleet.config(zkhosts=proxies[0].address, session_timeout=60)
    fleet.launch_job("next", arguments=("--lease", "r=1:1"), config=config)
    fleet.queued("r", "next")
    proxies[0].hold()
    proxies[0].cut()
    proxies[0].wait_connection()
    proxies[0].forget()
    proxies[0].release()
    fleet.end_job("holder")
    fleet.records.started("next")
    fleet.end_job("next")
    assert [run.wait() for run in fleet.runs] == [0, 0]
