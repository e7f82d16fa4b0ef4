"""A log that nobody reads: the job matters more, and the heartbeats must not wait behind a line."""

import os
import subprocess

import pytest

from Support.eventually import always, eventually


@pytest.fixture
def full_pipe():
    """A pipe without room, whose reader never reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


def test_a_standard_error_that_nobody_reads(fleet, full_pipe):
    """The line about descendants finds no room: it is dropped, the run goes on beyond its term and ends as it should."""
    words = [fleet.program, "--config", fleet.config(), "--lockname", "a", "--", "sh", "-c", "sleep 8 & exit 3"]
    with subprocess.Popen(words, stderr=full_pipe) as run:
        eventually(lambda: fleet.get("locks", "a"))
        always(lambda: run.poll() is None and fleet.get("locks", "a"), during=7)
        assert run.wait(10) == 3
    assert fleet.record("a")["state"] == "ended"


def test_a_logfile_without_a_reader(fleet):
    fifo = f"{fleet.folder}/fifo"
    os.mkfifo(fifo)
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=fleet.config(logfile=fifo))
    assert run.code == 3
    assert "logfile" in run.err and len(run.err.splitlines()) == 1
