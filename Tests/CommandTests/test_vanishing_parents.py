"""Persistent nodes that go between a look and what is made under them: container nodes that are reaped, somebody's cleaner."""

import pytest


@pytest.mark.parametrize("parent, below", [
    ("semaphores", "semaphores/r"), ("semaphores/r", "semaphores/r/leases"), ("queues", "queues/r"), ("locks", "locks"),
])
def test_they_are_made_again(fleet, proxy, parent, below):
    fleet.resources("r")
    left = [1]

    def clean(request):
        if left[0] and ("create", fleet.path(below)) in request.parts and parent != below:
            left[0] -= 1
            fleet.client.delete(fleet.path(parent), recursive=True)
        elif left[0] and parent == below and any(path.startswith(fleet.path("locks/")) for _, path in request.parts):
            left[0] -= 1
            if fleet.client.exists(fleet.path(parent)):
                fleet.client.delete(fleet.path(parent))
    proxy.on_request = clean
    config = fleet.config("behind.conf", zkhosts=proxy.address)
    run = fleet.run("--lockname", "a", "--lease", "r=1:2", "--", "echo", "ran", config=config)
    assert (run.code, run.out, run.err) == (0, "ran\n", "") and left[0] == 0
