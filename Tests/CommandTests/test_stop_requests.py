"""An operator's request to stop: an ephemeral node that names the lock by its creation zxid."""

import pytest

from Support.eventually import always, eventually
from Support.fleet import assert_one_line


def request(fleet, lockname="a", czxid=None, who=b"operator"):
    """What switchmanctl does."""
    czxid = fleet.stat("locks", lockname).czxid if czxid is None else czxid
    fleet.client.ensure_path(fleet.path("stops"))
    return fleet.client.create(fleet.path("stops", f"{lockname}-{czxid:x}"), who, ephemeral=True)


@pytest.fixture(autouse=True)
def withdrawn(fleet):
    """The operator's session outlives the test; its requests do not."""
    yield
    for name in fleet.list("stops"):
        fleet.client.delete(fleet.path("stops", name))


def test_the_command_is_ended_and_80_returned(fleet):
    run = fleet.start_job("a", "--log-signals", "--end-on", 15)
    request(fleet)
    assert_one_line(run.finished(), 80, "operator")
    assert fleet.records.signals("a") == [15]
    assert fleet.list("locks") == [] and fleet.record("a")["state"] == "ended"
    assert fleet.record("a")["runs"][-1]["outcome"] == "released"


@pytest.mark.parametrize("who, told", [
    (b"anna@ops1: it hangs", "anna@ops1: it hangs"), (b"ops1 4711", "ops1 4711"), (b"\x1b[2Jx\ny\xff", "?[2Jx?y\ufffd"),
    ("\u202e@h".encode(), "?@h"), (b"x" * 5000, "x" * 120 + "...")], ids=["reason", "older", "escape", "direction", "long"])
def test_who_asked_is_in_the_log_and_in_the_record(fleet, who, told):
    run = fleet.start_job("a", arguments=("--verbose", "--lockname", "a"))
    request(fleet, who=who)
    run.finished()
    assert run.code == 80 and f"the stop was asked for by {told}\n" in run.err
    assert f"stopped: an operator asked for it ({told})" in run.err
    assert fleet.record("a")["runs"][-1]["stopped_by"] == told


def test_one_that_says_nothing_of_itself_is_followed_all_the_same(fleet):
    run = fleet.start_job("a")
    request(fleet, who=b"")
    assert_one_line(run.finished(), 80, "stopped: an operator asked for it")
    assert "stopped_by" not in fleet.record("a")["runs"][-1]


def test_the_code_can_be_chosen(fleet):
    run = fleet.start_job("a", arguments=("--exit-code", "released=0"))
    request(fleet)
    assert run.wait() == 0


def test_one_that_ignores_it_is_killed(fleet):
    run = fleet.start_job("a", "--stubborn")
    request(fleet)
    assert run.wait() == 80 and not run.left()


def test_a_request_that_names_another_holder_is_ignored(fleet):
    run = fleet.start_job("a", "--log-signals")
    czxid = fleet.stat("locks", "a").czxid
    for other in (czxid - 1, czxid + 1, 0):
        request(fleet, czxid=other)
    fleet.start_job("b")
    request(fleet, "b")
    always(lambda: run.running and not fleet.records.signals("a"), during=0.5)
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_request_left_over_stops_nobody_else(fleet):
    first = fleet.start_job("first", arguments=("--lockname", "a"))
    request(fleet)
    assert first.wait() == 80
    second = fleet.start_job("second", arguments=("--lockname", "a"))
    always(lambda: second.running, during=0.5)
    fleet.end_job("second")
    assert second.wait() == 0


def test_a_request_behind_a_lost_connection_is_seen(fleet, proxy):
    run = fleet.start_job("a", config=fleet.config(zkhosts=proxy.address))
    proxy.refuse()
    request(fleet)
    proxy.accept()
    assert run.wait() == 80


def test_a_request_that_is_there_before_the_first_look_is_seen(fleet, proxy):
    """Made while the command is being started: the look is held back until then."""
    run = fleet.launch_job("a", config=fleet.config(zkhosts=proxy.address))

    def made_first(one):
        if one.name == "exists" and "/stops/" in one.path and not fleet.list("stops"):
            request(fleet)

    proxy.on_request = made_first
    assert run.wait() == 80


def test_while_a_lost_holder_is_waited_out(fleet):
    """Nothing was started; the record stays running, for the next to wait the rest out."""
    config = fleet.config(session_timeout=2, ownership_term=8)
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config)
    with fleet.successor("second", "a", config=config) as successor:
        fleet.lose_host(first)
    second, _ = successor.taken()
    request(fleet)
    assert_one_line(second.finished(5), 80, "operator")
    assert not fleet.records.events("start", "second")
    assert fleet.record("a")["state"] == "running"
    fleet.leaves_marks = True


def test_between_two_attempts(fleet):
    """The command was reaped before: its own status counts."""
    run = fleet.start("--verbose", "--lockname", "a", "--retries", 9, "--retry-delay", "1h", "--", "sh", "-c", "exit 3")
    eventually(lambda: "again in" in run.err)
    request(fleet)
    assert run.wait(5) == 3


def test_without_a_lock_there_is_nothing_to_name(fleet, proxy):
    assert fleet.run("--no-lock", "--lockname", "a", "--", "true", config=fleet.config(zkhosts=proxy.address)).code == 0
    assert not [one for one in proxy.requests if one.path and "/stops" in one.path]
