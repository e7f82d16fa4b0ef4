"""Standard streams that the caller has closed, in every combination: whatever is opened next would take their numbers, and a log,
a socket or a cgroup of ours would be the command's standard output."""

import itertools
import os
import subprocess

import pytest

from Support.eventually import eventually

STREAMS = {0: "<&-", 1: ">&-", 2: "2>&-"}
COMBINATIONS = [closed for count in range(4) for closed in itertools.combinations(STREAMS, count)]
# What is no harm in the place of a stream: what the caller has given it, nothing, or something that is neither read nor written.
HARMLESS = {"/dev/null", "/"}


def closing(closed):
    """The words of a caller that has closed these."""
    return "sh", "-c", f'exec "$@" {" ".join(STREAMS[number] for number in closed)}', "sh"


def streams(pid):
    """Where the standard descriptors lead, those that are open."""
    found = {}
    for number in STREAMS:
        try:
            found[number] = os.readlink(f"/proc/{pid}/fd/{number}")
        except OSError:
            pass
    return found


def named(closed):
    return "-".join(map(str, closed)) or "none"


@pytest.fixture(params=COMBINATIONS, ids=named)
def closed(request):
    return request.param


@pytest.fixture
def noisy(fleet, tmp_path):
    """All that a run may open: a log, metrics, hooks, a control group."""
    (tmp_path / "metrics").mkdir()
    hook = f"for n in 0 1 2; do readlink /proc/$$/fd/$n >>{tmp_path}/hook || echo closed >>{tmp_path}/hook; done"
    return fleet.config(
        logfile=f"{tmp_path}/log", loglevel="debug", metrics_directory=f"{tmp_path}/metrics",
        hooks={"started": hook, "succeeded": hook})


@pytest.mark.parametrize("options", [(), ("--keep-output", "1k")], ids=["plain", "kept"])
def test_nothing_of_ours_takes_their_numbers(fleet, noisy, closed, options):
    run = fleet.start_job("a", arguments=("--lockname", "a", "--verbose", *options), config=noisy, prefixed=closing(closed))
    command = fleet.records.started("a").pid
    front, supervisor, guardian = run.three()
    given = streams(command)
    for number in STREAMS:
        if number in closed:
            assert given.get(number) in (None, "/dev/null"), given
        elif options and number:
            # A file is the command's own, also with --keep-output.
            assert given[number].startswith(str(fleet.folder)), given
    for pid in (front, supervisor, guardian):
        ours = {number: path for number, path in streams(pid).items() if path not in HARMLESS}
        assert all(given.get(number) == path for number, path in ours.items()), (pid, ours, given)
    fleet.end_job("a")
    assert run.wait() == 0
    assert "outcome=ran" in open(fleet.flag("log"), encoding="utf-8").read()
    told = open(fleet.flag("hook"), encoding="utf-8").read().split()
    assert len(told) == 6 and not [path for path in told if "socket" in path or path.endswith("/log") or "cgroup" in path], told


def test_a_command_that_writes_to_all_of_them_spoils_nothing(fleet, noisy, closed):
    """Neither the log, nor the run."""
    shout = "for n in 0 1 2; do echo NOISE >&$n; done; exit 3"
    run = fleet.start("--lockname", "a", "--verbose", "--", "bash", "-c", shout, config=noisy, prefixed=closing(closed))
    assert run.wait() == 3
    with open(fleet.flag("log"), encoding="utf-8") as file:
        assert "NOISE" not in file.read()


def test_the_operators_tool(fleet, ctl, closed):
    """It says what it can say, and nothing of it goes into a socket."""
    fleet.run("--lockname", "a", "--", "true")
    told = ctl("history", "a", prefixed=closing(closed))
    assert told.code == (71 if 1 in closed else 0), told
    assert ("ran" in told.out) == (1 not in closed)
    eventually(lambda: fleet.record("a")["state"] == "ended")


def test_a_mistake_is_one_line_or_none(fleet, closed):
    for words, code in (("--no-such-option",), 64), (("--dry-run", "--lockname", "a", "--", "true"), 71 if 1 in closed else 0):
        run = fleet.start(*words, prefixed=closing(closed)).finished()
        assert run.code == code, (words, run.code, run.err)
        assert len(run.err.splitlines()) == (1 if code and 2 not in closed else 0), run.err


def test_the_help_that_nobody_can_read(fleet, controller, closed):
    """As cat(1): what could not be written is no success."""
    for program in (fleet.program, controller):
        told = subprocess.run([*closing(closed), program, "--help"], capture_output=True, text=True)
        assert (told.returncode == 0) == (1 not in closed), (program, told)
