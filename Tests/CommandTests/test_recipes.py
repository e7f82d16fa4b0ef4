"""The recipes of Examples as they stand: lines of the crontab, a unit, a script, each on several hosts."""

import json
import os
import re
import shlex
import stat
import time

import pytest

from Support.control import assert_silent_yes
from Support.eventually import always, eventually
from Support.fixtures import ROOT
from Support.run import Run

LOCAL = "/usr/local/bin/"


def crontab_line(command):
    """What the crontab of the examples starts for that command."""
    lines = (ROOT / "Examples/crontab").read_text().splitlines()
    found, = [line for line in lines if line.endswith(f"{LOCAL}{command}")]
    return found.split(maxsplit=5)[5]


@pytest.fixture
def hosts(fleet, program, controller, tmp_path):
    """Starts a shell's line on the so-manyth host: its commands are the words given for each, and other programs these texts."""
    folder = tmp_path / "bin"

    def install(name, text, place=folder):
        place.mkdir(exist_ok=True)
        (place / name).write_text(text)
        (place / name).chmod(stat.S_IRWXU)
    install("switchman", f'#!/bin/sh\nexec {program} "$@"\n')
    install("switchmanctl", f'#!/bin/sh\nexec {controller} "$@"\n')
    install("hostname", "#!/bin/sh\necho $SWITCHMAN_FQDN\n")
    config = fleet.config("hosts.conf", fqdn=None)

    def start(line, number, commands=(), programs=(), env=()):
        for name, text in dict(programs).items():
            install(name, text)
        for name, words in dict(commands).items():
            # Under its own name, which is the lock's.
            place = tmp_path / f"host{number}"
            install(name, f"#!/bin/sh\nexec {shlex.join(map(str, words))}\n", place)
            line = line.replace(LOCAL + name, str(place / name))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        environment |= {"PATH": f"{folder}:{environment['PATH']}", "SWITCHMAN_CONFIG": config,
                        "SWITCHMAN_FQDN": f"host{number}.example.org", **dict(env)}
        run = Run(["sh", "-c", line.replace(f"{LOCAL}switchman", "switchman")], fleet.folder, environment)
        fleet.runs.append(run)
        return run
    return start


@pytest.fixture
def zone():
    """Names a zone in which it is half past twelve, or so many hours later: no test stands at the end of a day or an hour."""
    now = time.gmtime()
    noon = ((12 - now.tm_hour) * 60 + 30 - now.tm_min) % 1440
    noon -= 1440 if noon > 720 else 0

    def later(hours=0):
        ahead = noon + hours * 60
        return f"TEST{'-' if ahead >= 0 else '+'}{abs(ahead) // 60}:{abs(ahead) % 60:02}"
    return later


def test_readers_and_writers(fleet, hosts):
    fleet.resources("table")
    read, write = crontab_line("read-table"), crontab_line("write-table")

    def reader(number):
        label = f"reader{number}"
        return hosts(read, number, {"read-table": fleet.job(label, "--until", fleet.flag(f"end.{label}"))})
    runs = [reader(1), reader(2)]
    for label in ("reader1", "reader2"):
        fleet.records.started(label)
    runs.append(hosts(write, 1, {"write-table": fleet.job("writer", "--until", fleet.flag("end.writer"))}))
    eventually(lambda: len(fleet.queue("table")) == 1, what="the writer waits")
    runs.append(reader(3))
    eventually(lambda: len(fleet.queue("table")) == 2, what="a reader that comes later stands behind it")
    fleet.end_job("reader1")
    always(lambda: not fleet.records.events("start", "writer"), during=0.5, what="one reader is left")
    fleet.end_job("reader2")
    fleet.records.started("writer")
    assert [lease.split("_")[:2] for lease in fleet.leases("table")] == [["100", "100"]]
    assert not fleet.records.events("start", "reader3")
    fleet.end_job("writer")
    fleet.records.started("reader3")
    fleet.end_job("reader3")
    assert [(run.wait(), run.err) for run in runs] == [(0, "")] * 4


def test_a_partitioned_job(ctl, fleet, hosts):
    assert_silent_yes(ctl("resources", "add", "part"))
    line, = [line.split(maxsplit=5)[5] for line in (ROOT / "Examples/crontab").read_text().splitlines() if "--partition" in line]
    line = line.replace(f"{LOCAL}work", "work")
    # The kernel gives each part to one tree at a time.
    job = " ".join(map(shlex.quote, fleet.job("work")))
    work = f'#!/bin/sh\n[ "$1" = --partition ] && exec {job} --claim "part$2:1:1" --until {fleet.flag("end")}.$SWITCHMAN_FQDN\n'

    def fires(number):
        # Ten at once are a load, and none of them is to be lost but one.
        return hosts(line, number, programs={"work": work}, env={"SWITCHMAN_OWNERSHIP_TERM": "12"})

    def starts():
        return len(fleet.records.events("start"))

    def parts():
        return sorted(mark.split("_")[3][:-9] for mark in fleet.marks("part"))
    runs = []
    for number in range(1, 9):
        runs.append(fires(number))
        eventually(lambda number=number: starts() == number)
    assert parts() == list("12345678")
    for number in (9, 10):
        runs.append(fires(number))
        fleet.queued("part", f"work-host{number}.example.org")
    assert (fires(9).wait(), starts()) == (0, 8), "one run of each host stands by"
    fleet.raise_flag(fleet.flag("end.host3.example.org"))
    eventually(lambda: starts() == 9, what="another host takes the part that is free")
    assert runs[2].wait() == 0 and parts() == list("12345678")
    fleet.lose_host(runs[5])
    eventually(lambda: len(fleet.leases("part")) == 7, within=30, what="its lease goes with its session")
    always(lambda: starts() == 9 and parts() == list("12345678"), during=5, what="its command may be running")
    eventually(lambda: starts() == 10, within=30)
    assert parts() == list("12345678") and fleet.marks("part") and len(fleet.leases("part")) == 8
    for number in range(1, 11):
        fleet.raise_flag(fleet.flag(f"end.host{number}.example.org"))
    assert [(run.wait(), run.err) for run in [*runs[:5], *runs[6:]]] == [(0, "")] * 9
    fleet.records.assert_no_violation()
    assert fleet.marks("part") == []


def test_a_hot_standby_of_a_crontab_line(fleet, hosts, zone):
    line, env = crontab_line("billing"), {"CRON_TZ": zone()}

    def fires(number, *options):
        label = f"host{number}"
        return hosts(line, number, {"billing": fleet.job(label, "--until", fleet.flag(f"end.{label}"), *options)}, env=env)
    first = fires(1, "--exit", 3)
    fleet.records.started("host1")
    standbys = []
    for number in (2, 3):
        standbys.append(fires(number))
        fleet.waiting("billing", number - 1)
    fleet.end_job("host1")
    assert first.wait() == 3
    fleet.records.started("host2")
    assert standbys[1].running and not fleet.records.events("start", "host3"), "it stands by for the second as well"
    fleet.end_job("host2")
    assert [(run.wait(), run.out, run.err) for run in standbys] == [(0, "", "")] * 2
    assert not fleet.records.events("start", "host3"), "the hour is done"
    assert fires(2).wait() == 0 and len(fleet.records.events("start")) == 2
    fleet.records.assert_never_two()


def test_a_chain_of_three_jobs(fleet, hosts, zone):
    """Each on a host of its own choice, the first of which fails once."""
    env, steps = {"CRON_TZ": zone()}, ("extract", "load", "summary")

    def fires(name, number, *options):
        label = f"{name}{number}"
        return hosts(crontab_line(name), number, {name: fleet.job(label, "--until", fleet.flag(f"end.{label}"), *options)}, env=env)

    def ends(name, number):
        fleet.records.started(f"{name}{number}")
        fleet.end_job(f"{name}{number}")
    runs = [fires("extract", 1, "--exit", 3)]
    fleet.records.started("extract1")
    for place, number in enumerate((1, 2), 1):
        for name in ("load", "summary"):
            runs.append(fires(name, number))
            fleet.waiting(name, place)
    runs.append(fires("extract", 2))
    fleet.waiting("extract", 1)
    fleet.end_job("extract1")
    fleet.records.started("extract2")
    always(lambda: len(fleet.records.events("start")) == 2, during=0.5, what="a failure is no success")
    fleet.end_job("extract2")
    fleet.records.started("load1")
    always(lambda: len(fleet.records.events("start")) == 3, during=0.5, what="the third waits for the second")
    ends("load", 1)
    ends("summary", 1)
    assert [run.wait() for run in runs] == [3, 0, 0, 0, 0, 0]
    assert [len(fleet.records.events("start", f"{name}2")) for name in steps] == [1, 0, 0], "the others had stood by"
    again = [fires(name, 2) for name in steps]
    assert [run.wait() for run in again] == [0] * 3 and len(fleet.records.events("start")) == 4, "once a day"


def test_once_for_each_success(fleet, hosts):
    load = fleet.run("--lockname", "load", "--", "true")
    assert load.code == 0

    def fires(number):
        return hosts(crontab_line("index"), number, {"index": fleet.job("index", "--for", 1)}).wait()
    assert [fires(1), fires(2)] == [0, 0] and len(fleet.records.events("start")) == 1
    fleet.run("--lockname", "load", "--", "true")
    assert [fires(1), fires(2)] == [0, 0] and len(fleet.records.events("start")) == 2


def test_catching_up_after_a_day_off(fleet, hosts, zone):
    line = crontab_line("backup")

    def fires(number, *options, hour):
        job = fleet.job(f"host{number}", "--for", 1, *options)
        return hosts(line, number, {"backup": job}, env={"CRON_TZ": zone(hour)}).wait()

    def starts():
        return len(fleet.records.events("start"))
    assert fires(1, hour=-1) == 0 and fires(2, hour=0) == 0 and starts() == 1
    # Days on which nobody was up: what was done is done for a day long ago.
    record = fleet.record("backup")
    assert record["done"].startswith(time.strftime("%Y-%m-", time.gmtime()))
    days_off = {**record, "ticked": None, "done": "2026-01-01T00:00:00+00:00", "runs": []}
    fleet.client.set(fleet.path("jobs", "backup"), json.dumps(days_off).encode())
    assert fires(1, "--exit", 3, hour=-1) == 3, "the first hour of the day, on a host whose disk is full"
    assert fires(2, hour=0) == 0 and starts() == 3, "the next hour, on another host"
    assert fires(1, hour=1) == 0 and fires(2, hour=1) == 0
    assert starts() == 3, "once, and not once for each day"


def test_a_rolling_restart_stops_at_the_first_host_that_fails(ctl, fleet, hosts):
    assert_silent_yes(ctl("resources", "add", "rolling-restart"))
    log = fleet.flag("restarted")
    systemctl = f"""#!/bin/sh
echo "$SWITCHMAN_FQDN $*" >> {log}
while [ ! -e {fleet.flag("go")}.$SWITCHMAN_FQDN ]; do sleep 0.02; done
"""
    check = "#!/bin/sh\n[ $SWITCHMAN_FQDN != host2.example.org ]\n"

    def restarted():
        return [line.split()[0] for line in open(log, encoding="ascii")] if os.path.exists(log) else []
    runs = []
    for number in (1, 2, 3):
        runs.append(hosts(f"{ROOT}/Examples/rolling-restart web.service is-well", number,
                          programs={"systemctl": systemctl, "is-well": check}, env={"ROLLING_RESTART_TRIES": "1"}))
        eventually(lambda number=number: len(fleet.queue("rolling-restart")) == number - 1 and restarted())
    assert restarted() == ["host1.example.org"]
    fleet.raise_flag(fleet.flag("go.host1.example.org"))
    assert runs[0].wait() == 0
    eventually(lambda: len(restarted()) == 2)
    fleet.raise_flag(fleet.flag("go.host2.example.org"))
    assert runs[1].wait() == 1 and "no other host goes on" in runs[1].err
    always(lambda: runs[2].running and len(restarted()) == 2, during=1, what="a bad release stops at the first host")
    assert "held: rolling-restart (by" in ctl("status").out and "web.service: not well on host2.example.org" in ctl("status").out
    assert_silent_yes(ctl("resources", "release", "rolling-restart"))
    eventually(lambda: restarted()[2:] == ["host3.example.org"])
    fleet.raise_flag(fleet.flag("go.host3.example.org"))
    assert (runs[2].wait(), runs[2].err) == (0, "")


def test_a_daemon_with_a_warm_standby(ctl, fleet, hosts):
    unit = (ROOT / "Examples/standby.service").read_text()
    line = re.search("^ExecStart=(.*)$", unit, re.MULTILINE)[1]
    assert "Restart=always" in unit

    def start(number):
        label = f"daemon{number}"
        return hosts(f"exec {line}", number, {"dispatcher": fleet.job(label, "--until", fleet.flag(f"end.{label}"))})
    first = start(1)
    fleet.records.started("daemon1")
    second = start(2)
    fleet.waiting("dispatcher", 1)
    third = start(3)
    fleet.waiting("dispatcher", 2)
    fleet.lose_host(first)
    fleet.records.started("daemon2", within=60)
    fleet.records.assert_one_after_the_other("daemon1", "daemon2")
    assert ctl("stop", "dispatcher").code == 0, "moved by hand"
    fleet.records.started("daemon3")
    assert second.wait() == 80
    fleet.end_job("daemon3")
    assert third.wait() == 0
    fleet.records.assert_never_two()
