"""A kernel that has no memory for a message just now (ENOBUFS): the guardian is well, and nobody is to think that it died."""

import errno
import os
import signal
import subprocess

import pytest

from Support.eventually import always, eventually
from Support.fixtures import ROOT
from Support.fleet import assert_one_line

START, DEADLINE, END, ACK = "1", "2", "4", "7"


class Memory:
    """What is lacking: the types of message that are refused."""

    def __init__(self, folder):
        self.path = f"{folder}/refused"
        library = f"{folder}/failing.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, ROOT / "Tests/Support/failing.c"], check=True)
        self.environment = {
            "LD_PRELOAD": library, "SWITCHMAN_TEST_FAILING": "sendmsg", "SWITCHMAN_TEST_REFUSED": self.path}

    def lacks_for(self, types):
        with open(f"{self.path}.new", "w", encoding="ascii") as file:
            file.write(types)
        os.replace(f"{self.path}.new", self.path)

    def is_back(self):
        os.remove(self.path)

    def seen(self):
        try:
            with open(f"{self.path}.seen", encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path)


def test_a_heartbeat_that_cannot_be_told(fleet, memory):
    run = fleet.start_job("a", "--log-signals", env=memory.environment)
    memory.lacks_for(DEADLINE)
    eventually(lambda: DEADLINE in memory.seen(), what="one was refused")
    memory.is_back()
    always(lambda: run.running, during=2)
    fleet.end_job("a")
    assert (run.wait(), fleet.records.signals("a"), run.err) == (0, [], "")


def test_an_end_that_cannot_be_told_comes_later_and_in_order(fleet, memory):
    run = fleet.start_job("a", "--log-signals", "--end-on", signal.SIGTERM, env=memory.environment)
    memory.lacks_for(END)
    fleet.client.delete(fleet.path("locks", "a"))
    eventually(lambda: END in memory.seen(), what="it was refused")
    memory.is_back()
    assert run.wait() == 81
    assert fleet.records.signals("a") == [signal.SIGTERM]
    assert fleet.records.events("end", "a"), "it was not killed"
    fleet.leaves_marks = True


def test_a_start_that_cannot_be_told(fleet, memory):
    memory.lacks_for(START)
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), env=memory.environment)
    assert_one_line(run, 71, os.strerror(errno.EAGAIN))
    assert not os.path.exists(fleet.flag("ran"))
    assert (fleet.record("a")["state"], fleet.list("locks")) == ("ended", [])


def test_an_answer_that_cannot_be_given_comes_later_and_is_not_tried_without_a_pause(fleet, memory):
    run = fleet.start_job("a", env=memory.environment)
    memory.lacks_for(ACK)
    eventually(lambda: ACK in memory.seen(), what="one was refused")
    always(lambda: memory.seen().count(ACK) < 100, during=0.4, what="it waits before it tries again")
    memory.is_back()
    always(lambda: run.running, during=2)
    fleet.end_job("a")
    assert (run.wait(), run.err) == (0, "")
