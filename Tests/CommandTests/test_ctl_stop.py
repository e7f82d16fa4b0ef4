"""switchmanctl stop: the holder is asked, the operator sees what becomes of it, and nothing is left of the request."""

import json
import signal

import pytest

from Support.control import assert_no_request, assert_refused, checked
from Support.eventually import eventually
from Support.fleet import assert_one_line
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
        "backup: ended after it had run for 1m 1s, outcome released; the lock is released"]
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


def test_who_stopped_it_and_why_is_in_the_history(ctl, fleet):
    run = fleet.start_job("backup")
    assert ctl("stop", "backup", "--why", "it hangs", env={"SUDO_USER": "anna"}).code == 0
    assert run.wait() == 80
    told = ctl.json("history", "backup")["runs"][-1]["stopped_by"]
    assert told.startswith("anna@") and told.endswith(": it hangs")
    assert f"released by {told}" in ctl("history", "backup").out
    assert_refused(ctl("stop", "backup", "--why", "two\nlines"), 64, "--why must be one line")


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


def test_a_holder_whose_command_takes_its_time_has_acted(ctl, fleet):
    fleet.start_job("stubborn", "--stubborn", config=fleet.config(termination_timeout=6))
    stop = ctl("stop", "stubborn", "--timeout", "2s")
    assert stop.code == 1 and "has begun to end its command" in stop.err and "has not acted" not in stop.err
    assert "SIGKILL follows" in stop.out
    assert fleet.runs[0].wait() == 80


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


# --force


def test_forced_a_holder_that_answers_ends_as_if_it_were_asked(ctl, fleet):
    run = fleet.start_job("backup", "--stubborn")
    stop = ctl("stop", "backup", "--force")
    assert (stop.code, stop.err, run.wait()) == (0, "", 80), (stop, run)
    assert "outcome released" in stop.out
    assert_no_request(fleet)


def test_forced_a_real_holder_that_does_not_answer_kills_its_command(ctl, fleet, proxy):
    run = fleet.start_job("backup", config=fleet.config(zkhosts=proxy.address))
    proxy.hold()
    stop = ctl("stop", "backup", "--force")
    assert (stop.code, run.wait()) == (0, 81), (stop, run)
    assert "does not answer; its command is killed" in stop.err and len(stop.err.splitlines()) == 1
    proxy.release()
    fleet.leaves_marks = True


def test_forced_one_that_answers_and_does_not_end_loses_its_lock(ctl, fleet, holder):
    stop = ctl.start("stop", "backup", "--force", "--timeout", "4")
    holder.asked()
    eventually(lambda: "asked" in stop.out, what="the operator has seen its own request")
    fleet.client.set(holder.request, b"SIGTERM sent")
    assert stop.wait() == 0 and "it has not ended in time; its command is killed" in stop.err
    assert fleet.stat("locks", "backup") is None
    fleet.client.delete(holder.record)


@pytest.fixture
def waiter(fleet, proxy):
    """A run behind the proxy that waits a lost predecessor's term out; its record and its czxid."""
    brief = fleet.config("brief.conf", session_timeout=2, ownership_term=100)
    first = fleet.start_job("first", arguments=("--lockname", "backup"), config=brief)
    through = fleet.config("through.conf", zkhosts=proxy.address, session_timeout=40, ownership_term=100)
    with fleet.successor("second", "backup", config=through) as successor:
        fleet.lose_host(first)
    fleet.leaves_marks = True
    run, _ = successor.taken()
    eventually(lambda: fleet.record("backup").get("waiting"), what="it waits")
    return run


def assert_never_started(fleet, run):
    """Once it has ended it can take nothing again either."""
    assert not run.running and not fleet.records.events("start", "second")
    eventually(lambda: fleet.stat("locks", "backup") is None)
    assert fleet.record("backup")["state"] == "running", "the predecessor is still to be waited out by whoever comes next"


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_a_run_that_waits_a_lost_one_out_never_starts(ctl, fleet, waiter, options):
    stop = ctl("stop", "backup", *options)
    assert (stop.code, stop.err, waiter.wait()) == (0, "", 80), (stop, waiter)
    assert "the lock is released; its run had started no command" in stop.out and "killed" not in stop.out
    assert_never_started(fleet, waiter)
    assert_refused(ctl("stop", "backup"), 1, "nobody holds the lock backup", "had started no command")


def test_forced_a_run_that_waits_and_does_not_answer(ctl, fleet, waiter, proxy):
    """What was done to it, it learns when it hears of the servers again."""
    proxy.hold()
    stop = ctl("stop", "backup", "--force", "--json")
    lock, = checked(stop.out, "stop")["locks"]
    assert (stop.code, lock["end"], lock["state"]) == (0, "deleted", "waiting")
    assert "has started no command yet" in stop.err and "may take the lock again" in stop.err and "killed" not in stop.err
    proxy.release()
    assert waiter.wait() == 80
    assert_never_started(fleet, waiter)


def test_a_run_that_waits_and_whose_lock_is_deleted_by_hand_never_starts(fleet, waiter):
    fleet.client.delete(fleet.path("locks", "backup"))
    assert_one_line(waiter.finished(), 80, f"somebody deleted {fleet.path('locks', 'backup')}; nothing was started")
    assert_never_started(fleet, waiter)


def changing(proxy, change):
    """Once, just before the lock is deleted."""
    done = []

    def seen(one):
        if not done and ("delete" in (name for name, _ in one.parts)):
            done.append(one.parts)
            change()
    proxy.on_request = seen
    return done


def test_forced_the_run_that_goes_on_meanwhile_is_looked_at_again(ctl, fleet, holder, proxy):
    """It has waited to the end, and started: what is said of it is what is deleted."""
    record = json.loads(fleet.get("jobs", "backup"))
    fleet.client.set(holder.record, json.dumps({**record, "waiting": True}).encode())
    deletions = changing(proxy, lambda: fleet.client.set(holder.record, json.dumps(record).encode()))
    stop = ctl("stop", "backup", "--force", "--json", config=fleet.config("through.conf", zkhosts=proxy.address))
    assert deletions == [(("check", holder.record), ("delete", holder.lock))]
    lock, = checked(stop.out, "stop")["locks"]
    assert (stop.code, lock["end"], lock["state"]) == (0, "deleted", "running")
    assert "has started no command yet" in stop.err.splitlines()[0] and "is killed" in stop.err.splitlines()[1]
    assert fleet.stat("locks", "backup") is None
    fleet.client.delete(holder.record)


def test_forced_another_run_is_not_meant(ctl, fleet, holder, proxy):
    def replace():
        transaction = fleet.client.transaction()
        transaction.delete(holder.lock)
        transaction.set_data(holder.record, fleet.get("jobs", "backup").encode())
        transaction.create(holder.lock, b"host8.example.org 88", ephemeral=True)
        transaction.commit()
    changing(proxy, replace)
    stop = ctl("stop", "backup", "--force", config=fleet.config("through.conf", zkhosts=proxy.address))
    assert stop.code == 1 and "is not host7.example.org, process 77's any more; nothing was deleted" in stop.err
    assert fleet.get("locks", "backup") == "host8.example.org 88"
    fleet.client.delete(holder.lock)
    fleet.client.delete(holder.record)


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_the_fleets_data_need_not_be_readable(ctl, fleet, options):
    run = fleet.start_job("backup")
    fleet.prefix_data("{")
    stop = ctl("stop", "backup", *options)
    assert (stop.code, run.wait()) == (0, 80), (stop, run)
    assert f"warning: the data of {fleet.prefix}" in stop.err and "not valid JSON" in stop.err
    assert_refused(ctl("pause", "backup"), 65, fleet.prefix)
    assert fleet.get() == "{"
