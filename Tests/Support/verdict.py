"""What a check of `switchmanctl` says: the conventions of monitoring plugins."""

CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


def assert_says(run, status, check, *mentions):
    """The first line begins with the status and the check's name, the exit code is the status's, standard error is
    empty, and the mentions stand somewhere in what was said."""
    assert run.err == "", run
    first = (run.out.splitlines() or [""])[0]
    assert first.startswith(f"{status}: {check}: "), (run, run.out)
    assert run.code == CODES[status], (run, run.code, run.out)
    for mention in mentions:
        assert mention in run.out, f"{mention!r} is not named in: {run.out}"
    assert "\x1b" not in run.out and "\x07" not in run.out


# What `check crontab` notes of the machine that the tests run on, and of no crontab: switchman is not installed there.
NOT_INSTALLED = ": note: on this host there is no switchman in PATH ("


def lines_of(run):
    return [line for line in run.out.splitlines() if NOT_INSTALLED not in line]


def assert_one_line(run, status, check, *mentions):
    assert_says(run, status, check, *mentions)
    assert len(lines_of(run)) == 1, run.out
