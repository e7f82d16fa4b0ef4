"""The only place where the tests wait: for a condition, never for a guess at how long something takes."""

import threading
import time

_pause = threading.Event()


def now():
    """Seconds on CLOCK_BOOTTIME, the clock that the guarantee, the program and the recorder program use."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def eventually(condition, within=20.0, what=""):
    """Return the first true value of `condition()`; fail when there is none `within` seconds. `what`: a
    text, or what gives it then."""
    deadline = now() + within
    while True:
        value = condition()
        if value:
            return value
        if now() > deadline:
            raise AssertionError(f"not within {within} s: {_said(what) or condition}; last value: {value!r}")
        _pause.wait(0.01)


def always(condition, during, what=""):
    """Fail at the first instant, `during` so many seconds, at which `condition()` is false: time itself is tested."""
    deadline = now() + during
    while now() < deadline:
        value = condition()
        assert value, f"did not hold for {during} s: {_said(what) or condition}; value: {value!r}"
        _pause.wait(0.01)


def _said(what):
    return what() if callable(what) else what


def pause(seconds):
    """Between two faults, to the millisecond."""
    threading.Event().wait(seconds)


def elapsed(until):
    """Return once CLOCK_BOOTTIME has reached `until`; for faults that last a given time."""
    eventually(lambda: now() >= until, within=max(0.0, until - now()) + 5)
