"""switchmanctl explain: the sentence that a run's own decision comes to, and nothing taken."""

import pytest

from Support.control import assert_refused, checked
from Support.fixtures import ROOT
from Support.fleet import HOST


def told(ctl, code, *words, mentions=()):
    run = ctl("explain", *words)
    assert (run.code, run.err, len(run.out.splitlines())) == (code, "", 1), (run, run.out)
    for mention in mentions:
        assert mention in run.out, run.out
    return run.out


def test_a_free_lock_is_a_yes(ctl, fleet):
    assert told(ctl, 0, "--lockname", "a", "--", "false") == "would start: the lock is free\n"
    assert not fleet.client.exists(fleet.prefix), "not even PREFIX was made"


def test_each_thing_in_the_way_is_named(ctl, fleet):
    fleet.prefix_data({"groups": {"g": ["elsewhere"]}, "resources": ["cpu"], "paused": ["nightly"]})
    told(ctl, 1, "-g", "g", "true", mentions=("would skip (not-in-group)", HOST, "group g"))
    told(ctl, 1, "--lockname", "nightly", "true", mentions=("would skip (paused)", "nightly is paused"))
    fleet.start_job("a", arguments=("--lease", "cpu=7:8"))
    told(ctl, 1, "--lockname", "a", "true", mentions=("would skip (locked)", "is held by", HOST))
    told(ctl, 1, "--lockname", "a", "--wait", "1h", "true", mentions=("would wait", "is held by"))
    fleet.launch_job("b", arguments=("--lease", "cpu=8:8"))
    fleet.queued("cpu", "b")
    told(ctl, 1, "--lockname", "c", "--lease", "cpu=2:8", "true",
         mentions=("would wait", "cpu has 7 of 8 permits taken, 2 wanted", "1 run is ahead: b"))
    told(ctl, 1, "--lockname", "b", "--lease", "cpu=2:8", "true", mentions=("would skip (queued)", "cpu/b-"))
    assert fleet.queue("cpu") and len(fleet.queue("cpu")) == 1
    fleet.end_job("a")
    fleet.records.started("b")
    fleet.end_job("b")


def test_a_command_that_is_not_there_is_said(ctl, fleet, tmp_path):
    """It would start, and end at once: the sentence says so, and the exit code is that of the decision."""
    line = told(ctl, 0, "no-such-job")
    assert line.startswith("would start: the lock is free; but it would end with 127: no-such-job: command not found; "), line
    assert "not a job's name" in line
    assert "not a job's name" not in told(ctl, 0, "--lockname", "a", "--", "no-such-job", mentions=("127: no-such-job",))
    told(ctl, 0, "/no/such", mentions=("127: /no/such: no such file or directory; check the path",))
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    told(ctl, 0, str(script), mentions=("126:", "is not executable"))
    script.chmod(0o755)
    told(ctl, 0, str(script), mentions=("127:", "its first line names the interpreter"))
    document = checked(ctl("explain", "--json", "/no/such").out, "explain")
    assert document["starts"] and "127" in document["reasons"][1]


def test_the_callers_path_counts(ctl, fleet, tmp_path):
    (tmp_path / "report").write_text("#!/bin/sh\n")
    (tmp_path / "report").chmod(0o755)
    told(ctl, 0, "report", mentions=("command not found",))
    run = ctl("explain", "report", env={"PATH": f"/nowhere:{tmp_path}"})
    assert run.out == "would start: the lock is free\n"
    assert ctl("explain", "a & b").out == "would start: the lock is free\n", "the shell is there"


def test_of_a_skip_nothing_is_said_of_the_command(ctl, fleet):
    fleet.prefix_data({"paused": ["nowhere"]})
    assert "127" not in told(ctl, 1, "nowhere", mentions=("paused",))


def test_it_is_asked_for_another_host(ctl, fleet):
    """By a variable, as the manual says where whoever asks looks."""
    fleet.prefix_data({"groups": {"web": ["web2.example.org"]}, "drained": ["web3.example.org"]})
    told(ctl, 1, "-g", "web", "--", "true", mentions=(f"{HOST} is not in group web",))
    for host, code, mention in (("web2", 0, "would start"), ("web3", 1, "web3.example.org is not in group web")):
        run = ctl("explain", "-g", "web", "--", "true", env={"SWITCHMAN_FQDN": f"{host}.example.org"})
        assert run.code == code and mention in run.out, run
    manual = (ROOT / "Docs/switchmanctl.1").read_text(encoding="utf-8")
    explain = manual.split("\n.It Cm explain")[1].split("\n.It Cm ")[0]
    assert "SWITCHMAN_FQDN" in explain and ".It Ev SWITCHMAN_FQDN" in manual.split("\n.Sh ENVIRONMENT")[1]


def test_an_interval_is_in_the_way(ctl, fleet):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    told(ctl, 1, "--lockname", "a", "--min-interval", "1h", "true", mentions=("would skip (too-soon)", "--min-interval"))
    told(ctl, 0, "--lockname", "a", "true")


def test_json(ctl, fleet):
    fleet.start_job("a")
    run = ctl("explain", "--json", "--lockname", "a", "true")
    document = checked(run.out, "explain")
    assert run.code == 1 and document["outcome"] == "locked" and not document["starts"] and not document["waits"]
    fleet.end_job("a")
    fleet.runs[0].wait()
    document = checked(ctl("explain", "--json", "--lockname", "a", "true").out, "explain")
    assert document["starts"] and "outcome" not in document


@pytest.mark.parametrize("words, code, mention", [
    ((), 64, "no command"), (("--no-such", "true"), 64, "--no-such"), (("--lease", "r=0:4", "true"), 64, "r=0:4"),
    (("--lockname", "", "true"), 64, "lockname"), (("--version",), 64, "--version"),
    (("-c", "/no/such/file", "true"), 78, "/no/such/file"), (("--lease", "nowhere=1:4", "true"), 65, "nowhere"),
])
def test_bad_input(ctl, fleet, words, code, mention):
    assert_refused(ctl("explain", *words), code, mention)


def test_no_server(ctl, fleet):
    away = fleet.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_refused(ctl("explain", "true", config=away), 69, "no answer from ZooKeeper")


@pytest.mark.parametrize("data", [b"{", b"[1]"])
def test_pauses_that_nobody_can_read_are_said(ctl, fleet, data):
    """The run would start, as one does, though it may be paused."""
    fleet.prefix_data(data)
    told(ctl, 0, "--lockname", "nightly", "true", mentions=("would start", "whether it is paused cannot be told", fleet.prefix))
