"""`resources hold` and `release`: no permit of a resource is given out; what has some goes on, and who waits waits."""

import json
import re
import signal

import pytest

from Support.control import assert_refused, assert_silent_yes, assert_told_end
from Support.eventually import always, elapsed, eventually, now
from Support.fleet import HOST
from Support.verdict import assert_one_line

CODE = ("--exit-code", "paused=5")
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def data(fleet):
    return json.loads(fleet.get())


def starts(fleet, *words, lease="db=1:2"):
    run = fleet.run("--lockname", "probe", "--lease", lease, "--lease-wait", 0, *CODE, *words, "--", "sh", "-c", "exit 3")
    assert run.code in (3, 5), run
    return run.code == 3


def test_nothing_is_given_out_until_it_is_released(ctl, fleet):
    fleet.resources("db", "other")
    assert starts(fleet)
    assert_silent_yes(ctl("resources", "hold", "db", "--why", "repair"))
    assert set(data(fleet)["holds"]["db"]) == {"why", "by", "since"}
    assert not starts(fleet) and not starts(fleet, "--no-lock")
    assert starts(fleet, lease="other=1:1"), "another resource is not held"
    assert fleet.run("--lockname", "probe", "--", "true").code == 0, "nor is a run that wants no permits"
    assert not fleet.leases("db") and not fleet.marks("db") and not fleet.queue("db")
    assert_silent_yes(ctl("resources", "release", "db"))
    assert "holds" not in data(fleet) and starts(fleet)
    assert_refused(ctl("resources", "release", "db"), 1, "db is not held")


def test_what_has_permits_goes_on_and_who_waits_goes_on_in_order_after_the_release(ctl, fleet):
    fleet.resources("db")
    holder = fleet.start_job("holder", "--log-signals", arguments=("--lease", "db=1:1"))
    assert_silent_yes(ctl("resources", "hold", "db"))
    waiting = []
    for name in ("a", "b"):
        waiting.append(fleet.launch_job(name, arguments=("--lease", "db=1:1")))
        fleet.queued("db", name)
    always(lambda: holder.running and not fleet.records.signals("holder"), during=0.5)
    fleet.end_job("holder")
    assert holder.wait() == 0
    always(lambda: not fleet.records.events("start", "a") and waiting[0].running, during=1, what="room, and it is held")
    assert_silent_yes(ctl("resources", "release", "db"))
    fleet.records.started("a")
    assert not fleet.records.events("start", "b")
    fleet.end_job("a")
    fleet.records.started("b")
    fleet.end_job("b")
    assert [run.wait() for run in waiting] == [0, 0]


def test_a_retry_under_permits_goes_on(ctl, fleet):
    fleet.resources("db")
    run = fleet.start("--lockname", "a", "--verbose", "--lease", "db=1:1", "--retries", 1, "--retry-delay", 2, "--",
                      "sh", "-c", "echo tried; exit 3")
    eventually(lambda: "again in" in run.err)
    assert_silent_yes(ctl("resources", "hold", "db"))
    assert run.wait() == 3 and run.out == "tried\ntried\n"


def test_it_ends_by_itself_and_the_head_of_the_queue_goes_on(ctl, fleet):
    fleet.resources("db")
    assert_told_end(ctl("resources", "hold", "db", "--for", 4), "held")
    assert re.fullmatch(TIME, data(fleet)["holds"]["db"]["until"])
    version = fleet.client.exists(fleet.prefix).version
    first = fleet.launch_job("a", arguments=("--lease", "db=1:1"))
    fleet.queued("db", "a")
    always(lambda: not fleet.records.events("start", "a"), during=1)
    fleet.records.started("a")
    assert fleet.client.exists(fleet.prefix).version == version, "nobody had to edit anything"
    fleet.end_job("a")
    assert first.wait() == 0
    assert ctl.json("status")["holds"] == {} and starts(fleet)
    assert_refused(ctl("resources", "release", "db"), 1, "db is not held")


def test_a_wait_that_runs_out_is_the_skip_paused(ctl, fleet):
    """Or a whole fleet that is quieted would mail."""
    fleet.resources("db", "cpu")
    assert_silent_yes(ctl("resources", "hold", "db", "--why", "repair"))
    told = r"db is held \(by [^:]+@\S+ since " + TIME + r": repair\)"
    run = fleet.run("--verbose", "--lockname", "a", "--lease", "db=1:2", "--lease-wait", 1, *CODE, "--", "false")
    assert run.code == 5 and re.search(told, run.err), run
    silent = fleet.run("--lockname", "a", "--lease", "db=1:2", "--lease-wait", 1, "--", "false")
    assert (silent.code, silent.out, silent.err) == (0, "", "")
    ahead = fleet.launch_job("ahead", arguments=("--lease", "db=1:2", "--lease", "cpu=1:2"))
    fleet.queued("cpu", "ahead")
    behind = fleet.run("--verbose", "--lockname", "b", "--lease", "cpu=1:2", "--lease-wait", 1, *CODE, "--", "false")
    assert behind.code == 5 and re.search("ahead waits ahead, and " + told, behind.err), behind
    second = fleet.run("--lockname", "c", "--lease", "db=1:2", "--lease-wait", 1, *CODE, "--", "false")
    assert second.code == 5, "not at the head of the queue either"
    assert_silent_yes(ctl("resources", "release", "db"))
    fleet.records.started("ahead")
    blocked = fleet.run("--lockname", "b", "--lease", "cpu=2:2", "--lease-wait", 1, *CODE, "--", "false")
    assert blocked.code == 75, "nothing is held"
    fleet.end_job("ahead")
    assert ahead.wait() == 0


def test_who_waits_for_the_lock_first_leaves_it_to_others_meanwhile(ctl, fleet):
    fleet.resources("db")
    assert_silent_yes(ctl("resources", "hold", "db"))
    run = fleet.launch_job("a", arguments=("--lockname", "a", "--wait", "forever", "--lease", "db=1:1"))
    fleet.queued("db", "a")
    assert fleet.list("locks") == [], "no lock is held without its permits"
    assert_silent_yes(ctl("resources", "release", "db"))
    fleet.records.started("a")
    fleet.end_job("a")
    assert run.wait() == 0


def test_macros_a_hold_is_of_every_host_or_of_one(ctl, fleet):
    fleet.resources("FQDN_cpu")
    other = fleet.config("other.conf", fqdn="host2.example.org")

    def both():
        words = ("--lockname", "probe", "--lease", "FQDN_cpu=1:2", "--lease-wait", 0, *CODE, "--", "sh", "-c", "exit 3")
        return fleet.run(*words).code, fleet.run(*words, config=other).code
    assert_silent_yes(ctl("resources", "hold", "FQDN_cpu"))
    assert both() == (5, 5)
    assert_refused(ctl("resources", "release", f"{HOST}_cpu"), 1, "not held by that name, but as FQDN_cpu")
    assert_silent_yes(ctl("resources", "release", "FQDN_cpu"))
    assert_silent_yes(ctl("resources", "hold", f"{HOST}_cpu"))
    assert both() == (5, 3)
    status = {one["resource"]: one["held"] for one in ctl.json("status")["resources"]}
    assert status == {f"{HOST}_cpu": True, "host2.example.org_cpu": False}


def test_its_end_its_reason_and_its_operator_are_shown(ctl, fleet):
    fleet.resources("db", "other", totals={"db": 4})
    note = ("--until", "2038-01-02T03:04:05Z", "--why", "disk full \u00e9")
    assert_told_end(ctl("resources", "hold", "db", *note, env={"SUDO_USER": "anna"}), "held")
    told = r"until {} \(by anna@\S+ since {}: disk full \u00e9\)"
    local = told.format("2038-01-02 03:04:05", r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
    shown = ctl("status", env={"TZ": "UTC"}).out
    assert re.search("^held: db " + local, shown, re.M) and re.search(r"^db .* 0 of 4, held", shown, re.M), shown
    assert re.search("^db +4 +" + local, ctl("resources", "list", env={"TZ": "UTC"}).out, re.M)
    listed = ctl.json("resources", "list")["resources"]
    assert listed[0]["hold"]["why"] == "disk full \u00e9" and "hold" not in listed[1]
    status = ctl.json("status")
    assert status["holds"]["db"]["until"] == "2038-01-02T03:04:05.000Z"
    assert {one["resource"]: one["held"] for one in status["resources"]} == {"db": True, "other": False}
    explained = ctl("explain", "--lockname", "a", "--lease", "db=1", "true")
    assert explained.code == 1 and re.search("db is held " + told.format("2038-01-02T03:04:05Z", TIME), explained.out), explained
    dry = fleet.run("--dry-run", "--lockname", "a", "--lease", "db=1", "--", "true")
    assert dry.out == f"a: {explained.out}"
    crontab = fleet.write("crontab", "0 * * * * switchman --lease db=1 -- true\n")
    check = ctl("check", "crontab", "--fleet", crontab)
    assert check.code == 1 and 'resource "db" is held until 2038-01-02T03:04:05Z (by anna@' in check.out, check
    assert "switchmanctl resources release db lifts that" in check.out


def test_check_job_says_that_its_run_waits_for_what_is_held(ctl, fleet):
    fleet.resources("db")
    assert_silent_yes(ctl("resources", "hold", "db", "--why", "repair"))
    run = fleet.launch_job("a", arguments=("--lease", "db=1:1"))
    fleet.queued("db", "a")
    check = ctl("check", "job", "--within", "1h", "a")
    assert_one_line(check, "WARNING", "job", "a: waiting for permits of db, which is held until it is released (by ", "repair")
    assert ctl.json("check", "job", "--within", "1h", "a", code=1)["facts"]["held"] == "db"
    assert_silent_yes(ctl("resources", "release", "db"))
    fleet.records.started("a")
    assert "held" not in ctl.json("check", "job", "--within", "1h", "a")["facts"]
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_hold_is_changed_and_keeps_what_is_not_said_again(ctl, fleet):
    fleet.resources("db")
    ctl("resources", "hold", "db", "--why", "first")
    since = "2026-01-01T00:00:00Z"
    fleet.steered({**data(fleet), "holds": {"db": {**data(fleet)["holds"]["db"], "since": since}}})
    assert_told_end(ctl("resources", "hold", "db", "--for", "1h"), "held")
    note = data(fleet)["holds"]["db"]
    assert (note["why"], note["since"]) == ("first", since) and re.fullmatch(TIME, note["until"])
    assert_silent_yes(ctl("resources", "hold", "db"))
    assert "until" not in data(fleet)["holds"]["db"]
    version = fleet.client.exists(fleet.prefix).version
    assert_silent_yes(ctl("resources", "hold", "db", "--why", "first"))
    assert fleet.client.exists(fleet.prefix).version == version, "made already"
    assert_refused(ctl("resources", "remove", "db"), 1, "db is held", "release it first")
    assert_silent_yes(ctl("resources", "release", "db"))
    assert_silent_yes(ctl("resources", "remove", "db"))
    assert "holds" not in data(fleet)


def test_a_waiting_run_takes_nothing_by_data_that_it_cannot_read(fleet):
    """They may hold what it wants: here the hold makes them longer than this host reads."""
    fleet.resources("db")
    fleet.start_job("holder", arguments=("--lease", "db=1:1"))
    bytes_now = len(json.dumps(data(fleet)))
    waiter = fleet.launch_job("w", arguments=("--lease", "db=1:1"),
                              config=fleet.config("short.conf", data_read_len=bytes_now + 100))
    fleet.queued("db", "w")
    fleet.prefix_data({**data(fleet), "holds": {"db": {"why": "x" * 200}}})
    assert (waiter.wait(), len(waiter.err.splitlines())) == (65, 1) and "data_read_len" in waiter.err
    fleet.end_job("holder")


def test_a_wait_whose_hold_is_over_before_does_not_say_yes(ctl, fleet):
    fleet.resources("db")
    fleet.start_job("a", arguments=("--lease", "db=1:1"))
    waiting = ctl.start("resources", "hold", "db", "--wait", "forever")
    eventually(lambda: "holds" in data(fleet), what="it is held")
    assert_silent_yes(ctl("resources", "release", "db"))
    fleet.end_job("a")
    assert_refused(waiting.finished(), 1, "db", "held no more")


def test_what_is_over_goes_with_an_edit_a_day_later(ctl, fleet):
    fleet.resources("db", "other", holds={"db": {"until": "2026-01-01T00:00:00Z"}})
    assert starts(fleet)
    assert_silent_yes(ctl("resources", "hold", "other"))
    assert set(data(fleet)["holds"]) == {"other"}


# Waiting until nothing is in use.


def test_hold_waits_until_nothing_is_in_use(ctl, fleet):
    fleet.resources("db")
    assert_silent_yes(ctl("resources", "hold", "db", "--wait", 0))
    assert_silent_yes(ctl("resources", "release", "db"))
    fleet.start_job("a", arguments=("--lease", "db=1:2"))
    holding = ctl.start("resources", "hold", "db", "--wait", "forever")
    eventually(lambda: "holds" in data(fleet))
    late = fleet.launch_job("late", arguments=("--lease", "db=1:2"))
    fleet.queued("db", "late")
    always(lambda: holding.running, during=0.5)
    fleet.end_job("a")
    assert_silent_yes(holding.finished())
    assert not fleet.records.events("start", "late")
    ctl("resources", "release", "db")
    fleet.records.started("late")
    fleet.end_job("late")
    assert late.wait() == 0


def test_what_is_still_in_use_at_the_end_is_named(ctl, fleet):
    fleet.resources("db")
    run = fleet.start_job("a", arguments=("--lease", "db=1:2"))
    told = ctl("resources", "hold", "db", "--wait", 1)
    assert_refused(told, 1, f"db: 1 run still has permits, on {HOST} (pid ", "the hold stays")
    assert "db" in data(fleet)["holds"]
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_lost_holders_term_is_waited_for(ctl, fleet):
    fleet.resources("db")
    config = fleet.config(session_timeout=2, ownership_term=5)
    run = fleet.start_job("a", arguments=("--lease", "db=1:1"), config=config)
    fleet.lose_host(run)
    lost = now()
    eventually(lambda: not fleet.leases("db"))
    gone = now()
    assert_refused(ctl("resources", "hold", "db", "--wait", 0), 1, "db: permits of a lost holder are still in use")
    assert_silent_yes(ctl("resources", "hold", "db", "--wait", "1m"))
    assert now() - gone > 5 and now() - lost < 30
    fleet.leaves_marks = True


def test_an_operator_who_goes_leaves_the_hold(ctl, fleet):
    fleet.resources("db")
    run = fleet.start_job("a", arguments=("--lease", "db=1:1"))
    holding = ctl.start("resources", "hold", "db", "--wait", "forever")
    eventually(lambda: "holds" in data(fleet))
    elapsed(now() + 0.3)
    holding.send(signal.SIGINT)
    assert holding.wait() != 0 and "db" in data(fleet)["holds"]
    fleet.end_job("a")
    assert run.wait() == 0


# Bad words and bad data.


@pytest.mark.parametrize("words, code, mention", [
    (("hold", "nothing"), 1, "there is no resource nothing"), (("hold",), 64, "resource"), (("release",), 64, "resource"),
    (("hold", "a/b"), 64, "a/b"), (("hold", "db", "--for", "0"), 64, "--for"),
    (("hold", "db", "--wait", "x"), 64, '"x" for --wait'),
    (("hold", "db", "--why", ""), 64, "--why"), (("hold", "db", "--for", "1h", "--until", "18:00"), 64, "exclude each other"),
    (("release", "nothing"), 1, "nothing is not held"),
])
def test_bad_words(ctl, fleet, words, code, mention):
    fleet.resources("db")
    assert_refused(ctl("resources", *words), code, mention)
    assert data(fleet) == {"resources": ["db"]}


@pytest.mark.parametrize("holds, mention", [
    ([], '"holds" is a list'), ({"db": "x"}, '"holds" of "db" is a string'),
    ({"db": {"until": "soon"}}, '"until" in "holds" of "db" is "soon"'),
])
def test_data_that_cannot_be_read_is_named_and_gives_nothing_out(ctl, fleet, holds, mention):
    fleet.resources("db", holds=holds)
    assert_refused(ctl("resources", "hold", "db"), 65, fleet.prefix, mention)
    run = fleet.run("--lockname", "a", "--lease", "db=1:1", "--", "false")
    assert run.code == 65 and mention in run.err
    assert fleet.run("--lockname", "a", "--", "true").code == 0


def test_a_reason_by_a_stranger_moves_no_cursor(ctl, fleet):
    fleet.resources("db", holds={"db": {"why": "\x1b[2Jx\n\u202ey", "by": "\x1b]0;z\x07"}})
    words = ("--verbose", "--lockname", "a", "--lease", "db=1:1", "--lease-wait", 0, "--", "false")
    for text in (ctl("status").out, ctl("resources", "list").out, fleet.run(*words).err,
                 ctl("explain", "--lockname", "a", "--lease", "db=1:1", "true").out):
        assert "?[2Jx" in text and not re.search("[\x1b\x07\u202e]", text), text


# After the answer nothing is given out.


def test_no_permit_is_given_out_after_the_hold_was_answered(ctl, fleet):
    """Storms of short runs, held in the midst: what starts after the answer had its permit before."""
    fleet.resources("db")
    for turn in range(5):
        runs = [fleet.start("--lockname", f"{turn}.{number}", "--lease", "db=1:3", "--lease-wait", 3, *CODE, "--", "true")
                for number in range(8)]
        eventually(lambda: fleet.queue("db") or fleet.leases("db") or not any(run.running for run in runs))
        assert_silent_yes(ctl("resources", "hold", "db"))
        held = set(fleet.leases("db"))
        seen = set()
        while any(run.running for run in runs):
            seen |= set(fleet.leases("db")) - held
        assert not seen, "given out after the answer"
        assert {run.wait() for run in runs} <= {0, 5}
        ctl("resources", "release", "db")


def test_edits_of_the_data_keep_nobody_from_its_permits(fleet):
    """A take that names an older version is made anew."""
    fleet.resources("db")
    runs = [fleet.start("--lockname", f"job{number}", "--lease", "db=1:3", "--", "sleep", 0.2) for number in range(24)]
    edits = 0
    while any(run.running for run in runs):
        fleet.resources("db", edits=edits)
        edits += 1
        elapsed(now() + 0.03)
    assert [(run.wait(), run.err) for run in runs] == [(0, "")] * 24 and edits > 10
