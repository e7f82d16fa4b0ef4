"""Which options go together: what cannot mean anything is 64, in one line; the man page has the table."""

import pytest

from Support import manual
from Support.fleet import HOST, assert_one_line

REFUSED = [
    (["--no-lock", "--wait", "1m"], "--wait"),
    (["--no-lock", "--wait", "0"], "--wait"),
    (["--waiters", "1"], "--waiters"),
    (["--waiters", "1", "--wait", "0"], "--waiters"),
    (["--no-lock", "--min-interval", "1h"], "--min-interval"),
    (["--no-lock", "--lease", "r=1:1", "--min-interval", "1h"], "--min-interval"),
    (["--no-lock", "--lease", "r=1:1", "--wait", "1m"], "--wait"),
    (["--no-lock", "--once-per", "hour"], "--once-per"),
    (["--once-per", "hour", "--min-interval", "1h"], "--once-per"),
    (["--no-lock", "--after", "b"], "--after"),
    (["--lockname", "a", "--after", "b,a"], "--after"),
    (["--no-lock", "--term", "1m"], "--term"),
    (["--retry-failed"], "--retry-failed"),
    (["--retry-failed", "--retries", "3"], "--retry-failed"),
    (["--retry-delay", "1s"], "--retry-delay"),
    (["--no-retry", "3"], "--no-retry"),
    (["--no-retry", "3", "--retries", "1", "--success", "1-5"], "--no-retry"),
    (["--no-retry", "0", "--retries", "1"], "--no-retry"),
    (["--no-lock", "--keep-output", "8k"], "--keep-output"),
    (["--no-lock", "--lease", "r=1:1", "--keep-output", "8k"], "--keep-output"),
    (["--keep-output", "8k", "--descendants", "leave"], "--keep-output"),
    (["--on-group-exit", "finish"], "--on-group-exit"),
    (["--on-group-exit", "stop"], "--on-group-exit"),
    (["--lease-wait", "1m"], "--lease-wait"),
    (["--lease-wait", "0", "--wait", "1m"], "--lease-wait"),
]


@pytest.mark.parametrize("row", manual.refused_combinations(), ids=lambda row: " ".join(sorted(row)))
def test_the_table_of_the_manual_page_is_tested(row):
    """And is complete, says Tests/InvocationTests."""
    assert any(row <= set(options) for options, _ in REFUSED), "add it to REFUSED"


@pytest.mark.parametrize("options, named", REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else value)
def test_what_cannot_mean_anything_is_refused(fleet, options, named):
    assert_one_line(fleet.run(*options, "--", "false"), 64, f"option {named}")
    assert_one_line(fleet.run("--dry-run", *options, "--", "false"), 64, f"option {named}")
    fleet.assert_no_trace()


@pytest.mark.parametrize("options", [
    ["--lock", "--wait", "1m"],
    ["--no-lock", "--lock", "--wait", "1m"],
    ["--no-lock", "--retries", "1", "--timeout", "1m", "--splay", "0"],
    ["--no-lock", "--lease", "r=1:1", "--term", "1m", "--lease-wait", "1m"],
    ["--wait", "1m", "--min-interval", "1h", "--retry-failed", "--retries", "1", "--retry-delay", "1s", "--timeout", "1m",
     "--term", "1m", "--splay", "1s", "--on-unavailable", "skip", "-g", "g", "--on-group-exit", "finish",
     "--lease", "r=1:1", "--lease-wait", "1m", "--descendants", "kill", "-E", "9"],
    ["--wait", "1m", "--once-per", "15m", "--retry-failed", "--retries", "1", "--timeout", "1m", "--splay", "1s",
     "--lease", "r=1:1"],
    ["--wait", "forever", "--waiters", "1", "--once-per", "day", "--retry-failed", "--lease", "r=1:1"],
    ["--retries", "0", "--retry-delay", "1s"],
    ["--after", "z", "--wait", "1s", "--retry-failed", "--min-interval", "1h", "--lease", "r=1:1", "--waiters", "1",
     "--exit-code", "not-ready=127"],
    ["--after", "z", "--once-per", "hour", "--retry-failed", "--exit-code", "not-ready=127"],
    ["--no-lock", "--success", "3", "--retries", "1", "--no-retry", "4,126-255"],
    ["--timeout", "0", "--wait", "0", "--splay", "0"],
    ["--timeout", "forever", "--wait", "forever"],
], ids=" ".join)
def test_everything_else_is_not(fleet, options):
    fleet.resources("r", groups={"g": [HOST]})
    assert fleet.run("--lockname", "a", *options, "--", "sh", "-c", "exit 127").code == 127


@pytest.mark.parametrize("option, value", [
    ("--wait", "1.5"), ("--wait", "-1"), ("--wait", "1m30s"), ("--wait", ""), ("--wait", "ever"),
    ("--timeout", "1.5"), ("--timeout", ""),
    ("--min-interval", "0"), ("--min-interval", "forever"), ("--min-interval", "367d"), ("--min-interval", "99999999999999999999"),
    ("--term", "forever"), ("--term", "2s"), ("--term", "25h"), ("--term", "x"),
    ("--splay", "forever"), ("--splay", "25h"), ("--splay", "-1"),
    ("--retries", "-1"), ("--retries", "x"), ("--retries", ""), ("--retries", "1000001"), ("--retries", "1.0"),
    ("--retries", "99999999999999999999"), ("--retry-delay", "forever"), ("--retry-delay", "25h"),
    ("--on-group-exit", "go"), ("--on-unavailable", "run"), ("--dry-run=1", None), ("--retry-failed=1", None),
])
def test_a_bad_value_is_refused_and_the_option_named(fleet, option, value):
    words = [option] if value is None else [option, value]
    assert_one_line(fleet.run(*words, "--", "false"), 64, option.split("=")[0])


def test_the_ownership_term_of_one_job(fleet):
    """Stronger than the configuration's; it is what a successor reads."""
    fleet.resources("r")
    fleet.start_job("a", arguments=("--term", "20s", "--lease", "r=1:1"), config=fleet.config(ownership_term=6))
    assert fleet.record("a")["term"] == 20
    assert fleet.marks("r")[0].endswith("_20")
    fleet.end_job("a")
