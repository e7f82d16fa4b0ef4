"""switchmanctl output: the end of what a job's last failed run has written, and whose it is."""

import base64
import json
import re
import subprocess

import pytest

from Support.control import assert_refused
from Support.output import KEPT
from Support.terminal import Terminal

HOSTILE = b"\x1b]0;owned\x07\x1b[2J red\x1b[31m\r\nback\rward \xe2\x80\xae reversed\n\xff\xfe\x00 bytes\tand a tab\n<script>\n"


def fails(fleet, output=b"broken\n", lockname="a", *options):
    path = fleet.write("said", output)
    run = fleet.run("--lockname", lockname, *(options or KEPT), "--", "sh", "-c", f"cat {path}; exit 3", stdout=subprocess.DEVNULL)
    assert run.code == 3, run.err


def shown(ctl, *words):
    """What is printed, as bytes."""
    run = ctl("output", *words)
    assert (run.code, run.err) == (0, ""), run
    with open(run._output, "rb") as file:
        header, _, rest = file.read().partition(b"\n")
    return header.decode(), rest


def test_a_header_and_the_bytes(ctl, fleet):
    fails(fleet)
    past = fleet.record("a")["runs"][-1]
    header, output = shown(ctl, "a")
    assert re.fullmatch(rf"a on {re.escape(past['host'])}: ran, code 3, ended \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d, "
                        rf"token {past['token']}; 7 bytes \(standard error went to a terminal or a file\)", header), header
    assert output == b"broken\n"


def test_it_says_how_much_there_was(ctl, fleet):
    fails(fleet, b"x" * 5000, "a", "--keep-output", "100")
    header, output = shown(ctl, "a")
    assert "; the last 100 of 5000 bytes" in header and output == b"x" * 100


def test_raw_where_no_terminal_is(ctl, fleet):
    fails(fleet, HOSTILE)
    assert shown(ctl, "a")[1] == HOSTILE


def test_safe_on_a_terminal(ctl, fleet):
    fails(fleet, HOSTILE)
    terminal = Terminal({"SWITCHMAN_CONFIG": fleet.config("operator.conf")})
    try:
        terminal.line(f"{ctl.program} output a; echo done $?")
        terminal.expect(r"; \d+ bytes")
        terminal.expect(r"done 0")
    finally:
        terminal.close()
    screen = terminal.screen.split(" bytes (", 1)[1].split("done 0")[0]
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x9b\u202e]", screen), repr(screen)
    assert "?]0;owned??[2J red?[31m" in screen and "back?ward ? reversed" in screen and "<script>" in screen


def test_json_with_text(ctl, fleet):
    fails(fleet, b"na\xc3\xafve\n")
    past = fleet.record("a")["runs"][-1]
    document = ctl.json("output", "a")
    assert document.pop("end")
    assert document == {"lockname": "a", "host": past["host"], "outcome": "ran", "code": 3, "token": past["token"], "written": 7,
                        "stdout": True, "stderr": False, "encoding": "utf-8", "output": "naïve\n", "newer_runs": 0}


def test_json_with_bytes(ctl, fleet):
    fails(fleet, HOSTILE)
    document = ctl.json("output", "a")
    assert document["encoding"] == "base64" and base64.b64decode(document["output"], validate=True) == HOSTILE


def test_text_that_was_cut_within_a_character_is_text(ctl, fleet):
    for size in range(5, 9):
        fails(fleet, "€".encode() * 100, "a", "--keep-output", str(size))
        document = ctl.json("output", "a")
        assert (document["encoding"], document["output"]) == ("utf-8", "€" * (size // 3)), size
        assert len(shown(ctl, "a")[1]) == size, "as it was kept, byte for byte"
    fails(fleet, b"x" * 100 + b"\x80" * 4 + b"y", "a", "--keep-output", "5")
    assert base64.b64decode(ctl.json("output", "a")["output"]) == b"\x80" * 4 + b"y"


def test_newer_runs_are_said(ctl, fleet):
    fails(fleet)
    assert "since" not in shown(ctl, "a")[0]
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    assert shown(ctl, "a")[0].endswith("; 1 run since: ran 0")
    run = fleet.start_job("a")
    assert shown(ctl, "a")[0].endswith("; 2 runs since, the last: running")
    assert ctl.json("output", "a")["newer_runs"] == 2
    fleet.end_job("a")
    assert run.wait() == 0
    for _ in range(9):
        assert fleet.run("--lockname", "a", "--", "sh", "-c", "exit 4").code == 4
    assert shown(ctl, "a")[0].endswith("; 10 or more runs since, the last: ran 4")


def test_a_failure_that_wrote_nothing_is_the_last_one(ctl, fleet):
    fails(fleet)
    fails(fleet, b"")
    header, output = shown(ctl, "a")
    assert "; 0 bytes" in header and "since" not in header and output == b""


def test_a_job_that_is_not_known(ctl, fleet):
    fails(fleet, b"x", "nightly-report")
    assert_refused(ctl("output", "nightly-repotr"), 1, 'nothing is known of nightly-repotr; did you mean "nightly-report"?')
    assert_refused(ctl("output", "something-else"), 1, "nothing is known of something-else")
    assert_refused(ctl("output", "nightly-repotr", "--json"), 1, "did you mean")


def test_a_job_without_output(ctl, fleet):
    assert fleet.run("--lockname", "a", "--", "false").code == 1
    assert_refused(ctl("output", "a"), 1, "no output of a is kept", "--keep-output")


def test_an_empty_fleet(ctl):
    assert_refused(ctl("output", "a"), 1, "nothing is known of a")


@pytest.mark.parametrize("name", ["", "a/b", "."])
def test_bad_names(ctl, name):
    assert_refused(ctl("output", name), 64)


@pytest.mark.parametrize("data", [b"", b"?", b"{}\nx", b"[]\nx", b"\xff\n", b'{"host":"h"}\nx'])
def test_what_no_run_has_written(ctl, fleet, data):
    fleet.client.create(fleet.path("outputs", "a"), data, makepath=True)
    assert_refused(ctl("output", "a"), 65, fleet.path("outputs", "a"), "is not the output of a run")


def test_what_somebody_has_written_is_hostile(ctl, fleet):
    header = {"host": "\x1b[2Jh", "outcome": "ran\nforged", "ended": 253402214400000, "token": -1, "code": 1 << 40,
              "written": -5}
    fleet.client.create(fleet.path("outputs", "a"), json.dumps(header).encode() + b"\n" + bytes(700_000), makepath=True)
    line, output = shown(ctl, "a")
    assert line.startswith("a on ?[2Jh: ran?forged, ended 9999") and output == bytes(700_000)
    assert ctl.json("output", "a")["outcome"] == "ran\nforged"


def test_nothing_of_it_makes_the_others_fail(ctl, fleet):
    fails(fleet)
    fleet.client.set(fleet.path("outputs", "a"), b"\xff" * 1000)
    fleet.client.create(fleet.path("outputs", "stranger"), b"")
    assert ctl("status").code == 0 and ctl("history", "a").code == 0 and ctl("metrics").code == 0
    assert ctl("check", "job", "a", "--within", "1h").code in (1, 2), "it has failed"
    fleet.run("--lockname", "a", "--", "true")
    assert ctl("check", "job", "a", "--within", "1h").code == 0
