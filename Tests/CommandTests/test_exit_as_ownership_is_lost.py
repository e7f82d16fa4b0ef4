"""A command that exits just as ownership is lost: its own status if it was reaped before our first kill, else 81."""

import contextlib
import threading

import pytest
from kazoo.exceptions import NoNodeError

from Support.eventually import elapsed, eventually, now

STATUS = 7


def lose_and_exit(fleet, apart_s):
    """Delete the lock, and let the command exit so many seconds later (or earlier)."""
    run = fleet.start_job("a", "--exit", STATUS, "--log-signals", "--end-on", 15)
    start = now() + 0.1

    def delete():
        # The release may have been quicker.
        with contextlib.suppress(NoNodeError):
            fleet.client.delete(fleet.path("locks", "a"))
    steps = [(start, delete), (start + apart_s, lambda: fleet.end_job("a"))]

    def at(time, step):
        elapsed(time)
        step()
    threads = [threading.Thread(target=at, args=step) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run.finished()


@pytest.mark.parametrize("apart_ms", [-30, -15, -8, -4, -2, -1, 0, 1, 2, 4, 8, 15, 30])
def test_either_outcome_but_a_consistent_one(fleet, apart_ms):
    run = lose_and_exit(fleet, apart_ms / 1000)
    asked = fleet.records.signals("a") != []
    assert run.code in (STATUS, 81)
    if asked:
        assert run.code == 81, "it was signalled by us, so it had not been reaped before"
    assert fleet.records.events("end", "a")


def test_long_before(fleet):
    run = fleet.start_job("a", "--exit", STATUS)
    fleet.end_job("a")
    eventually(lambda: fleet.records.events("end", "a"))
    assert run.wait() == STATUS


def test_its_own_status_after_our_request_does_not_count(fleet):
    run = fleet.start_job("a", "--exit", STATUS, "--log-signals", "--end-on", 15)
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait() == 81
    assert fleet.records.signals("a") == [15]
