"""switchmanctl jobs, and the order and the marks that status has from it: what needs a look comes first."""

import json
import time

import pytest

from Support.eventually import eventually
from Support.tmux import Tmux

DAY = 86_400_000


@pytest.fixture
def now():
    return int(time.time() * 1000)


def remember(fleet, name, now, *outcomes, state="ended", **more):
    """A record as runs would have left it: an outcome each, as `ran 0` or `lost`."""
    runs = []
    for number, outcome in enumerate(outcomes):
        word, _, code = outcome.partition(" ")
        runs.append({"host": f"h{number}.example.org", "started": now - DAY + number * 60_000, "held_ms": 1500, "outcome": word,
                     "code": int(code) if code else None, "token": number + 1})
    record = {"state": state, "session": "1", "n": 1, "term": 6, "host": "h9.example.org", "pid": 1, "runs": runs, **more}
    fleet.client.create(fleet.path("jobs", name), json.dumps(record).encode(), makepath=True)


def tick(now, ago_s):
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now / 1000 - ago_s))


@pytest.fixture
def jobs(fleet, now):
    """One of each kind; in the order of their names the worst is the last."""
    remember(fleet, "a-good", now, "ran 0", "ran 3", "ran 0")
    remember(fleet, "b-paused", now, "ran 0")
    remember(fleet, "c-stopped", now, "ran 0", "released")
    remember(fleet, "d-late", now, "ran 0", ticked=tick(now, 3 * 3600), period="hour")
    remember(fleet, "e-on-time", now, "ran 0", ticked=tick(now, 3600), period="hour")
    remember(fleet, "f-failed", now, *["ran 0"] * 8, "ran 2", "timeout")
    remember(fleet, "g-lost", now, "ran 0", state="running", started=now - 5000)
    fleet.prefix_data({"paused": ["b-paused"]})
    fleet.leaves_marks = True


ORDER = ["g-lost", "f-failed", "d-late", "b-paused", "a-good", "c-stopped", "e-on-time"]


def rows(run):
    """Each line of the table by its first word."""
    assert run.code == 0 and run.err == "", run
    return {line.split()[0]: line for line in run.out.split("\n\n")[0].splitlines()[1:]}


def test_every_job_is_listed_and_what_needs_a_look_comes_first(ctl, jobs):
    shown = rows(ctl("jobs"))
    assert list(shown) == ORDER
    assert " failed " in shown["f-failed"] and " ●●●●●●●●✕◆ " in shown["f-failed"] and "timeout" in shown["f-failed"]
    assert " late " in shown["d-late"] and " free, paused " in shown["b-paused"] and " lost " in shown["g-lost"]
    assert " ●✕● " in shown["a-good"] and " ●▲ " in shown["c-stopped"] and "failed" not in shown["c-stopped"]
    assert "h2.example.org" in shown["a-good"] and "1.5s" in shown["a-good"] and "ran 0" in shown["a-good"]
    assert "h9.example.org" in shown["g-lost"], "the newest start is the lost one"


def test_of_failures_the_newest_comes_first(ctl, fleet, now):
    for name, age in ("a", 3), ("b", 1), ("c", 2), ("d", 1):
        remember(fleet, name, now - age * 60_000, "ran 1")
    fleet.leaves_marks = True
    assert list(rows(ctl("jobs"))) == list(rows(ctl("status"))) == ["b", "d", "c", "a"]


def test_the_same_for_programs(ctl, jobs, now):
    listed = ctl.json("jobs")["jobs"]
    assert [job["lockname"] for job in listed] == ORDER
    of = {job["lockname"]: job for job in listed}
    assert [name for name in ORDER if of[name]["failed"]] == ["f-failed"] and of["f-failed"]["last"]["outcome"] == "timeout"
    assert [name for name in ORDER if of[name]["late"]] == ["d-late"] and "late_from" in of["e-on-time"]
    assert "period" not in of["a-good"] and of["d-late"]["period"] == "hour"
    assert [run["outcome"] for run in of["g-lost"]["runs"]] == ["ran", "lost"] and of["g-lost"]["state"] == "lost"
    assert of["a-good"]["last"]["host"] == "h2.example.org" and of["a-good"]["last_success"]["host"] == "h2.example.org"
    assert of["b-paused"]["paused"] and not of["a-good"]["paused"]


def test_status_shows_what_needs_a_look_though_nothing_happens_to_it(ctl, jobs):
    shown = rows(ctl("status"))
    assert list(shown) == ["g-lost", "f-failed", "d-late", "b-paused"], "and not what is idle and well"
    assert shown["f-failed"].endswith("●●●●●●●●✕◆") and "h9.example.org" in shown["f-failed"]
    assert [lock["lockname"] for lock in ctl.json("status")["locks"]] == ["b-paused", "g-lost"], "programs get what they got"


def test_a_running_job_is_shown_with_the_marks_of_its_former_runs(ctl, fleet):
    assert fleet.run("--lockname", "backup", "--", "true").code == 0
    assert fleet.run("--lockname", "backup", "--", "false").code == 1
    run = fleet.start_job("backup")
    line = rows(ctl("status"))["backup"]
    assert line.split()[1:3] == ["running,", "failed"] and line.endswith("●✕")
    assert ctl.json("jobs")["jobs"][0]["last"]["outcome"] == "running"
    fleet.end_job("backup")
    assert run.wait() == 0
    assert " ●✕● " in rows(ctl("jobs"))["backup"] and " free " in rows(ctl("jobs"))["backup"]


def test_a_job_stopped_late_is_not_late_while_it_is_paused_or_runs(ctl, fleet, now):
    remember(fleet, "a", now, "ran 0", ticked=tick(now, 3 * 3600), period="hour")
    assert ctl.json("jobs")["jobs"][0]["late"]
    assert ctl("pause", "a").code == 0
    assert not ctl.json("jobs")["jobs"][0]["late"]


def test_nothing_is_known(ctl):
    assert (ctl("jobs").code, ctl("jobs").out) == (0, "no job is known\n")
    assert ctl.json("jobs") == {"jobs": []}
    assert ctl("jobs", "a").code == 64


@pytest.mark.parametrize("evil", ["\x1b[2J", "\u202e", "\n"])
def test_nothing_foreign_reaches_the_terminal_raw(ctl, fleet, now, evil):
    record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": evil, "pid": 1, "runs": [
        {"host": f"h{evil}", "outcome": f"ran{evil}", "code": 1, "started": 2 ** 62}], "ticked": evil, "period": evil}
    fleet.client.create(fleet.path("jobs", "evil"), json.dumps(record).encode(), makepath=True)
    for run in (ctl("jobs"), ctl("status"), ctl("jobs", "--json")):
        assert run.code == 0 and len(run.out.splitlines()) <= 2, run.out
        assert not any(ord(c) < 32 or ord(c) == 0x202E for c in run.out.replace("\n", ""))


@pytest.fixture
def terminal(ctl):
    terminal = Tmux(columns=110)
    terminal.line(f"export SWITCHMAN_CONFIG={ctl.fleet.config('operator.conf')}")
    yield terminal
    terminal.close()


def test_on_a_terminal_each_mark_has_its_colour(ctl, fleet, now, terminal):
    remember(fleet, "a", now, "ran 0", "released", "ran 2")
    green, yellow, red = ("\x1b[32m●", "\x1b[33m▲", "\x1b[31m✕")
    for verb in ("jobs", "status"):
        terminal.line(f"clear; {ctl.program} {verb}")
        # What the verb before has left may be there for a moment.
        eventually(lambda: all(mark in terminal.screen(escapes=True) for mark in (green, yellow, red)), what=verb)
    assert "\x1b" not in ctl("jobs").out, "only on a terminal"
    terminal.line(f"clear; NO_COLOR=1 {ctl.program} jobs")
    eventually(lambda: "●▲✕" in terminal.screen(escapes=True), what="no colours at all")


def test_where_there_is_no_room_the_newest_runs_stay(ctl, fleet, now, terminal):
    terminal.resize(70, 24)
    remember(fleet, "a-rather-long-name-of-a-job", now, *["ran 0"] * 9, "ran 2")
    terminal.line(f"clear; {ctl.program} jobs")
    terminal.shows("●✕  2")
    assert "●●●●●●●●●✕" not in terminal.screen()


def test_a_job_that_becomes_late_is_shown_without_any_change(ctl, fleet, now, terminal):
    """Three seconds from now, by this host's clock."""
    remember(fleet, "nightly", now, "ran 0", ticked=tick(now, 7200 - 4), period="hour")
    terminal.line(ctl.program, "status", "--watch")
    terminal.shows("q: quit")
    assert "nightly" not in terminal.screen()
    terminal.shows("nightly  late")
    terminal.key("q")
