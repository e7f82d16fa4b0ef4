"""`switchmanctl check runs`: the crontabs are the expectation; whoever was due and has not run is named."""

import datetime
import glob
import json
import math
import os
import re
import time

import pytest
from kazoo.security import make_acl

from Support.control import Control
from Support.fixtures import ROOT
from Support.fleet import HOST, Fleet
from Support.manuscript import Page
from Support.original import Original
from Support.server import ZooKeeperServer, free_ports
from Support.verdict import assert_one_line, assert_says

UTC = {"TZ": "UTC"}
NIGHTLY = "{} switchman --lockname a -- true\n"


def check(ctl, *words, **options):
    options.setdefault("env", UTC)
    return ctl("check", "runs", *words, **options)


def ago(**lengths):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**lengths)


def daily(when):
    """The schedule of a line that is due at that time of each day."""
    return f"{when.minute} {when.hour} * * *"


def shown(when):
    return when.strftime("%Y-%m-%d %H:%M")


@pytest.fixture
def tab(fleet):
    """A crontab that has been there for a year."""
    def write(content, age_days=365):
        path = fleet.write("crontab", content)
        os.utime(path, (time.time() - age_days * 86400,) * 2)
        return path
    return write


def put_record(fleet, began, **changes):
    """A run of somebody else's, which began then."""
    begun = int(began.timestamp() * 1000)
    record = {"state": "ended", "session": "1f", "n": 1, "term": 6, "host": "h2", "pid": 77,
              "runs": [{"host": "h2", "started": begun, "held_ms": 5, "outcome": "ran", "code": 3}], **changes}
    fleet.client.ensure_path(fleet.path("jobs", "a"))
    fleet.client.set(fleet.path("jobs", "a"), json.dumps(record).encode())


def test_somebody_has_run_it(ctl, fleet, tab):
    path = tab(NIGHTLY.format(daily(ago(hours=2))))
    fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3")
    assert_one_line(check(ctl, path), "OK", "runs", "0 of 1 line late, in 1 file")
    assert fleet.list() == ["jobs", "locks"], "the check leaves nothing behind"
    facts = ctl.json("check", "runs", path)["facts"]
    assert facts == {"files": 1, "lines": 1, "late": 0, "unchecked": 0, "fleets": 1}


def test_nobody_has(ctl, fleet, tab):
    due = ago(hours=2)
    path = tab(NIGHTLY.format(daily(due)))
    put_record(fleet, ago(hours=26))
    assert_one_line(check(ctl, path), "CRITICAL", "runs", f"1 of 1 line late, in 1 file; {path}:1: a: due {shown(due)}, "
                    f"nobody since {shown(ago(hours=26))}\n")
    assert_one_line(check(ctl, "--grace", "3h", path), "OK", "runs")
    assert ctl.json("check", "runs", path, code=2, env=UTC)["facts"]["late"] == 1
    put_record(fleet, due + datetime.timedelta(seconds=30))
    assert_one_line(check(ctl, path), "OK", "runs")


def test_never(ctl, fleet, tab):
    line = NIGHTLY.format(daily(ago(hours=2)))
    assert_says(check(ctl, tab(line)), "CRITICAL", "runs", ", never run\n")
    assert_says(check(ctl, tab(line, age_days=0)), "OK", "runs", "(1 not checked)", "note: a is newer than its last due time")
    assert not fleet.client.exists(fleet.prefix), "a check makes no tree"


def test_a_run_that_is_under_way_counts(ctl, fleet, tab):
    path = tab(NIGHTLY.format(daily(ago(hours=2))))
    run = fleet.start_job("a")
    assert_one_line(check(ctl, path), "OK", "runs")
    fleet.end_job("a")
    assert run.wait() == 0
    original = Original(fleet.client, fleet.prefix)
    original.take_lock("b")
    assert_one_line(check(ctl, tab(f"{daily(ago(hours=2))} switchman b\n")), "OK", "runs")
    original.release_lock("b")


def test_a_job_before_it_that_has_not_succeeded_is_named(ctl, fleet, tab):
    due = ago(hours=2)
    line = f"{daily(due)} switchman --once-per day --after extract --lockname a -- true\n"
    assert_says(check(ctl, tab(line)), "CRITICAL", "runs", "a: due", "not-ready: there is no record of extract")
    fleet.run("--once-per", "day", "--lockname", "extract", "--", "sh", "-c", "exit 3", env=UTC)
    if ago().date() == due.date():
        assert_says(check(ctl, tab(line)), "CRITICAL", "runs", "not-ready: extract has not succeeded", "code 3")
        fleet.run("--once-per", "day", "--retry-failed", "--lockname", "extract", "--", "true", env=UTC)
        run = check(ctl, tab(line))
        assert_says(run, "CRITICAL", "runs", "never run")
        assert "not-ready" not in run.out


def test_a_job_that_comes_after_others_and_has_nothing_to_do_is_a_note(ctl, fleet, tab):
    path = tab("* * * * * switchman --after extract --lockname a -- true\n")
    assert_says(check(ctl, "--grace", "0", path), "OK", "runs", "(1 not checked)", "a is not ready: there is no record of extract")
    fleet.run("--lockname", "extract", "--", "true")
    assert_says(check(ctl, "--grace", "0", path), "CRITICAL", "runs", "never run")
    assert fleet.run("--after", "extract", "--lockname", "a", "--", "true").code == 0
    put_record(fleet, ago(hours=26), consumed=fleet.record("a")["consumed"])
    assert_says(check(ctl, "--grace", "0", path), "OK", "runs", "a is not ready: extract has not succeeded again since")


def test_a_holder_that_was_lost(ctl, fleet, tab):
    path = tab(NIGHTLY.format(daily(ago(hours=2))))
    begun = int(ago(hours=26).timestamp() * 1000)
    put_record(fleet, ago(hours=50), state="running", started=begun)
    assert_one_line(check(ctl, path), "CRITICAL", "runs", f"nobody since {shown(ago(hours=26))}; h2 (pid 77) vanished")
    fleet.leaves_marks = True


def test_a_pause_and_a_drain_are_the_reason_and_a_warning(ctl, fleet, tab):
    path = tab(NIGHTLY.format(daily(ago(hours=2))).replace("switchman", "switchman -g web"))
    put_record(fleet, ago(hours=26))
    fleet.prefix_data({"groups": {"web": [HOST]}})
    assert_one_line(check(ctl, path), "CRITICAL", "runs")
    ctl("pause", "a", "--why", "disk full")
    assert_one_line(check(ctl, path), "WARNING", "runs", ', nobody since ', 'job "a" is paused', "disk full")
    ctl("resume", "a")
    ctl("drain", HOST)
    assert_one_line(check(ctl, path), "WARNING", "runs", 'every host of group "web" is drained')
    ctl("undrain", HOST)
    ctl("pause", "--all")
    assert_one_line(check(ctl, path), "WARNING", "runs", "all jobs are paused")


def test_a_held_resource_is_the_reason_and_a_warning(ctl, fleet, tab):
    path = tab(NIGHTLY.format(daily(ago(hours=2))).replace("switchman", "switchman --lease db=1 --lease api=1"))
    put_record(fleet, ago(hours=26))
    fleet.prefix_data({"resources": ["db", "api"], "totals": {"db": 1, "api": 1}})
    assert_one_line(check(ctl, path), "CRITICAL", "runs", "a: due")
    ctl("resources", "hold", "db", "--why", "repair")
    run = check(ctl, path)
    assert_one_line(run, "WARNING", "runs", ', nobody since ', 'resource "db" is held', "repair", "resources release db")
    ctl("resources", "release", "db")
    assert "is held" not in check(ctl, path).out


def test_once_per(ctl, fleet, tab):
    """A run by hand is none of the crontab's; one of today's tick is, by the zone of the line."""
    line = NIGHTLY.format("0 * * * *").replace("switchman", "switchman --once-per day")
    fleet.run("--lockname", "a", "--", "true")
    zone = {"TZ": "Asia/Tokyo"}
    assert_one_line(check(ctl, tab(f"TZ=Asia/Tokyo\n{line}"), env=zone), "CRITICAL", "runs")
    assert fleet.run("--once-per", "day", "--lockname", "a", "--", "true", env=zone).code == 0
    assert_one_line(check(ctl, tab(f"TZ=Asia/Tokyo\n{line}"), env=zone), "OK", "runs")


def test_while_somebody_waits_for_permits(ctl, fleet, tab):
    due = daily(ago(minutes=20))
    line = "{} switchman --lockname a --lease r=1:1 --lease-wait {} -- true\n"
    fleet.resources("r")
    put_record(fleet, ago(hours=24))
    path = tab(line.format(due, "1h"))
    assert_one_line(check(ctl, path), "CRITICAL", "runs")
    fleet.start_job("b", arguments=("--lease", "r=1:1"))
    fleet.launch_job("a", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "a")
    assert_one_line(check(ctl, path), "OK", "runs")
    assert_one_line(check(ctl, tab(line.format(due, "1m"))), "CRITICAL", "runs", f"{HOST} waits for r since ")
    for label in "ba":
        fleet.records.started(label)
        fleet.end_job(label)
    for run in fleet.runs:
        run.wait()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_crontabs_zone(ctl, fleet, tab, zone):
    """CRON_TZ: what was due two hours ago in one zone was due long before in another."""
    put_record(fleet, ago(hours=3))
    run = check(ctl, tab(f"CRON_TZ={zone}\n" + NIGHTLY.format(daily(ago(hours=2)))))
    if zone == "UTC":
        assert_one_line(run, "CRITICAL", "runs", f"due {shown(ago(hours=2))} (UTC), nobody since {shown(ago(hours=3))} (UTC)")
    else:
        assert_one_line(run, "OK", "runs")


def test_the_process_zone(ctl, fleet, tab):
    """By the zone of who checks: a time of day that is two hours ago there."""
    fleet_zone = {"TZ": "XXX-05:30"}
    there = ago(hours=2) + datetime.timedelta(hours=5, minutes=30)
    put_record(fleet, ago(hours=3))
    assert_one_line(check(ctl, tab(NIGHTLY.format(daily(there))), env=fleet_zone), "CRITICAL", "runs", f"due {shown(there)}")
    put_record(fleet, ago(hours=1))
    assert_one_line(check(ctl, tab(NIGHTLY.format(daily(there))), env=fleet_zone), "OK", "runs")


def test_a_fleet_that_is_away_is_unknown(ctl, fleet, tab):
    path = tab(NIGHTLY.format(daily(ago(hours=2))))
    away = fleet.config("away.conf", zkhosts=f"127.0.0.1:{free_ports(1)[0]}", connect_timeout=1)
    assert_one_line(check(ctl, path, config=away, within=10), "UNKNOWN", "runs", "1 line is not checked", "127.0.0.1")
    assert_one_line(check(ctl, tab("0 3 * * * switchman -c /no/such a\n")), "UNKNOWN", "runs", "/no/such: no such configuration")
    fleet.client.create(fleet.prefix, b"[]", makepath=True)
    path = tab(NIGHTLY.format(daily(ago(hours=2))))
    assert_one_line(check(ctl, path), "UNKNOWN", "runs", "must be an object")
    fleet.client.delete(fleet.prefix)


def test_each_line_is_its_fleets(ctl, fleet, tab):
    other = fleet.config("other.conf", prefix=f"{fleet.prefix}-other")
    fleet.run("--lockname", "a", "--", "true")
    due = daily(ago(hours=2))
    path = tab(f"{due} switchman a\n{due} switchman -c {other} a\nSWITCHMAN_CONFIG={other}\n{due} switchman a\n")
    run = check(ctl, path)
    assert_says(run, "CRITICAL", "runs", "2 of 3 lines late", f"{path}:2: a: due", f"{path}:4: critical: a: due")
    assert ctl.json("check", "runs", path, code=2, env=UTC)["facts"]["fleets"] == 2


def test_originals_leave_no_record(ctl, fleet, tab):
    mixed = fleet.config("mixed.conf", mixed_fleet=True, session_timeout=9, ownership_term=9)
    fleet.prefix_data({})
    assert_one_line(check(ctl, tab(NIGHTLY.format(daily(ago(hours=2)))), config=mixed), "UNKNOWN", "runs", "an original's runs")


def test_a_record_that_is_none(ctl, fleet, tab):
    fleet.client.create(fleet.path("jobs", "a"), b"\x1b[2Jnonsense", makepath=True)
    assert_one_line(check(ctl, tab(NIGHTLY.format(daily(ago(hours=2))))), "CRITICAL", "runs", "its record is none")
    fleet.client.delete(fleet.path("jobs", "a"))


def test_foreign_words_do_not_reach_the_terminal(ctl, fleet, tab):
    put_record(fleet, ago(hours=26), state="running", started=1, host="evil\x1b[2J\x07\nOK: runs")
    assert_one_line(check(ctl, tab(NIGHTLY.format(daily(ago(hours=2))))), "CRITICAL", "runs", "evil?[2J??OK")
    fleet.leaves_marks = True


def test_the_time_is_this_hosts_where_zookeepers_may_not_be_asked(ctl, fleet, tab):
    fleet.run("--lockname", "a", "--", "true")
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", read=True, admin=True)])
    assert_says(check(ctl, tab(NIGHTLY.format(daily(ago(hours=2))))), "OK", "runs", "in 1 file")
    run = check(ctl, tab("* * * * * switchman b\n"))
    assert_says(run, "CRITICAL", "runs", "note: the time is this host's")
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", all=True)])


@pytest.mark.parametrize("words, mention", [
    (("--grace", "soon", "x"), '"soon" for --grace'), (("--grace", "forever", "x"), "--grace"), ((), "<files>"),
    (("-", "-"), "once"),
    (("--system", "--user", "x"), "exclude each other"), (("/no/such",), "no such file")])
def test_mistakes(ctl, words, mention):
    run = check(ctl, *words)
    assert run.code == 3 and run.out.startswith("UNKNOWN: runs: ") and mention in run.out, run.out


# Nights on which the clock is changed, by a server that goes by a clock of the test's.

BERLIN = {"TZ": "Europe/Berlin"}
LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), "libfaketime.so.1: install faketime")


@pytest.fixture
def at(controller, program, recorder, tmp_path):
    """Called, it sets the server's clock; `at.ctl` is the operator."""
    file = tmp_path / "offset"

    def at(text):
        instant = datetime.datetime.fromisoformat(text + ":00+00:00").timestamp()
        # Never before the instant: faketime takes whole seconds.
        # In one piece: a server that finds the file empty for a moment lives in the present.
        new = file.with_suffix(".new")
        new.write_text(f"{math.ceil(instant - time.time()):+d}\n", encoding="ascii")
        new.replace(file)
    at("2026-03-28T01:30")
    server = ZooKeeperServer(prefixed=(
        "env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={file}", "FAKETIME_NO_CACHE=1", "DONT_FAKE_MONOTONIC=1"))
    at.ctl = Control(controller, Fleet(program, recorder, tmp_path, server.address, server.client(), "/fleet"))
    yield at
    at.ctl.fleet.client.stop()
    at.ctl.fleet.client.close()
    server.close()


@pytest.fixture
def half_past_two(at):
    path = at.ctl.fleet.write("crontab", NIGHTLY.format("30 2 * * *"))
    os.utime(path, (0, 0))
    return path


def test_the_night_in_which_half_past_two_does_not_come(at, half_past_two):
    ctl, fleet = at.ctl, at.ctl.fleet
    fleet.run("--lockname", "a", "--", "true")
    at("2026-03-29T01:05")
    assert_one_line(check(ctl, half_past_two, env=BERLIN), "OK", "runs")
    at("2026-03-29T01:11")
    assert_one_line(check(ctl, half_past_two, env=BERLIN), "CRITICAL", "runs",
                    "a: due 2026-03-29 03:00, nobody since 2026-03-28 02:30")
    fleet.run("--lockname", "a", "--", "true")
    assert_one_line(check(ctl, half_past_two, env=BERLIN), "OK", "runs")


def test_the_night_in_which_it_comes_twice(at, half_past_two):
    ctl, fleet = at.ctl, at.ctl.fleet
    at("2026-10-25T00:30")
    fleet.run("--lockname", "a", "--", "true")
    for clock in "2026-10-25T01:45", "2026-10-26T01:39":
        at(clock)
        assert_one_line(check(ctl, half_past_two, env=BERLIN), "OK", "runs")
    at("2026-10-26T01:41")
    assert_one_line(check(ctl, half_past_two, env=BERLIN), "CRITICAL", "runs",
                    "a: due 2026-10-26 02:30, nobody since 2026-10-25 02:30")


def test_whoever_holds_it_since_yesterday_is_named(at, half_past_two):
    ctl, fleet = at.ctl, at.ctl.fleet
    run = fleet.start_job("a")
    at("2026-03-29T01:11")
    assert_one_line(check(ctl, half_past_two, env=BERLIN), "CRITICAL", "runs",
                    f"nobody since 2026-03-28 02:30; held by {HOST} (pid ", ") since 2026-03-28 02:30")
    fleet.end_job("a")
    assert run.wait() == 0


# Real crontabs.

def test_the_example_crontab(ctl, fleet, tab):
    """A fleet in which all of it has just run, and one in which nothing ever has."""
    text = (ROOT / "Examples/crontab").read_text(encoding="utf-8")
    fleet.prefix_data({"groups": {"billing": [HOST]}, "resources": ["host_cpu", "db", "table", "FQDN_cpu", "FQDN_mem", "part"]})
    facts = ctl.json("check", "runs", tab(text), code=2)["facts"]
    lines = len(re.findall(r"^[^#\n]*\bswitchman ", text, re.M))
    made_by_the_shell = len(re.findall(r"^[^#\n]*\$\(hostname -f\)|^[^#\n]*--no-lock", text, re.M))
    # There is nothing to come after.
    idle = len(re.findall(r"^[^#\n]*\bswitchman --after", text, re.M))
    unchecked = made_by_the_shell + idle
    assert idle == 1 and (facts["lines"], facts["unchecked"], facts["late"]) == (lines, unchecked, lines - unchecked)
    # Each job, as its line has it.
    for line in re.findall(r"^[\d*/,-]+(?: +\S+){4} +switchman( .*)$", text, re.M):
        if "$(" not in line and "--no-lock" not in line:
            words = line.split(" -- ")[0].split()
            name = os.path.basename(line.split(" -- ")[1].split()[0])
            name = words[words.index("--lockname") + 1] if "--lockname" in words else name
            once = words[words.index("--once-per"):][:2] if "--once-per" in words else []
            assert fleet.run(*once, "--lockname", name.rstrip(";"), "--", "true").code == 0
    facts = ctl.json("check", "runs", tab(text))["facts"]
    assert facts["late"] == 0 and facts["unchecked"] == made_by_the_shell


def test_the_readmes_crontab(ctl, fleet, tab):
    text = "".join(f"{line}\n" for line in re.findall(r"^    (\*/5 .*switchman.*)$", Page("README.md").text, re.M))
    assert_says(check(ctl, tab(text)), "CRITICAL", "runs", "nightly-report: due ", "never run")
    fleet.run("--once-per", "5m", "--lockname", "nightly-report", "--", "true", env=UTC)
    assert_one_line(check(ctl, tab(text)), "OK", "runs")


def test_a_line_whose_name_is_a_slip_is_told_the_right_one(ctl, fleet, tab):
    for name in "nightly-report", "nightly-reports-b":
        assert fleet.run("--lockname", name, "--", "true").code == 0
    schedule = daily(ago(hours=2))
    run = check(ctl, tab(f"{schedule} switchman --lockname nightly-repotr -- true\n"))
    assert_says(run, "CRITICAL", "runs", 'never run; did you mean "nightly-report"?')
    both = "".join(f"{schedule} switchman --lockname {name} -- true\n" for name in ("nightly-report", "nightly-repotr"))
    assert "did you mean" not in check(ctl, tab(both)).out, "it has a line of its own"
