"""What a run weighs while it waits, all its processes together."""

from Support import processes

MEGABYTE = 1024 * 1024


def test_a_waiting_run_takes_at_most_16_megabytes(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    run = fleet.launch_job("waiting", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "waiting")
    pids = [one.pid for one in run.processes()]
    assert len(pids) == 3
    weight = processes.pss_bytes(pids)
    assert weight <= 16 * MEGABYTE, f"{weight / MEGABYTE:.1f} MB"
    fleet.end_job("holder")
    fleet.records.started("waiting")
    fleet.end_job("waiting")
