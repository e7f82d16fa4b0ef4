"""Tests that leave no processor to others run when no other does."""

import fcntl

from Support.fixtures import ROOM


def may_enter(how):
    with open(ROOM, "wb") as room:
        try:
            fcntl.flock(room, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_among_others():
    assert may_enter(fcntl.LOCK_SH) and not may_enter(fcntl.LOCK_EX)


def test_alone(alone):
    assert not may_enter(fcntl.LOCK_SH)
