"""Many runs at once, and the servers restarted under them: nothing is lost, and all are served. SWITCHMAN_TEST_WAITERS=300 and
SWITCHMAN_TEST_STARTS=200 play more of them; `-rP` shows how long it took."""

import os
from collections import Counter

import pytest

from Support.eventually import eventually, now, pause

WAITERS, STARTS = (int(os.environ.get(f"SWITCHMAN_TEST_{name}", count)) for name, count in (("WAITERS", 40), ("STARTS", 30)))
PERMITS = 20


@pytest.mark.timeout(900)
def test_all_are_served_while_the_servers_are_restarted(alone, ensemble, ensemble_fleet):
    fleet = ensemble_fleet
    config = fleet.config(session_timeout=20, ownership_term=20, connect_timeout=60)
    fleet.resources("pool")
    served = f"{fleet.folder}/served"
    write = ("sh", "-c", 'echo "$0" >>"$1"')
    holder = fleet.start_job("crowd", config=config)
    waiters = [fleet.start("--lockname", "crowd", "--wait", "forever", "--", *write, "crowd", served, config=config)
               for _ in range(WAITERS)]
    eventually(lambda: len(fleet.list("waiters", "crowd")) == WAITERS, within=120, what="all wait")
    began = now()
    starts = [fleet.start("--lockname", f"job-{number}", "--lease", f"pool=1:{PERMITS}", "--", *write, f"job-{number}", served,
                          config=config) for number in range(STARTS)]
    asked = now() - began
    fleet.end_job("crowd")
    assert holder.wait() == 0
    for server in ensemble.servers:
        server.kill()
        pause(2)
        server.restart()
        ensemble.wait_ready()
    for run in waiters + starts:
        assert run.wait(max(1, began + 600 - now())) == 0, run
    print(f"load: {STARTS} starts asked for within {asked:.1f} s, {WAITERS} waited; all were served after {now() - began:.1f} s, "
          f"each server restarted once meanwhile")
    with open(served, encoding="ascii") as file:
        counts = Counter(file.read().split())
    assert counts.pop("crowd") == WAITERS
    assert counts == {f"job-{number}": 1 for number in range(STARTS)}
    eventually(lambda: not fleet.list("waiters", "crowd") and not fleet.list("semaphores", "pool", "leases"))
