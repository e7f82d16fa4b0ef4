"""A reply lost on the way is resolved, never guessed: nothing runs twice, nothing is skipped, nothing is left."""

import signal

import pytest

from Support import processes
from Support.eventually import always, elapsed, eventually, now


class LoseOnce:
    """Loses the reply to the first request that matches, and the connection with it."""

    def __init__(self, proxy, matches):
        self.matches, self.lost = matches, None
        proxy.on_reply = self

    def __call__(self, reply, request):
        if self.lost is None and request is not None and self.matches(request):
            self.lost = request
            return "cut"
        return None


def creates(request, below):
    paths = [path for name, path in request.parts if name.startswith("create")]
    if request.name.startswith("create"):
        paths.append(request.path)
    return any(below in path for path in paths)


def enqueues(request):
    return creates(request, "/queues/")


def takes(request):
    return creates(request, "/locks/")


def takes_leases(request):
    return creates(request, "/leases/")


def releases(request):
    return request.name == "multi" and ("setData" in {name for name, _ in request.parts}) and not takes(request)


def reads_the_lock(request):
    return request.name in ("exists", "getData") and "/locks/" in request.path


@pytest.mark.parametrize("step", [reads_the_lock, takes, releases])
def test_with_a_lock(fleet, proxy, step):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    lose = LoseOnce(proxy, step)
    run = fleet.run("--lockname", "a", "--", *fleet.job("a", "--exit", 7, "--for", 50),
                    config=fleet.config(zkhosts=proxy.address))
    assert lose.lost, "the step has been seen"
    assert (run.code, len(fleet.records.events("start"))) == (7, 1)
    assert fleet.record("a")["state"] == "ended"


@pytest.mark.parametrize("step", [enqueues, takes_leases, releases])
def test_with_leases(fleet, proxy, step):
    fleet.resources("r", "s")
    lose = LoseOnce(proxy, step)
    run = fleet.run("--lockname", "a", "--lease", "r=1:1", "--lease", "s=1:1", "--",
                    *fleet.job("a", "--exit", 7, "--for", 50), config=fleet.config(zkhosts=proxy.address))
    assert lose.lost, "the step has been seen"
    assert (run.code, len(fleet.records.events("start"))) == (7, 1)
    for resource in ("r", "s"):
        assert (fleet.queue(resource), fleet.leases(resource), fleet.marks(resource)) == ([], [], [])


def test_a_lost_enqueue_while_others_wait_makes_one_place(fleet, proxy):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    lose = LoseOnce(proxy, enqueues)
    run = fleet.launch_job("a", arguments=("--lease", "r=1:1"), config=fleet.config(zkhosts=proxy.address))
    fleet.queued("r", "a")
    eventually(lambda: lose.lost and len(proxy.handshakes) >= 2, what="lost, and connected again")
    eventually(lambda: proxy.names()[-1] in ("exists", "getData", "ping"), what="it waits for its predecessor")
    assert len(fleet.queue("r")) == 1
    fleet.end_job("holder")
    fleet.records.started("a")
    fleet.end_job("a")
    assert run.wait() == 0


def test_a_request_that_never_arrived_is_sent_again(fleet, proxy):
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    lost = []

    def lose(request):
        if not lost and takes(request):
            lost.append(request)
            return "cut"
        return None
    proxy.on_request = lose
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 7", config=fleet.config(zkhosts=proxy.address))
    assert lost and run.code == 7


def test_a_lost_release_whose_run_is_then_cut_off_hands_on_its_status(fleet, proxy):
    """The exit status reaches the caller whatever happens to ZooKeeper meanwhile."""
    fleet.leaves_marks = True
    run = fleet.start_job("a", "--exit", 7, config=fleet.config(zkhosts=proxy.address, session_timeout=2))
    proxy.refuse()
    fleet.end_job("a")
    assert run.wait(30) == 7


def test_a_heartbeat_whose_reply_is_lost_kills_nothing(fleet, proxy):
    lose = LoseOnce(proxy, lambda request: request.name == "multi" and {n for n, _ in request.parts} == {"check"})
    run = fleet.start_job("a", "--log-signals", config=fleet.config(zkhosts=proxy.address))
    eventually(lambda: lose.lost)
    eventually(lambda: len(proxy.heartbeats()) >= 5)
    assert fleet.records.signals("a") == []
    fleet.end_job("a")
    assert run.wait() == 0


@pytest.mark.parametrize("patience", [3, "forever"])
def test_a_signal_while_the_take_is_not_answered_ends_the_run(fleet, proxy, patience):
    """The servers are gone with a take under way: who asked for the end has it, and nobody is trapped."""
    fleet.leaves_marks = True
    assert fleet.run("--lockname", "a", "--", "true").code == 0

    def lose(reply, request):
        if request is not None and takes(request):
            proxy.refuse()
            return "cut"
        return None

    proxy.on_reply = lose
    run = fleet.launch_job("a", config=fleet.config(zkhosts=proxy.address, connect_timeout=patience))
    eventually(lambda: fleet.stat("locks", "a"), what="the take")
    run.send(signal.SIGTERM)
    assert run.wait() == 143
    assert not fleet.records.events("start")


def test_an_answer_that_comes_while_the_run_is_stopped_is_heard(fleet, proxy):
    """For longer than its patience: stopped, or asleep with its host."""
    assert fleet.run("--lockname", "a", "--", "true").code == 0

    def hold(reply, request):  # pylint: disable=unused-argument
        if request is not None and takes(request):
            proxy.hold(up=False)

    proxy.on_reply = hold
    run = fleet.launch_job("a", config=fleet.config(zkhosts=proxy.address, connect_timeout=2))
    eventually(lambda: fleet.stat("locks", "a"), what="the take")
    supervisor = run.supervisor
    processes.stop(supervisor)
    elapsed(now() + 2.5)
    proxy.release()
    always(lambda: run.running, during=0.3, what="the answer arrives")
    processes.kill(supervisor, signal.SIGCONT)
    fleet.records.started("a")
    fleet.end_job("a")
    assert (run.wait(), run.err) == (0, "")
