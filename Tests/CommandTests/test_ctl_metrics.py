"""switchmanctl metrics: the whole fleet, read by Prometheus's own parser; the rules and the dashboard that use it."""

import json
import os
import re
import subprocess
import time

import yaml
from prometheus_client.parser import text_string_to_metric_families

from Support.control import assert_refused
from Support.eventually import eventually
from Support.fixtures import ROOT
from Support.manuscript import Page
from Support.original import Original
from Support.server import free_ports

FOLDER = ROOT / "Examples/prometheus"


def parsed(text):
    """By name without `switchman_`, and what the series is about: a job, a resource, or None."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge" and family.documentation, family
        for sample in family.samples:
            labels = dict(sample.labels)
            labels.pop("prefix")
            key = (sample.name.removeprefix("switchman_"), next(iter(labels.values()), None))
            assert len(labels) <= 1 and key not in found, key
            found[key] = sample.value
    return found


def read(ctl, **options):
    run = ctl("metrics", **options)
    assert (run.code, run.err) == (0, ""), run
    return parsed(run.out)


def about(values, name):
    return {key: value for (key, of), value in values.items() if of == name}


def test_an_empty_fleet(ctl):
    before = time.time()
    values = read(ctl)
    assert list(values) == [("fleet_read_timestamp_seconds", None)]
    assert before - 0.001 <= values["fleet_read_timestamp_seconds", None] <= time.time()


def test_a_job_that_has_run(ctl, fleet):
    """Nothing runs and nothing waits: `status` leaves it out."""
    before = time.time()
    fleet.run("--lockname", "a", "--", "true")
    between = time.time()
    fleet.run("--lockname", "a", "--", "sh", "-c", "sleep 1; exit 3")
    values = about(read(ctl), "a")
    assert before - 1 < values["job_last_success_timestamp_seconds"] < between + 1
    assert between - 1 < values["job_last_start_timestamp_seconds"] < time.time() + 1
    # From when the supervisor hears of the start, which on a busy machine is later than the start.
    assert 0.3 <= values.pop("job_last_duration_seconds") < 20
    assert {key: value for key, value in values.items() if "timestamp" not in key} == {
        "job_last_run_success": 0, "job_last_exit_code": 3, "job_waiting": 0, "job_paused": 0, "job_lost": 0}
    assert set(values) & {"job_held_since_timestamp_seconds", "job_waiting_since_timestamp_seconds"} == set()


def waiter(fleet, label, lockname):
    """A run that waits for the lock."""
    run = fleet.launch_job(label, arguments=("--lockname", lockname, "--wait", "1m"))
    eventually(lambda: fleet.list("waiters", lockname), what="it waits")
    return run


def test_a_job_that_runs_and_has_waiters(ctl, fleet):
    fleet.start_job("a")
    waiter(fleet, "next", "a")
    values = about(read(ctl), "a")
    held = values["job_held_since_timestamp_seconds"]
    assert held == fleet.stat("locks", "a").ctime / 1000 == values["job_last_start_timestamp_seconds"]
    place, = fleet.list("waiters", "a")
    assert values["job_waiting"] == 1
    assert values["job_waiting_since_timestamp_seconds"] == fleet.stat("waiters", "a", place).ctime / 1000 >= held
    assert "job_last_run_success" not in values and "job_last_exit_code" not in values, "it has not ended yet"
    end(fleet, "a", "next")


def end(fleet, *labels):
    for label in labels:
        fleet.records.started(label)
        fleet.end_job(label)
    for run in fleet.runs:
        run.wait()


def test_what_is_paused_and_what_is_lost(ctl, fleet):
    run = fleet.start_job("a")
    fleet.run("--lockname", "b", "--", "true")
    ctl("pause", "never", "b")
    started = fleet.stat("locks", "a").ctime / 1000
    fleet.lose_host(run)
    fleet.client.delete(fleet.path("locks", "a"))
    values = read(ctl)
    assert (values["job_lost", "a"], values["job_lost", "b"]) == (1, 0)
    assert abs(values["job_last_start_timestamp_seconds", "a"] - started) < 5
    assert {name: values["job_paused", name] for name in ("a", "b", "never")} == {"a": 0, "b": 1, "never": 1}
    ctl("pause", "--all")
    assert read(ctl)["job_paused", "a"] == 1
    fleet.client.delete(fleet.path("jobs", "a"))


def test_an_originals_lock(ctl, fleet):
    original = Original(fleet.client, fleet.prefix)
    original.take_lock("old")
    values = about(read(ctl), "old")
    assert values["job_held_since_timestamp_seconds"] == values["job_last_start_timestamp_seconds"] > 0
    original.release_lock("old")


def test_a_resource(ctl, fleet):
    fleet.prefix_data({"resources": ["r", "idle", "unknown"], "totals": {"r": 3, "idle": 5}})
    fleet.start_job("a", arguments=("--lease", "r=2"))
    fleet.launch_job("b", arguments=("--lease", "r=2"))
    fleet.queued("r", "b")
    values = read(ctl)
    place, = fleet.list("queues", "r")
    assert values.pop(("resource_queued_since_timestamp_seconds", "r")) == fleet.stat("queues", "r", place).ctime / 1000
    assert about(values, "r") == {"resource_permits_used": 2, "resource_permits_orphaned": 0, "resource_permits_total": 3,
                                  "resource_queue_length": 1}
    assert about(values, "idle") == {"resource_permits_used": 0, "resource_permits_orphaned": 0, "resource_permits_total": 5,
                                     "resource_queue_length": 0}
    assert "resource_permits_total" not in about(values, "unknown")
    end(fleet, "a", "b")


def test_who_is_late_and_from_when_on(ctl, fleet):
    """As `jobs` says it; without a period there is no series."""
    def remember(name, hours_ago):
        start = time.time() - 3600 * hours_ago
        tick = time.strftime("%Y-%m-%dT%H:00:00+00:00", time.gmtime(start))
        run = {"host": "h", "outcome": "ran", "started": int(start * 1000), "held_ms": 1, "code": 0}
        record = {"state": "ended", "session": "1", "n": 1, "term": 30, "ticked": tick, "period": "hour", "runs": [run]}
        fleet.client.create(fleet.path("jobs", name), json.dumps(record).encode(), makepath=True)
    remember("late", 3)
    remember("paused", 3)
    remember("early", 0)
    fleet.run("--lockname", "plain", "--", "true")
    assert ctl("pause", "paused").code == 0
    values = read(ctl)
    assert [values.get(("job_late", name)) for name in ("late", "paused", "early", "plain")] == [1, 0, 0, None]
    from_when = values["job_late_from_timestamp_seconds", "late"]
    assert time.time() - 3 * 3600 < from_when < time.time() < values["job_late_from_timestamp_seconds", "early"]
    assert ("job_late_from_timestamp_seconds", "plain") not in values
    told = {job["lockname"]: job for job in ctl.json("jobs")["jobs"]}
    assert told["late"]["late"] and told["late"]["late_from"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(from_when))


def test_permits_of_a_lost_holder(ctl, fleet):
    fleet.prefix_data({"resources": ["r"]})
    run = fleet.start_job("a", arguments=("--lease", "r=2:3"))
    fleet.lose_host(run)
    lease, = fleet.list("semaphores", "r", "leases")
    fleet.client.delete(fleet.path("semaphores", "r", "leases", lease))
    values = about(read(ctl), "r")
    assert (values["resource_permits_used"], values["resource_permits_orphaned"]) == (0, 2)
    fleet.leaves_marks = True


HOSTILE = ['quote"', "back\\slash", 'both\\"', "end\\", 'a",lockname="b', "{x} 1", "# HELP x", "\u2028line", "\u202eright",
           "\u00e9", "e\u0301"]


def test_names_are_hostile_text(ctl, fleet):
    """Each comes back as it is, and as one series: none ends its label, its line, or becomes another's."""
    for name in HOSTILE:
        fleet.client.create(fleet.path("waiters", name), b"", makepath=True)
        fleet.client.create(fleet.path("queues", name), b"", makepath=True)
    values = read(ctl)
    assert {name for key, name in values if key == "job_waiting"} == set(HOSTILE)
    assert {name for key, name in values if key == "resource_queue_length"} == set(HOSTILE)
    for name in HOSTILE:
        fleet.client.delete(fleet.path("waiters", name))
        fleet.client.delete(fleet.path("queues", name))


def test_foreign_memories_do_no_harm(ctl, fleet):
    runs = [{"host": "h", "outcome": "ran\n\x1b", "started": 2**63 - 1, "held_ms": -2**62, "code": 2**31 - 1}]
    record = {"state": "ended", "session": "1", "n": 1, "term": 30, "runs": runs}
    fleet.client.create(fleet.path("jobs", "odd"), json.dumps(record).encode(), makepath=True)
    fleet.client.create(fleet.path("jobs", "none"), b"\x1b]0;x\x07")
    values = read(ctl)
    assert values["job_last_run_success", "odd"] == 0 and ("job_last_run_success", "none") not in values
    fleet.client.delete(fleet.path("jobs", "none"))


def test_two_fleets_can_be_told_apart(ctl, fleet):
    assert f'switchman_fleet_read_timestamp_seconds{{prefix="{fleet.prefix}"}} ' in ctl("metrics").out


def test_nothing_is_printed_unless_all_could_be_read(ctl, fleet):
    away = fleet.config("away.conf", zkhosts=f"127.0.0.1:{free_ports(1)[0]}", connect_timeout=1)
    assert_refused(ctl("metrics", config=away, within=10), 69, "127.0.0.1")
    fleet.client.create(fleet.prefix, b"[]", makepath=True)
    assert_refused(ctl("metrics"), 65, "must be an object")
    fleet.client.delete(fleet.prefix)


# Examples and documents.

def documented():
    names = re.findall(r"^\| `(switchman_\w+)` \|", Page("Docs/Metrics.md").section("The whole fleet"), re.M)
    assert len(names) == len(set(names))
    return set(names)


def test_the_documented_metrics_are_those_that_are_printed(ctl, fleet):
    fleet.prefix_data({"resources": ["r"]})
    fleet.run("--lockname", "a", "--once-per", "hour", "--", "true")
    fleet.start_job("a", arguments=("--lease", "r=1:1"))
    fleet.launch_job("b", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "b")
    waiter(fleet, "next", "a")
    assert set(re.findall(r"^(switchman_\w+)\{", ctl("metrics").out, re.M)) == documented()
    end(fleet, "a", "b", "next")


def expressions(value):
    """Every expression of a dashboard, wherever it stands."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("expr", "query") and isinstance(inner, str):
            yield inner
        yield from expressions(inner)


def test_the_rules_use_these_metrics_and_no_others():
    groups = yaml.safe_load((FOLDER / "switchman-fleet.rules.yml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in rules:
        used = set(re.findall(r"switchman_\w+", rule["expr"]))
        assert used and used <= documented(), rule
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]


def test_the_dashboard_uses_these_metrics_and_no_others():
    board = json.loads((FOLDER / "switchman-dashboard.json").read_text(encoding="utf-8"))
    used = [set(re.findall(r"switchman_\w+", text)) for text in expressions(board)]
    assert set().union(*used) == documented(), "each is on it"
    places = [panel["gridPos"] for panel in board["panels"]]
    cells = [(x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24, "no panel lies on another"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_collectors_crontab(ctl, fleet, controller, tmp_path):
    """What its line leaves is whole; when ZooKeeper is away, what was there stays."""
    fleet.run("--lockname", "a", "--", "true")
    tab = FOLDER / "switchman-metrics"
    assert ctl("check", "crontab", "--system", "--offline", tab).code == 0
    line, = re.findall(r"^\* \* \* \* \*  root  (.*)$", tab.read_text(encoding="utf-8"), re.M)
    folder = tmp_path / "collector"
    folder.mkdir()

    def play(**changes):
        environment = ctl.environment(fleet.config("host.conf", connect_timeout=1, **changes), {
            "FOLDER": str(folder), "PATH": f"{os.path.dirname(controller)}:{os.environ['PATH']}"})
        return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert play().returncode == 0 and os.listdir(folder) == ["switchman-fleet.prom"]
    first = (folder / "switchman-fleet.prom").read_text(encoding="utf-8")
    assert about(parsed(first), "a")["job_last_run_success"] == 1
    failed = play(zkhosts=f"127.0.0.1:{free_ports(1)[0]}")
    assert failed.returncode == 69 and failed.stderr
    assert (folder / "switchman-fleet.prom").read_text(encoding="utf-8") == first
    assert [name for name in os.listdir(folder) if name.endswith(".prom")] == ["switchman-fleet.prom"]
