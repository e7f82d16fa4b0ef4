"""A small fleet, as its tree shows it: nodes that are written as runs of some other time and host have written them."""

import json
import time

RUN = {"host": "web1.example.org", "held_ms": 61000, "token": 7}
GOOD, BAD = {"outcome": "ran", "code": 0}, {"outcome": "ran", "code": 1}


def hours_ago(hours):
    return int(time.time() * 1000) - 3_600_000 * hours + 600_000


def record(fleet, lockname, *runs, **more):
    """The runs began an hour apart, the last some fifty minutes ago."""
    path = fleet.path("jobs", lockname)
    fleet.client.ensure_path(fleet.path("jobs"))
    value = {"state": "ended", "session": "1", "n": 1, "term": 30, "host": "web1.example.org", "pid": 1,
             "runs": [{**RUN, "started": hours_ago(len(runs) - index), **run} for index, run in enumerate(runs)], **more}
    fleet.client.create(path, json.dumps(value).encode())


def session(fleet):
    """Of the tests' own client, as records spell it: that of a lock which `held` has made."""
    return f"{fleet.client.client_id[0] & (1 << 64) - 1:x}"


def held(fleet, lockname, waiters=0):
    client = fleet.client
    for folder in ("locks", "waiters"):
        client.ensure_path(fleet.path(folder))
    client.create(fleet.path("locks", lockname), b"db1.example.org 4711", ephemeral=True)
    client.ensure_path(fleet.path("waiters", lockname))
    for _ in range(waiters):
        client.create(fleet.path("waiters", lockname, f"{lockname}-"), b"web2.example.org 12", ephemeral=True, sequence=True)


def queued(fleet, lockname, *resources):
    """A run that waits for permits of these."""
    for resource in resources:
        fleet.client.ensure_path(fleet.path("queues", resource))
        fleet.client.create(fleet.path("queues", resource, f"{lockname}-"), b"web2.example.org 12", ephemeral=True, sequence=True)


def busy(fleet):
    fleet.prefix_data({
        "groups": {"web": ["web1.example.org", "web2.example.org"], "db": ["db1.example.org"]}, "resources": ["db", "api"],
        "totals": {"db": 4}, "paused": ["newsletter"], "drained": ["web3.example.org"],
        "pauses": {"newsletter": {"why": "move to rack 7", "by": "ann@ops"}}})
    record(fleet, "nightly-report", *[GOOD] * 9, BAD)
    record(fleet, "newsletter", *[GOOD] * 10)
    record(fleet, "vacuum", GOOD, {"outcome": "released"}, GOOD, {"outcome": "timeout"}, GOOD)
    record(fleet, "import", *[GOOD] * 4, state="running")
    record(fleet, "cache-warmer", *[GOOD] * 10)
    for name, runs in (("backup", 9), ("encode", 3)):
        record(fleet, name, *[GOOD] * runs, state="running", session=session(fleet))
    held(fleet, "backup", waiters=3)
    held(fleet, "encode")


def clear(fleet):
    for folder in ("locks", "waiters", "queues", "jobs"):
        if fleet.client.exists(fleet.path(folder)):
            fleet.client.delete(fleet.path(folder), recursive=True)
