"""Any number of contenders for one lock: one runs, the others skip in silence."""

import threading

import pytest

from Support.eventually import eventually


@pytest.mark.parametrize("count", [2, 10, 50])
def test_one_of_many_runs(fleet, count):
    end = fleet.flag("end")
    runs = [
        fleet.start("--lockname", "shared", "--",
                    *fleet.job(f"job{n}", "--claim", "lock:1:1", "--until", end, "--exit", 7))
        for n in range(count)
    ]
    eventually(lambda: sum(not run.running for run in runs) == count - 1, 60, "all but one skip")
    fleet.raise_flag(end)
    for run in runs:
        run.wait()
    assert sorted(run.code for run in runs) == [0] * (count - 1) + [7]
    assert all(run.err == "" for run in runs)
    assert len(fleet.records.events("start")) == 1
    fleet.records.assert_never_two()


def test_contenders_that_come_again_and_again_never_overlap(fleet):
    failures = []

    def contend(number):
        for turn in range(6):
            run = fleet.run("--lockname", "shared", "--",
                            *fleet.job(f"job{number}.{turn}", "--claim", "lock:1:1", "--for", 20))
            if (run.code, run.err) != (0, ""):
                failures.append(run)
    threads = [threading.Thread(target=contend, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(fleet.records.events("start")) >= 2
    tokens = [int(event.detail[0], 0) for event in sorted(fleet.records.events("start"), key=lambda one: one.time)]
    assert tokens == sorted(set(tokens)), "the fencing token grows with each acquisition"
    fleet.records.assert_never_two()


@pytest.mark.parametrize("changes", [{}, {"mixed_fleet": True, "session_timeout": 10}])
def test_each_of_many_in_a_row_runs(fleet, changes):
    """The caller is told of the end when the lock is free, though the session, or in a mixed fleet nothing, ends behind it."""
    times = 20
    config = fleet.config(**changes)
    loop = 'for i in $(seq $0); do "$@" || exit; done'
    run = fleet.start("--lockname", "outer", "--", "sh", "-c", loop, times, fleet.program, "--config", config,
                      "--lockname", "a", "--", *fleet.job("a", "--for", 1))
    assert run.wait() == 0 and len(fleet.records.events("start", "a")) == times


def test_different_locks_do_not_meet(fleet):
    fleet.start_job("a")
    fleet.start_job("b")
    fleet.end_job("a")
    fleet.end_job("b")
    assert [run.wait() for run in fleet.runs] == [0, 0]
