"""switchmanctl stop: the holder is asked, the operator sees what becomes of it, and nothing is left of the request."""

import signal

import pytest

from Support.control import assert_no_request, assert_refused, checked
from Support.eventually import eventually
from Support.holder import Holder
from Support.original import Original


@pytest.fixture
def holder(fleet):
    return Holder(fleet.client, fleet.prefix, "backup")


def test_the_request_stands_until_the_lock_is_gone(ctl, fleet, holder):
    stop = ctl.start("stop", "backup")
    session = holder.asked()
    assert stop.running and session != fleet.own_session
    holder.release()
    assert stop.wait() == 0
    assert stop.out.splitlines() == [
        "backup: asked host7.example.org, process 77, to end the command and release",
        "backup: ended after 1m 1s, outcome released; the lock is released"]
    assert_no_request(fleet)


def test_the_steps_that_the_holder_writes_into_the_request_are_shown(ctl, fleet, holder):
    stop = ctl.start("stop", "backup")
    holder.asked()
    eventually(lambda: "asked" in stop.out, what="the operator has seen its own request")
    for step in ("SIGTERM sent", "SIGKILL sent\x1b[2J"):
        fleet.client.set(holder.request, step.encode())
        eventually(lambda: f"backup: {step[:12]}" in stop.out, what=step)
    holder.release()
    assert stop.wait() == 0 and "\x1b" not in stop.out


def test_a_real_holder_is_seen_to_end_its_command(ctl, fleet):
    run = fleet.start_job("backup", "--stubborn")
    stop = ctl("stop", "backup")
    assert (stop.code, stop.err) == (0, "") and run.wait() == 80
    steps = [line.split(": ", 1)[1] for line in stop.out.splitlines()]
    assert steps[0].startswith("asked ") and "outcome released" in steps[-1]
    # What follows at once upon another step may overtake it.
    assert "SIGTERM sent, SIGKILL follows in 2 s" in steps


def test_json_tells_it_in_one_document(ctl, fleet, holder):
    stop = ctl.start("stop", "backup", "--json")
    holder.asked()
    holder.release(outcome="ran", code=3)
    assert stop.wait() == 0
    lock, = checked(stop.out, "stop")["locks"]
    assert (lock["end"], lock["outcome"], lock["code"], lock["token"]) == ("stopped", "ran", 3, holder.token)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_takes_the_request_back(ctl, fleet, holder, number):
    stop = ctl.start("stop", "backup")
    holder.asked()
    stop.send(number)
    assert stop.wait() == -number and "ends its command all the same" in stop.err
    assert_no_request(fleet)
    holder.release()


def test_two_operators_at_once(ctl, fleet, holder):
    first = ctl.start("stop", "backup")
    owner = holder.asked()
    second = ctl.start("stop", "backup")
    eventually(lambda: "another operator" in second.out, what="the second sees the first's request")
    first.send(signal.SIGTERM)
    first.wait()
    eventually(lambda: (stat := fleet.stat("stops", holder.request.rsplit("/", 1)[1])) and stat.ephemeralOwner != owner,
               what="the second has taken the request over")
    holder.release()
    assert second.wait() == 0


def test_a_holder_that_does_not_act_is_named(ctl, fleet, holder):
    stop = ctl("stop", "backup", "--timeout", "1")
    assert stop.code == 1 and "still held by host7.example.org, process 77" in stop.err and "--force" in stop.err
    assert checked(ctl("stop", "backup", "--timeout", "1", "--json").out, "stop")["locks"][0]["end"] == "timed-out"
    assert_no_request(fleet)
    holder.release()


def test_a_holder_that_is_lost_meanwhile(ctl, fleet, holder):
    stop = ctl.start("stop", "backup")
    holder.asked()
    fleet.client.delete(holder.lock)
    assert stop.wait() == 0
    assert "the holder was lost before it released" in stop.err and "within 30 s" in stop.err
    assert_refused(ctl("stop", "backup"), 1, "nobody holds the lock backup", "host7.example.org was lost")
    fleet.client.delete(holder.record)


def test_another_holder_later_is_not_meant(ctl, fleet, holder):
    stop = ctl.start("stop", "backup")
    holder.asked()
    transaction = fleet.client.transaction()
    transaction.delete(holder.lock)
    transaction.create(holder.lock, b"host8.example.org 88", ephemeral=True)
    transaction.commit()
    assert stop.wait() == 0
    assert fleet.get("locks", "backup") == "host8.example.org 88"
    fleet.client.delete(holder.lock)
    fleet.client.delete(holder.record)


def test_an_original_is_told_apart_at_once(ctl, fleet):
    original = Original(fleet.client, fleet.prefix)
    original.take_lock("old")
    stop = ctl("stop", "old", "--timeout", "60")
    assert stop.code == 1 and "original switchman on old.example.org, process 4711" in stop.err
    assert_no_request(fleet)
    original.release_lock("old")


def test_force_warns_and_deletes(ctl, fleet, holder):
    stop = ctl("stop", "backup", "--force")
    assert stop.code == 0 and "warning: deleting the lock backup of host7.example.org, process 77" in stop.err
    assert "waits for up to 30 s" in stop.err and fleet.stat("locks", "backup") is None
    fleet.client.delete(holder.record)


def test_force_with_json_tells_it_in_one_document(ctl, fleet, holder):
    stop = ctl("stop", "backup", "--force", "--json")
    assert stop.code == 0 and "warning: deleting the lock backup" in stop.err
    lock, = checked(stop.out, "stop")["locks"]
    assert (lock["lockname"], lock["end"], lock["token"]) == ("backup", "deleted", holder.token)
    assert lock["holder"]["host"] == "host7.example.org"
    fleet.client.delete(holder.record)


def test_force_on_an_original_says_that_two_may_run(ctl, fleet):
    Original(fleet.client, fleet.prefix).take_lock("old")
    stop = ctl("stop", "old", "--force")
    assert stop.code == 0 and "may run at the same time" in stop.err and fleet.stat("locks", "old") is None


def test_no_lock_is_a_no(ctl):
    assert_refused(ctl("stop", "backup"), 1, "nobody holds the lock backup")
    assert_refused(ctl("stop", "backup", "--force"), 1, "nobody holds the lock backup")


@pytest.mark.parametrize("words, mention", [
    (("stop",), "lockname"), (("stop", "a/b"), "'/'"), (("stop", "a", "--timeout", "soon"), "--timeout"),
    (("stop", "a", "--timeout", "-1"), "timeout"),
])
def test_bad_words(ctl, words, mention):
    assert_refused(ctl(*words), 64, mention)


def test_drain_and_stop_asks_everything_on_that_host(ctl, fleet):
    here = [Holder(fleet.client, fleet.prefix, name) for name in ("a", "b")]
    elsewhere = Holder(fleet.client, fleet.prefix, "c", host="host8.example.org")
    drain = ctl.start("drain", "host7.example.org", "--stop")
    for holder in here:
        holder.asked()
    assert len(fleet.list("stops")) == 2
    for holder in here:
        holder.release()
    assert drain.wait() == 0 and drain.out.count("the lock is released") == 2
    assert '"drained":["host7.example.org"]' in fleet.get()
    elsewhere.release()


@pytest.mark.parametrize("options", [(), ("--stubborn",)])
def test_a_real_holder_ends_its_command_and_releases(ctl, fleet, options):
    """Stubborn, the command ignores SIGTERM, and dies of SIGKILL after the grace."""
    run = fleet.start_job("backup", *options, "--claim", "lock:1:1")
    stop = ctl("stop", "backup")
    assert (stop.code, run.wait()) == (0, 80), (stop, run)
    assert "outcome released" in stop.out and fleet.list("locks") == []
    assert_no_request(fleet)
    assert ctl.json("history", "backup")["runs"][-1]["outcome"] == "released"
    fleet.records.assert_never_two()


def test_a_real_drain_stops_what_runs_and_keeps_the_next_from_starting(ctl, fleet):
    run = fleet.start_job("backup")
    drain = ctl("drain", "host1.example.org", "--stop")
    assert (drain.code, run.wait()) == (0, 80), (drain, run)
    assert fleet.run("--lockname", "backup", "--exit-code", "paused=9", "--", "echo", "never").code == 9
    assert ctl("undrain", "host1.example.org").code == 0
    assert fleet.run("--lockname", "backup", "--", "echo", "again").out == "again\n"


def test_forced_a_real_holder_kills_its_command(ctl, fleet):
    run = fleet.start_job("backup")
    stop = ctl("stop", "backup", "--force")
    assert (stop.code, run.wait()) == (0, 81), (stop, run)


@pytest.mark.parametrize("options, end", [((), 80), (("--force",), 81)])
def test_the_fleets_data_need_not_be_readable(ctl, fleet, options, end):
    run = fleet.start_job("backup")
    fleet.prefix_data("{")
    stop = ctl("stop", "backup", *options)
    assert (stop.code, run.wait()) == (0, end), (stop, run)
    assert f"warning: the data of {fleet.prefix}" in stop.err and "not valid JSON" in stop.err
    assert_refused(ctl("pause", "backup"), 65, fleet.prefix)
    assert fleet.get() == "{"
