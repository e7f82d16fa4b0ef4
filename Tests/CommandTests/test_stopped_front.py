"""The supervisor is killed, and the front stopped or killed while it cleans up: the guardian, which is well, kills the tree.
Nobody who kills may stop another that kills."""

import signal

import pytest

from Support import processes
from Support.eventually import eventually, now, pause

# At once in a test, since they mostly wait: 1 to 10 ms between the two blows.
TRIES = range(1, 11)
# Process 1 of a container shares front's session, so that the group of a dead front is no orphan: nobody continues it.
CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", '"$@"; exec sleep 1000', "sh")


@pytest.mark.parametrize("blow, container", [(signal.SIGSTOP, False), (signal.SIGKILL, False), (signal.SIGKILL, True)])
def test_a_front_that_is_struck_as_it_cleans_up(held, blow, container):
    firsts, seconds = {}, {}
    for n in TRIES:
        firsts[n] = held.launch_job(
            f"first{n}", "--stubborn", "--claim", f"lock{n}:1:1", arguments=("--lockname", f"lock{n}"), until=False,
            prefixed=CONTAINER if container else ())
    eventually(lambda: len(held.records.spans()) == 3 * len(TRIES), 60, "all have forked")
    for n in TRIES:
        seconds[n] = held.start_waiting(f"second{n}", f"lock{n}", "--claim", f"lock{n}:1:1", "--for", 50)
    fronts = {}
    for n in TRIES:
        fronts[n], supervisor, _ = firsts[n].three()
        processes.kill(supervisor)
        pause(n / 1000)
        processes.kill(fronts[n], blow)
    struck_at = now()
    try:
        for n in TRIES:
            assert seconds[n].wait(60) == 0
            held.records.assert_one_after_the_other(f"first{n}", f"second{n}")
        late = max(held.records.last_sign(f"first{n}") for n in TRIES) - struck_at
        assert late < held.settings["ownership_term"] / 2, f"at once, and not at the deadline: {late:.3f} s"
    finally:
        for n in TRIES:
            processes.kill(fronts[n], signal.SIGCONT)
            if container:
                firsts[n].lose()
    if not container:
        # Some have come to their end before the blow.
        assert {firsts[n].wait() for n in TRIES} <= {81, -blow}
