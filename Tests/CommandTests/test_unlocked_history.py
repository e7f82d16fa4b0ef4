"""Runs of --no-lock --lease in the history: each in a node of its own, written with the release."""

import datetime
import json

import pytest
from kazoo.security import make_acl

from Support.control import assert_refused

PART = ("--no-lock", "--lockname", "part", "--lease", "r=1:8")
PLACES = 23


@pytest.fixture(autouse=True)
def resource(fleet):
    fleet.prefix_data({"resources": ["r"]})


@pytest.fixture
def run(fleet):
    def run(*command, code=0):
        ended = fleet.run(*PART, "--", *(command or ("true",)))
        assert ended.code == code, ended.err
        return ended
    return run


def runs(ctl, *words):
    return ctl.json("history", *words)["runs"]


def test_they_are_shown_as_others_are_but_for_the_token(ctl, fleet, run):
    run()
    run("sh", "-c", "exit 3", code=3)
    run("/nowhere", code=127)
    first, second, third = runs(ctl, "part")
    assert [(line["outcome"], line.get("code"), line["host"], line.get("ok")) for line in (first, second, third)] == [
        ("ran", 0, "host1.example.org", True), ("ran", 3, "host1.example.org", False),
        ("not-found", None, "host1.example.org", False)]
    written = datetime.datetime.fromtimestamp(fleet.stat("runs", "part").ctime / 1000, datetime.timezone.utc)
    assert first["start"] <= first["end"] <= second["end"]
    assert abs(datetime.datetime.fromisoformat(first["end"]) - written).total_seconds() < 1
    assert not any("token" in line for line in (first, second, third)) and "start" not in third
    assert len(ctl("history", "part").out.splitlines()) == 4
    assert runs(ctl) == [third, first, second]


def test_those_side_by_side_are_all_there(ctl, fleet):
    # Each once the one before has left the queue: or it is skipped.
    jobs = [fleet.start_job(f"part{number}", arguments=PART) for number in range(8)]
    for number in range(8):
        fleet.end_job(f"part{number}")
    assert [job.wait() for job in jobs] == [0] * 8
    assert [line["outcome"] for line in runs(ctl, "part")] == ["ran"] * 8


def test_ten_are_shown_whoever_else_uses_the_resource(ctl, fleet, run):
    for number in range(30):
        run("sh", "-c", f"exit {number}", code=number)
        assert fleet.run("--no-lock", "--lockname", "other", "--lease", "r=1:8", "--", "true").code == 0
    assert [line["code"] for line in runs(ctl, "part")] == list(range(20, 30))
    assert len(fleet.client.get_children(fleet.path("runs/part"))) == PLACES
    assert fleet.list("jobs") == []


def test_among_the_runs_that_had_the_lock(ctl, fleet, run):
    for code in (1, 2, 3):
        assert fleet.run("--lockname", "part", "--", "sh", "-c", f"exit {code}").code == code
        run("sh", "-c", f"exit {code + 10}", code=code + 10)
    assert [line["code"] for line in runs(ctl, "part")] == [1, 11, 2, 12, 3, 13]


def test_status_jobs_and_checks_know_them(ctl, fleet, run):
    assert "never run" in ctl("check", "job", "part", "--within", "1h").out
    run()
    run("sh", "-c", "exit 3", code=3)
    ctl_says = ctl("check", "job", "part", "--within", "1h")
    assert ctl_says.code == 0 and "the last run failed" in ctl_says.out + ctl_says.err
    job, = ctl.json("jobs")["jobs"]
    assert (job["lockname"], job["state"], job["failed"], job["last"]["code"]) == ("part", "free", True, 3)
    assert "part" in ctl("status").out
    assert 'switchman_job_last_success_timestamp_seconds{' in ctl("metrics").out
    assert "did you mean \"part\"" in ctl("pause", "patr").err


def test_what_others_have_written_there_is_no_run(ctl, fleet, run):
    run()
    hostile = b'{"host":"\\u001b[2J","outcome":"\\nran"}'
    for place, data in enumerate((b"", b"\xff\xfe", b"[]", b'{"host":1,"outcome":"ran"}', hostile)):
        fleet.client.ensure_path(fleet.path("runs", "part", f"odd{place}"))
        fleet.client.set(fleet.path("runs", "part", f"odd{place}"), data)
    assert [line["host"] for line in runs(ctl, "part")] == ["host1.example.org", "\x1b[2J"]
    assert "\x1b" not in ctl("history", "part").out and len(ctl("history", "part").out.splitlines()) == 3


def test_a_place_that_may_not_be_written_holds_no_permit(ctl, fleet):
    log = f"{fleet.folder}/log"
    fleet.client.ensure_path(fleet.path("runs/part"))
    for place in range(PLACES):
        fleet.client.create(fleet.path("runs", "part", str(place)), b"", acl=[make_acl("world", "anyone", read=True)])
    config = fleet.config("logged.conf", loglevel="warning", logfile=log)
    ended = fleet.run(*PART, "--", "true", config=config)
    assert ended.code == 0, ended.err
    assert "this run is not in the history" in open(log, encoding="utf-8").read()
    assert fleet.list("semaphores/r/leases") == fleet.list("semaphores/r/marks") == []
    assert_refused(ctl("history", "part"), 1, "nothing is known of part")


def test_tidy_leaves_the_young(ctl, fleet, run):
    run()
    assert json.loads(ctl("tidy", "--older-than", "1d", "--json").out)["removed"] == [fleet.path("queues/r")]
    assert len(runs(ctl, "part")) == 1
