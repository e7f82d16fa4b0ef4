"""What the command is told of the runs before it."""

import json
import re

import pytest

SHOW = ("sh", "-c", 'echo "${SWITCHMAN_LAST_START-none} ${SWITCHMAN_LAST_OUTCOME-none} ${SWITCHMAN_LAST_SUCCESS-none}"')
INHERITED = {"SWITCHMAN_LAST_START": "x", "SWITCHMAN_LAST_OUTCOME": "x", "SWITCHMAN_LAST_SUCCESS": "x", "SWITCHMAN_ATTEMPT": "9"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"


def told(fleet, *options, **more):
    return fleet.run("--lockname", "a", *options, "--", *SHOW, **more).out.split()


def test_the_first_run_is_told_nothing(fleet):
    assert told(fleet, env=INHERITED) == ["none"] * 3
    assert told(fleet, "--no-lock", env=INHERITED) == ["none"] * 3


def test_the_last_start_and_the_last_success(fleet):
    assert told(fleet) == ["none"] * 3
    start, outcome, success = told(fleet)
    assert re.fullmatch(TIME, start) and (outcome, success) == ("ran", start)
    assert fleet.run("--lockname", "a", "--", "sh", "-c", "kill -9 $$").code == 137
    later, outcome, success = told(fleet)
    assert later > success > start and outcome == "signaled"


def test_each_attempt_has_its_number(fleet):
    script = "echo $SWITCHMAN_ATTEMPT; test $SWITCHMAN_ATTEMPT = 3"
    run = fleet.run("--lockname", "a", "--retries", 5, "--retry-delay", 0, "--", "sh", "-c", script, env=INHERITED)
    assert run.out.split() == ["1", "2", "3"] and run.code == 0


@pytest.mark.parametrize("members", [
    {"outcome": "ran\0LD_PRELOAD=/tmp/x.so"}, {"outcome": "\x1b[31m"}, {"outcome": "x" * 3000}, {"started": -1},
    {"started": 2 ** 63 - 1},
], ids=lambda members: json.dumps(members)[:40])
def test_what_a_record_says_is_text_from_outside(fleet, members):
    run = {"host": "h", "outcome": "ran", "code": 0, "started": 1, **members}
    record = {"state": "ended", "session": "1", "n": 1, "term": 6, "host": "h", "pid": 1, "runs": [run]}
    fleet.client.create(fleet.path("jobs", "a"), json.dumps(record).encode(), makepath=True)
    said = told(fleet)
    assert all(word in ("none", "ran") or re.fullmatch(TIME, word) for word in said)
    fleet.client.set(fleet.path("jobs", "a"), json.dumps(record).encode())
    assert "\nLD_PRELOAD" not in fleet.run("--lockname", "a", "--", "env").out
