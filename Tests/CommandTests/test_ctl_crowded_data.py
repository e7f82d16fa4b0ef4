"""switchmanctl and data of which there is too much: it takes no longer than it is long, and a signal ends it."""

import json
import os
import resource
import signal
import subprocess

import pytest

from Support.eventually import pause

NAMES = [f"job{number:05}" for number in range(40_000)]
RING = {f"g{number}": [f"g{(number + 1) % 2000}"] for number in range(1999)} | {"g1999": ["g0", "host1.example.org"]}


@pytest.fixture
def fleet(fleet):
    """Where so much is allowed."""
    fleet.settings["data_read_len"] = 1_000_000
    return fleet


@pytest.mark.parametrize("data", [{"paused": NAMES}, {"drained": NAMES}, {"groups": RING}], ids=["paused", "drained", "ring"])
def test_status_takes_no_time_that_grows_with_its_square(ctl, fleet, data):
    """13.5 s of processor time before, and 2.7 s: more than this, even on a machine ten times as slow."""
    fleet.prefix_data(data)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run = ctl("status", within=60)
    took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert run.code == 0 and ("job39999" in run.out or "host1.example.org" in run.out)
    assert took < 3, took
    if "groups" in data:
        assert ctl("groups", "show", "g0", within=60).out == "host1.example.org\n"


def test_who_reads_slowly_costs_nothing_and_gets_all(ctl, fleet):
    """Through a pipe that takes no more than it has room for, and says so instead of waiting."""
    fleet.prefix_data({"paused": NAMES})
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen([ctl.program, "status", "--json"], stdout=writer, env=ctl.environment()) as run:
        os.close(writer)
        got = b""
        while chunk := os.read(reader, 65536):
            got += chunk
            pause(0.2)
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    os.close(reader)
    assert run.returncode == 0 and json.loads(got)["paused"] == NAMES
    assert usage.ru_utime + usage.ru_stime < 2, "it waits for the reader, and does not ask again and again"


def test_an_interrupt_ends_it_where_nobody_reads(ctl, fleet):
    fleet.prefix_data({"paused": NAMES})
    reader, writer = os.pipe()
    with subprocess.Popen([ctl.program, "status", "--json"], stdout=writer, env=ctl.environment()) as run:
        os.close(writer)
        os.read(reader, 1)
        run.send_signal(signal.SIGINT)
        assert run.wait(10) != 0
    os.close(reader)
