"""--dry-run: one line that says what a run would do here and now, the code that the decision gives, and nothing taken."""

import os

import pytest

from Support.eventually import eventually
from Support.fleet import HOST, assert_one_line
from Support.proxy import Proxy


def told(fleet, code, *words, options=(), command=("false",), **more):
    """A dry run with this exit code, whose line has all these words in it; it starts nothing."""
    run = fleet.run("--dry-run", *options, "--", *command, **more)
    assert (run.code, run.err, len(run.out.splitlines())) == (code, "", 1), (run.code, run.out, run.err)
    for word in words:
        assert word in run.out, run.out
    return run.out


A = ("--lockname", "a")


def test_a_free_lock(fleet):
    witness = fleet.flag("witness")
    assert told(fleet, 0, options=A, command=("touch", witness)) == "a: would start: the lock is free\n"
    assert not os.path.exists(witness)
    assert not fleet.client.exists(fleet.prefix), "not even PREFIX was made"


def test_a_command_that_is_not_there(fleet):
    """The decision is the same, and so is its code: only the sentence says how the run would end."""
    line = told(fleet, 0, options=A, command=("/no/such",))
    assert line == ("a: would start: the lock is free; but it would end with 127: /no/such: no such file or directory; "
                    "check the path\n")
    told(fleet, 0, "would end with 9:", options=(*A, "--exit-code", "not-found=9"), command=("no-such-job",))
    told(fleet, 0, "would end with 126:", "is a directory", options=A, command=("/tmp",))
    fleet.start_job("a")
    told(fleet, 0, "would wait", "127: no-such-job", command=("no-such-job",),
         options=(*A, "--wait", "1m"))
    fleet.end_job("a")


def test_nothing_to_be_had(fleet):
    told(fleet, 0, "would start", options=("--no-lock", *A))


@pytest.mark.parametrize("options, code", [((), 0), (("-E", 9), 9), (("--exit-code", "locked=5"), 5)])
def test_a_held_lock(fleet, options, code):
    fleet.start_job("a")
    told(fleet, code, "would skip (locked)", "held by", HOST, options=(*A, *options))
    fleet.end_job("a")


def test_a_queue_for_the_lock(fleet):
    fleet.start_job("a")
    waiting = fleet.launch_job("b", arguments=(*A, "--wait", "forever"))
    fleet.waiting("a")
    told(fleet, 5, "would wait", "held by", "1 run", options=(*A, "--wait", "1m", "--exit-code", "locked=5"))
    assert len(fleet.waiters("a")) == 1
    waiting.send(15)
    waiting.wait()
    fleet.end_job("a")


def test_permits(fleet):
    fleet.resources("r", totals={"r": 4})
    told(fleet, 0, "would start", options=(*A, "--lease", "r=4"))
    fleet.start_job("holder", arguments=("--lease", "r=3"))
    told(fleet, 0, "would start", options=(*A, "--lease", "r=1"))
    told(fleet, 75, "would wait", "r has 3 of 4", "2 wanted", "nobody is ahead", options=(*A, "--lease", "r=2"))
    fleet.launch_job("large", arguments=("--lease", "r=4"))
    fleet.queued("r", "large")
    told(fleet, 75, "would wait", "room for 1", "1 run is ahead: large", options=(*A, "--lease", "r=1"))
    told(fleet, 0, "would skip (queued)", options=("--lockname", "large", "--lease", "r=1"))
    assert len(fleet.queue("r")) == 1 and len(fleet.leases("r")) == 1
    fleet.end_job("holder")
    fleet.records.started("large")
    fleet.end_job("large")


@pytest.mark.parametrize("data, outcome, word", [
    ({"paused": ["a"]}, "paused", "paused"), ({"drained": [HOST]}, "paused", "drained"),
    ({"groups": {"g": ["elsewhere"]}}, "not-in-group", "g"),
], ids=str)
def test_what_keeps_it_from_starting_at_all(fleet, data, outcome, word):
    fleet.prefix_data({"groups": {"g": [HOST]}, **data})
    told(fleet, 5, f"would skip ({outcome})", word, options=(*A, "-g", "g", "--exit-code", f"{outcome}=5"))
    told(fleet, 0, f"would skip ({outcome})", options=(*A, "-g", "g"))


def test_the_interval(fleet):
    hour = (*A, "--min-interval", "1h", "--exit-code", "too-soon=6")
    told(fleet, 0, "would start", options=hour)
    assert fleet.run(*hour, "--", "sh", "-c", "exit 3").code == 3
    told(fleet, 6, "would skip (too-soon)", "s ago", "3600 s", "this host's clock", options=hour)
    told(fleet, 0, "would start", options=(*hour, "--retry-failed"))
    assert len(fleet.record("a")["runs"]) == 1


def test_a_held_lock_before_the_interval_as_in_a_run(fleet):
    """Who does not wait for the claim never comes to the interval, which is decided under it."""
    codes = ("--min-interval", "1h", "--exit-code", "too-soon=6", "--exit-code", "locked=5")
    fleet.start_job("a", arguments=("--min-interval", "1h"))
    assert fleet.run(*A, *codes, "--", "false").code == 5
    told(fleet, 5, "would skip (locked)", "s ago", options=(*A, *codes))
    told(fleet, 6, "would skip (too-soon)", options=(*A, *codes, "--wait", "1m"))
    fleet.end_job("a")


def test_a_lost_run_that_has_to_be_waited_out(fleet):
    config = fleet.config(session_timeout=2, ownership_term=3)
    run = fleet.start_job("a", config=config)
    fleet.lose_host(run)
    eventually(lambda: fleet.list("locks") == [])
    told(fleet, 0, "would start", "waited out", HOST, "3 s", options=A)
    assert fleet.record("a")["state"] == "running", "and it stays as it was"
    assert fleet.run(*A, "--", "true", config=config).code == 0


def test_it_takes_nothing(own_fleet, server):
    """Not a transaction but those of its session: its creation and its end."""
    own_fleet.resources("r")
    before = server.zxid()
    told(own_fleet, 0, "would start", options=("--lockname", "b", "--lease", "r=1:1", "--wait", "1m"))
    eventually(lambda: server.zxid() - before >= 2)
    assert server.zxid() - before == 2
    own_fleet.start_job("a")
    proxy = Proxy(server.port)
    own_fleet.settings["zkhosts"] = proxy.address
    for options in (A, (*A, "--wait", "1m"), ("--lockname", "b", "--lease", "r=1:1"),
                    ("--lockname", "b", "--min-interval", "1h")):
        told(own_fleet, 0, "would", options=options)
    assert len(proxy.handshakes) == 4
    assert proxy.writes() == [] and proxy.heartbeats() == []
    assert set(proxy.names()) <= {"getData", "exists", "getChildren", "getChildren2", "close"}
    proxy.close()
    own_fleet.end_job("a")


def test_it_does_not_splay(fleet):
    told(fleet, 0, "would start", options=(*A, "--splay", "1d"))


def test_what_a_run_would_fail_of_it_fails_of(fleet):
    fleet.resources("r")
    assert_one_line(fleet.run("--dry-run", *A, "--lease", "s=1:1", "--", "false"), 65, "s")
    assert_one_line(fleet.run("--dry-run", *A, "--lease", "r=1", "--", "false"), 65, "totals")
    away = fleet.config(zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_one_line(fleet.run("--dry-run", *A, "--", "false", config=away), 69, "127.0.0.1:1")
    assert fleet.run("--dry-run", *A, "--on-unavailable", "skip", "-E", 9, "--", "false", config=away).code == 9
    assert_one_line(fleet.run("--dry-run", *A, "--wait", "soon", "--", "false"), 64, "--wait")
