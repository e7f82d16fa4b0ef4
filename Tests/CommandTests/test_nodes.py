"""The nodes that a run makes are those of Docs/Protocol.md."""

import re

from Support.eventually import eventually
from Support.fleet import HOST


def test_the_lock(fleet):
    run = fleet.start_job("a")
    data, stat = fleet.client.get(fleet.path("locks", "a"))
    host, pid = data.decode().split(" ")
    assert host == HOST and int(pid) in {one.pid for one in run.processes()}
    assert stat.ephemeralOwner != 0
    fleet.end_job("a")
    assert run.wait() == 0
    assert fleet.list("locks") == []


def test_the_record(fleet):
    run = fleet.start_job("a")
    record = fleet.record("a")
    assert record["state"] == "running" and record["host"] == HOST and float(record["term"]) == 6
    assert {"session", "n", "pid", "runs"} <= set(record)
    lock = fleet.stat("locks", "a")
    assert fleet.stat("jobs", "a").mzxid == lock.czxid, "written in the multi that took the lock"
    assert fleet.stat("jobs", "a").ephemeralOwner == 0
    fleet.end_job("a")
    assert run.wait() == 0
    record = fleet.record("a")
    assert record["state"] == "ended" and record["started"]
    assert record["token"] == lock.czxid, "known only after the multi that made it"


def test_the_record_keeps_the_last_ten_runs_within_four_kilobytes(fleet):
    for _ in range(13):
        assert fleet.run("--lockname", "a", "--", "true").code == 0
    assert len(fleet.record("a")["runs"]) == 10
    assert len(fleet.get("jobs", "a")) <= 4096


def test_a_lockname_of_512_bytes_keeps_its_record_small(fleet):
    for _ in range(11):
        assert fleet.run("--lockname", "x" * 512, "--", "true").code == 0
    assert len(fleet.get("jobs", "x" * 512)) <= 4096


def test_lease_and_mark(fleet):
    fleet.resources("r")
    run = fleet.start_job("a", arguments=("--lease", "r=2:5"))
    (lease,), (mark,) = fleet.leases("r"), fleet.marks("r")
    session = f"{fleet.lock_session('a'):x}"
    assert re.fullmatch(f"2_5_0*{session}_[0-9]+", lease)
    assert re.fullmatch(f"2_5_0*{session}_[0-9]+_6", mark)
    lease_stat = fleet.stat("semaphores", "r", "leases", lease)
    mark_stat = fleet.stat("semaphores", "r", "marks", mark)
    assert lease_stat.ephemeralOwner and not mark_stat.ephemeralOwner
    assert lease_stat.czxid == mark_stat.czxid == fleet.stat("locks", "a").czxid, "one multi takes all"
    assert fleet.queue("r") == [], "and gives up the places"
    fleet.end_job("a")
    assert run.wait() == 0
    assert (fleet.leases("r"), fleet.marks("r")) == ([], [])


def test_a_place_in_a_queue(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    fleet.launch_job("a", arguments=("--lease", "r=1:1"))
    place = fleet.queued("r", "a")
    assert re.fullmatch("a-[0-9]{10}", place)
    data, stat = fleet.client.get(fleet.path("queues", "r", place))
    assert re.fullmatch(re.escape(HOST) + " [0-9]+", data.decode()) and stat.ephemeralOwner
    fleet.end_job("holder")
    fleet.records.started("a")
    fleet.end_job("a")


def test_no_lock_writes_no_record(fleet):
    fleet.resources("r")
    run = fleet.start_job("a", arguments=("--no-lock", "--lockname", "a", "--lease", "r=1:1"))
    assert fleet.list("jobs") == [] and fleet.list("locks") == [] and len(fleet.leases("r")) == 1
    fleet.end_job("a")
    assert run.wait() == 0
    eventually(lambda: fleet.marks("r") == [])


def test_the_next_run_in_a_row_is_written_over_the_first(fleet):
    for n in range(3):
        assert fleet.run("--lockname", "a", "--", "sh", "-c", f"exit {n}").code == n
    assert fleet.list("jobs") == ["a"]
