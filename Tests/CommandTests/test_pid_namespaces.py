"""Other PID namespaces: where switchman itself would be torn in two it starts nothing; and what the command has sent into another
one is killed with its control group."""

import subprocess

import pytest

from Support import processes
from Support.eventually import eventually, now
from Support.fleet import assert_one_line
from Support.ground import ACCOUNTS

UNSHARED = ("unshare", "--pid")


@pytest.fixture
def world(ground):
    """Process 1 of a namespace that has nothing to do with any run: a container that is there already."""
    user = ("setpriv", f"--reuid={ground.uid}", f"--regid={ground.uid}", "--clear-groups") if ground.uid else ()
    kinds = ("--user", "--map-root-user", "--pid") if ground.uid else ("--pid",)
    container = subprocess.Popen([*user, "unshare", *kinds, "--fork", "--kill-child", "sleep", "1000"])
    try:
        found = eventually(
            lambda: container.poll() is not None
            or next((one for one in processes.children(container.pid) if one.comm == "sleep"), None),
            what="process 1")
        if found is True:
            pytest.skip("no such namespace can be made")
        yield found.pid
    finally:
        container.kill()
        container.wait()


@pytest.fixture
def entered(world):
    return ("nsenter", f"--pid=/proc/{world}/ns/pid", "--no-fork")


@pytest.mark.parametrize("words", ["unshare", "nsenter"])
@pytest.mark.parametrize("options", [(), ("--no-lock", "--lease", "r=1:1"), ("--wait", 5)])
def test_a_namespace_for_the_children_alone_is_refused(held, request, words, options):
    """The front would see other numbers than those whom it started."""
    held.resources("r")
    prefixed = UNSHARED if words == "unshare" else request.getfixturevalue("entered")
    run = held.start("--lockname", "a", *options, "--", *held.job("a", "--for", 50), prefixed=prefixed)
    run.wait()
    assert not held.records.events()
    assert_one_line(run, 71, "/proc")
    held.assert_no_trace()
    assert run.left() == []


@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_a_descendant_in_a_namespace_of_its_own(held, ground):
    """Made below the command: its processes have other numbers there, and here as well."""
    kinds = ("--user", "--map-root-user") if ground.uid else ()
    inside = ("unshare", *kinds, "--pid", "--fork")
    if subprocess.run([*ground.prefixed, *inside, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no such namespace can be made")
    ends_with_its_run(held, inside)


@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)
def test_a_descendant_that_has_left_for_another_namespace(held, ground, world):
    """There its orphans are process 1's, whom nobody of ours can reach: `runc exec`, `nsenter -p`, rootless `podman exec`."""
    if ground.mode == "off":
        pytest.skip("limit 3: it takes a control group to hold these")
    kinds = ("--user", "--preserve-credentials") if ground.uid else ()
    ends_with_its_run(held, ("nsenter", f"--target={world}", *kinds, "--pid"))


def ends_with_its_run(fleet, inside):
    run = fleet.start("--lockname", "a", "--", *inside, *fleet.job("first", "--stubborn", "--claim", "lock:1:1"))
    eventually(lambda: len(fleet.records.spans("first")) == 3, what="it has forked")
    second = fleet.start_waiting("second", "a", "--claim", "lock:1:1", "--for", 50)
    lost_at = now()
    fleet.client.delete(fleet.path("locks", "a"))
    assert run.wait() == 81
    assert second.wait(60) == 0
    fleet.records.assert_one_after_the_other("first", "second")
    assert fleet.records.last_sign("first") < lost_at + fleet.settings["termination_timeout"] + 2
