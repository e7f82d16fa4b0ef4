"""A switchman inside a switchman."""

import signal

from Support.eventually import eventually
from Support.fleet import assert_silent


def inner(fleet, *words):
    """The inner one finds its configuration in the environment that the outer gives it."""
    return [fleet.program, *words]


def test_another_lock(fleet):
    run = fleet.run("--lockname", "outer", "--", *inner(fleet, "--lockname", "inner", "--", "sh", "-c",
                    "echo $SWITCHMAN_LOCKNAME; exit 3"))
    assert (run.code, run.out, run.err) == (3, "inner\n", "")
    assert fleet.list("jobs") == ["inner", "outer"]


def test_the_same_lock_is_held(fleet):
    run = fleet.run("--lockname", "a", "--", *inner(fleet, "--lockname", "a", "-E", "9", "--", "true"))
    assert_silent(run, 9)


def test_a_lease_under_a_lock(fleet):
    fleet.resources("r")
    run = fleet.run("--lockname", "outer", "--lease", "r=1:2", "--",
                    *inner(fleet, "--lockname", "inner", "--lease", "r=1:2", "--", "true"))
    assert_silent(run, 0)


def test_a_signal_to_the_outer_ends_both(fleet):
    run = fleet.start("--lockname", "outer", "--", *inner(fleet, "--lockname", "inner", "--", *fleet.job("job")))
    fleet.records.started("job")
    run.send(signal.SIGTERM)
    assert run.wait() == 143
    eventually(lambda: fleet.list("locks") == [])
    assert fleet.record("inner")["state"] == fleet.record("outer")["state"] == "ended"


def test_loss_of_the_outer_kills_the_inner_tree(fleet):
    fleet.leaves_marks = True
    stubborn = fleet.job("job", "--stubborn")
    run = fleet.start("--lockname", "outer", "--", *inner(fleet, "--lockname", "inner", "--", *stubborn))
    fleet.records.started("job")
    fleet.client.delete(fleet.path("locks", "outer"))
    assert run.wait() == 81
    assert run.left() == []


def test_three_deep(fleet):
    run = fleet.run("--lockname", "one", "--", *inner(fleet, "--lockname", "two", "--",
                    *inner(fleet, "--lockname", "three", "--", "sh", "-c", "exit 4")))
    assert run.code == 4
