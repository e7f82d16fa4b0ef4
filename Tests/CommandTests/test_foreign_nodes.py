"""Nodes that nobody of ours would write: 65 with the node's name, nothing taken, nothing left."""

import json

import pytest

from Support.fleet import assert_one_line, assert_silent


def refused(fleet, *mentions, options=("--lease", "r=1:3")):
    run = fleet.run("--lockname", "a", *options, "--", "false")
    assert_one_line(run, 65, *mentions)
    assert fleet.list("locks") == [] and fleet.list("jobs") in ([], ["a"])
    return run


@pytest.mark.parametrize("name", ["foreign", "foreign-", "foreign-12", "foreign-000000000x", "0000000001"])
def test_in_a_queue(fleet, name):
    fleet.resources("r")
    path = fleet.path("queues", "r", name)
    fleet.client.create(path, b"", makepath=True)
    refused(fleet, path)
    assert fleet.list("queues", "r") == [name]


@pytest.mark.parametrize("mark", ["\u200b", "\u200f", "\u061c", "\u2028", "\u202e", "\u2060", "\ufeff"], ids=ascii)
def test_a_name_can_neither_break_a_line_nor_reorder_or_hide_it(fleet, mark):
    """A server admits these; what it does not, a forged answer may hold all the same: LogEntryTests."""
    fleet.resources("r")
    fleet.client.create(fleet.path("queues", "r", f"foreign{mark}x"), b"", makepath=True)
    log = f"{fleet.folder}/log"
    run = fleet.run("--lockname", "a", "--lease", "r=1:3", "--", "false", config=fleet.config(logfile=log, loglevel="info"))
    assert_one_line(run, 65, fleet.path("queues", "r", "foreign"))
    with open(log, encoding="utf-8") as file:
        said = file.read()
    assert mark not in run.err + said and "foreign" in said


@pytest.mark.parametrize("options", [(), ("--wait", "1m")], ids=["skipping", "waiting"])
@pytest.mark.parametrize("name", ["foreign", "foreign-", "foreign-12", "foreign-000000000x", "0000000001"])
def test_among_those_who_wait_for_the_lock(fleet, name, options):
    path = fleet.path("waiters", "a", name)
    fleet.client.create(path, b"", makepath=True)
    refused(fleet, path, options=options)
    assert fleet.list("waiters", "a") == [name]


@pytest.mark.parametrize("name", [
    "foreign", "1_3", "1_3_", "x_3_0000000001", "1_x_0000000001", "4_3_0000000001", "1_3_000000000x", "_3_0000000001",
    "0_0_0000000001", "0_-3_0000000001", "0_3_100000000000001_0000000001", "-1_3_100000000000001_0000000001",
])
def test_among_the_leases(fleet, name):
    fleet.resources("r")
    path = fleet.path("semaphores", "r", "leases", name)
    fleet.client.create(path, b"", makepath=True)
    refused(fleet, path)
    assert (fleet.leases("r"), fleet.marks("r")) == ([name], [])


@pytest.mark.parametrize("name", ["0_3_0000000001", "-1_3_0000000001", "-9223372036854775808_3_0000000001"])
def test_an_originals_lease_of_nothing_takes_nothing(fleet, name):
    """It holds such a lease like any other, when its arithmetic comes to that."""
    fleet.resources("r")
    path = fleet.path("semaphores", "r", "leases", name)
    fleet.client.create(path, b"old.example.org 4711", ephemeral=True, makepath=True)
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=3:3", "--", "true"), 0)
    refused(fleet, path, options=("--lease", "r=1:4"))
    assert fleet.leases("r") == [name]
    fleet.client.delete(path)


@pytest.mark.parametrize("name", [
    "foreign", "1_3", "1_3_x_1_30", "1_3_100000000000001_1_x", "1_3_100000000000001_1", "0_3_100000000000001_1_30",
])
def test_among_the_marks(fleet, name):
    fleet.resources("r")
    path = fleet.path("semaphores", "r", "marks", name)
    fleet.client.create(path, b"", makepath=True)
    refused(fleet, path)
    assert (fleet.leases("r"), fleet.marks("r")) == ([], [name])
    fleet.client.delete(path)


def test_a_mark_with_a_term_above_a_day(fleet):
    fleet.resources("r")
    path = fleet.path("semaphores", "r", "marks", "1_3_100000000000001_1_86401")
    fleet.client.create(path, b"", makepath=True)
    refused(fleet, path)
    fleet.client.delete(path)


@pytest.mark.parametrize("record", [
    "", "garbage", "[]", "{}", '{"state": "running"}', '{"state": 7}', b"\xff",
    json.dumps({"state": "running", "session": "x", "n": 1, "term": "x", "host": "h", "pid": 1}),
    json.dumps({"state": "elsewhere", "session": "0x1", "n": 1, "term": 6, "host": "h", "pid": 1}),
])
def test_a_record_that_cannot_be_read(fleet, record):
    path = fleet.path("jobs", "a")
    fleet.client.create(path, record.encode() if isinstance(record, str) else record, makepath=True)
    run = fleet.run("--lockname", "a", "--", "false")
    assert_one_line(run, 65, path)
    assert fleet.list("locks") == []
    fleet.client.delete(path)


def test_a_record_with_a_term_above_a_day(fleet):
    fleet.run("--lockname", "a", "--", "true")
    path, record = fleet.path("jobs", "a"), fleet.record("a")
    record.update(state="running", term=86401)
    fleet.client.set(path, json.dumps(record).encode())
    assert_one_line(fleet.run("--lockname", "a", "--", "false"), 65, path)
    fleet.client.delete(path)


@pytest.mark.parametrize("lease", ["2_4_0000000001", "2_2_0000000001", "1_1_0000000001"])
def test_a_lease_of_another_total(fleet, lease):
    """Who disagrees on the total would share what is not there."""
    fleet.resources("r")
    path = fleet.path("semaphores", "r", "leases", lease)
    fleet.client.create(path, b"old.example.org 4711", ephemeral=True, makepath=True)
    refused(fleet, "r")
    assert fleet.leases("r") == [lease]
    fleet.client.delete(path)


def test_a_running_one_with_another_total(fleet):
    fleet.resources("r")
    fleet.start_job("first", arguments=("--lease", "r=1:3"))
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:4", "--", "false"), 65, "r", "3", "4")
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:3", "--", "true"), 0)
    fleet.end_job("first")


def test_nodes_beside_ours_are_nobodys_business(fleet):
    fleet.resources("r")
    for path in ("locks/other", "queues/other/foreign", "semaphores/other/leases/foreign",
                 "semaphores/r/lock/acquire-1"):
        fleet.client.create(fleet.path(path), b"", makepath=True)
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:3", "--", "true"), 0)
    assert fleet.list("semaphores", "r", "lock") == ["acquire-1"]
