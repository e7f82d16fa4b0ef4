"""`switchmanctl check ensemble`, where only a session like a run's shows what is wrong."""

import pytest

from Support.eventually import now
from Support.fake_server import CALM, good
from Support.verdict import assert_one_line, assert_says


def check(ctl, fleet, hosts, **changes):
    return ctl("check", "ensemble", config=fleet.config("other.conf", zkhosts=hosts, **changes))


def no_run_can_start(run, code, *mentions):
    assert_says(run, "CRITICAL", "ensemble", "1 of 1 server answers", *mentions)
    assert f"; no run can start from here (exit code {code}): " in run.out.splitlines()[0], "the worst stands first"


def test_a_server_that_answers_no_request(ctl, fleet, fakes):
    zkhosts = fakes({"mode": "standalone", "answers": False})
    began = now()
    no_run_can_start(check(ctl, fleet, zkhosts, connect_timeout=2, **CALM), 69, f"no answer from ZooKeeper at {zkhosts} within 2 s")
    assert now() - began < 3 + 2 * 2 + 2, "the words' patience, and twice the connect timeout"


@pytest.mark.parametrize("words, status", [
    (("ensemble",), "CRITICAL"), (("hosts",), "CRITICAL"), (("job", "--within", "1h", "a"), "UNKNOWN"),
])
def test_no_check_waits_for_ever(ctl, fleet, fakes, words, status):
    """Though a run does. The library itself would leave the server after 40 s."""
    config = fleet.config("other.conf", zkhosts=fakes({"mode": "standalone", "answers": False}), connect_timeout="forever",
                          ownership_term=60, session_timeout=60)
    run = ctl("check", *words, config=config)
    assert_says(run, status, words[0], "no answer from ZooKeeper", "within 15 s")


@pytest.mark.parametrize("code, outcome, words", [
    (-124, 77, "demand authentication by SASL"), (-3, 69, "inconsistent"), (-115, 77, "refuse the credentials"),
])
def test_a_server_that_refuses_all_requests(ctl, fleet, fakes, code, outcome, words):
    no_run_can_start(check(ctl, fleet, fakes({"mode": "standalone", "answers": code}), connect_timeout=3, **CALM), outcome, words)


def test_a_server_that_grants_sessions_too_short_for_a_run(ctl, fleet, fakes):
    hasty = fakes({"mode": "standalone", "granted_ms": 400})
    no_run_can_start(check(ctl, fleet, hasty, **CALM), 69, "a session timeout of 400 ms only")


def test_a_real_server_whose_answers_are_lost(ctl, fleet, proxy):
    proxy.on_reply = lambda reply, request: "swallow" if request and request.name == "exists" else None
    no_run_can_start(check(ctl, fleet, proxy.address, connect_timeout=2), 69, f"no answer from ZooKeeper at {proxy.address}")


@pytest.mark.parametrize("answers, words", [
    (False, "grants a session and answers no request within 3000 ms"), (None, "grants a session and hangs up at its first request"),
])
def test_one_server_of_three_does_nothing_for_those_whom_it_lets_in(ctl, fleet, fakes, answers, words):
    """A run goes to another one, and so the check does."""
    run = check(ctl, fleet, fakes(*good({}, {"answers": answers})), connect_timeout=12, **CALM)
    assert_one_line(run, "WARNING", "ensemble", "3 of 3 servers answer", f"{fakes.servers[1].address}: {words}")


def test_what_all_servers_do_is_said_once(ctl, fleet, fakes):
    run = check(ctl, fleet, fakes(*good(*[{"answers": -124}] * 3)), connect_timeout=3, **CALM)
    assert_one_line(run, "CRITICAL", "ensemble", "3 of 3 servers answer", "no run can start from here (exit code 77)", "SASL")


def test_a_session_that_is_ended_is_made_up_for(ctl, fleet, proxy):
    """As by a run."""
    # The first question is that of the check's own socket.
    proxy.on_request = lambda request: -112 if proxy.names().count("exists") == 2 and request.name == "exists" else None
    run = check(ctl, fleet, proxy.address)
    assert_says(run, "WARNING", "ensemble", "is a standalone server")
    assert "no run can start" not in run.out and len(proxy.handshakes) == 3
