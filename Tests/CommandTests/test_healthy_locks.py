"""A healthy lock is never shown as lost or as an original's, however quickly its runs follow each other."""

import itertools
import json
import threading

import pytest

ROUNDS = 40


@pytest.fixture
def busy(fleet):
    """Short runs of one lock in turn, on and on."""
    over, faults = threading.Event(), []

    def go_on():
        while not over.is_set():
            run = fleet.run("--lockname", "same", "--wait", "1m", "--", "true")
            if run.code not in (0, 80):
                faults.append((run.code, run.err))
    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield fleet
    over.set()
    for thread in threads:
        thread.join()
    assert not faults


def test_status(busy, ctl):
    states = [[lock["state"] for lock in json.loads(ctl("status", "--json", *name).out)["locks"]]
              for name in itertools.islice(itertools.cycle([("same",), ()]), ROUNDS)]
    assert {state for one in states for state in one} <= {"running", "waiting", "free"}
    assert ["running"] in states


def test_explain_and_stop_and_history(busy, ctl):
    for _ in range(ROUNDS // 2):
        said = ctl("explain", "--lockname", "same", "true")
        assert "lost" not in said.out + said.err, said.out
        assert {run["outcome"] for run in ctl.json("history", "same")["runs"]} <= {"ran", "running", "released"}
        said = ctl("stop", "--timeout", "1s", "same")
        assert "lost" not in said.out + said.err and "original" not in said.out + said.err


def test_the_log_of_those_who_come_too_late(fleet):
    log = f"{fleet.folder}/log"
    config = fleet.config("logging.conf", logfile=log, loglevel="info")
    for _ in range(15):
        runs = [fleet.start("--lockname", "same", "--", "true", config=config) for _ in range(4)]
        assert [run.wait() for run in runs] == [0] * 4
    with open(log, encoding="utf-8") as file:
        said = file.read()
    assert "outcome=locked" in said and "original" not in said
