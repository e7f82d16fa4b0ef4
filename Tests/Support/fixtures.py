"""Fixtures for both suites; imported by each folder's conftest.py."""

import fcntl
import os
import signal
import pathlib
import subprocess
import tempfile
import uuid

import pytest
from kazoo.handlers.threading import KazooTimeoutError

from . import cgroups, ground as grounds, machine
from .control import Control
from .fake_server import FakeServer
from .fleet import Fleet
from .nemesis import evidence, losses
from .original import Original
from .proxy import Proxy
from .server import Ensemble
from .transport import transport as chosen_transport

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _built(name, variable):
    """A built program: the one that the variable names, or the release build."""
    path = os.environ.get(variable, str(ROOT / ".build/release" / name))
    if not os.access(path, os.X_OK):
        pytest.exit(f"{path}: not there; build it (Tests/run does) or set {variable}", returncode=2)
    return path


@pytest.fixture(scope="session")
def program():
    """The wrapper."""
    return _built("switchman", "SWITCHMAN_BIN")


@pytest.fixture(scope="session")
def controller():
    """The operator's tool."""
    return _built("switchmanctl", "SWITCHMANCTL_BIN")


@pytest.fixture(scope="session")
def recorder(tmp_path_factory):
    """The recorder job, compiled."""
    path = tmp_path_factory.mktemp("recorder") / "job"
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", path, ROOT / "Tests/Support/job.c"], check=True)
    return str(path)


@pytest.fixture(scope="session")
def transport(tmp_path_factory):
    """The way from the runs to their servers."""
    transport = chosen_transport(tmp_path_factory.mktemp("transport"))
    yield transport
    transport.close()


@pytest.fixture(scope="session")
def shared_server(controller, transport):
    """One server for all tests that leave it alone."""
    server = transport.shared_server(controller)
    yield server
    server.close()


@pytest.fixture(scope="session")
def shared_client(shared_server):
    client = shared_server.client()
    yield client
    client.stop()
    client.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Let fixtures know whether the test itself failed: then what it left behind is no news. Says beside a failure what the runs
    said and what the machine did."""
    report = (yield).get_result()
    if call.when == "call":
        item.failed = report.failed
    if report.failed:
        runs = [run for value in item.funcargs.values() if isinstance(value, Fleet) for run in value.runs]
        report.sections.append(("Runs", "\n".join(run.story() for run in dict.fromkeys(runs))))
        report.sections.append(("Machine", item.machine.report()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.machine = machine.Watch()


def _lived(fleet, request, server=None):
    """The end of each test: no process stays, and when all went well no node did either."""
    try:
        if not getattr(request.node, "failed", True):
            fleet.assert_nothing_left(closes_may_be_lost=server is not None and server.has_been_away)
    finally:
        fleet.sweep()


@pytest.fixture
def fleet(request, program, recorder, shared_server, shared_client, tmp_path, transport):
    """A fresh prefix on the shared server."""
    fleet = Fleet(program, recorder, tmp_path, shared_server.address, shared_client, f"/test-{uuid.uuid4().hex[:12]}")
    transport.lead(fleet, shared_server)
    yield fleet
    _lived(fleet, request)
    shared_client.delete(fleet.prefix, recursive=True)


@pytest.fixture
def ctl(controller, fleet):
    """The operator of that fleet."""
    return Control(controller, fleet)


@pytest.fixture
def own_ctl(controller, own_fleet):
    """The operator of the fleet on the test's own server."""
    return Control(controller, own_fleet)


@pytest.fixture
def original(shared_server, fleet):
    """A stand-in for the Perl original, with a session of its own."""
    client = shared_server.client(timeout=10.0)
    yield Original(client, fleet.prefix)
    client.stop()
    client.close()


@pytest.fixture
def busy(fleet):
    """A fleet whose only permit, of resource `r`, is taken."""
    fleet.resources("r")
    fleet.start_job("blocker", arguments=("--lease", "r=1:1"))
    return fleet


@pytest.fixture
def server(transport):
    """A server of the test's own, to be stopped, killed and counted on."""
    server = transport.server()
    yield server
    server.cont()
    server.close()


@pytest.fixture
def own_fleet(request, program, recorder, server, tmp_path, transport):
    """A fleet on the test's own server."""
    client = server.client()
    fleet = Fleet(program, recorder, tmp_path, server.address, client, "/fleet")
    transport.lead(fleet, server)
    yield fleet
    _lived(fleet, request, server)
    client.stop()
    client.close()


@pytest.fixture
def account(request):
    """Whose the runs are: root's, or what a test asks for: `@pytest.mark.parametrize("account", ACCOUNTS, indirect=True)`."""
    return getattr(request, "param", "root")


@pytest.fixture(params=cgroups.MODES)
def ground(request, account, tmp_path, program, recorder):
    """Each test that asks for it runs twice: with the tree held in a control group, and without."""
    why_not = grounds.why_not(request.param, account)
    if why_not:
        pytest.skip(why_not)
    ground = grounds.Ground(request.param, account, tmp_path, program, recorder)
    yield ground
    ground.close()


@pytest.fixture
def held(request, ground, shared_server, shared_client, transport):
    """A fleet on that ground and the shared server."""
    prefix = f"/test-{uuid.uuid4().hex[:12]}"
    fleet = Fleet(ground.program, ground.recorder, ground.folder, shared_server.address, shared_client, prefix)
    transport.lead(fleet, shared_server)
    fleet.stand_on(ground)
    yield fleet
    _lived(fleet, request)
    shared_client.delete(fleet.prefix, recursive=True)


@pytest.fixture
def held_own(request, ground, server, transport):
    """A fleet on that ground and the test's own server."""
    client = server.client()
    fleet = Fleet(ground.program, ground.recorder, ground.folder, server.address, client, "/fleet")
    transport.lead(fleet, server)
    fleet.stand_on(ground)
    yield fleet
    _lived(fleet, request, server)
    client.stop()
    client.close()


ROOM = f"{tempfile.gettempdir()}/switchman-tests.alone"
_inside = []


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """A lock on the machine, shared by all tests or one test's alone. Whoever wants it alone keeps the door shut, so that those
    who are in can leave and nobody else comes in. The wait is no part of any test's time: this comes before its timeout begins.
    Each folder's conftest.py brings this hook, and the first is enough."""
    if _inside:
        yield
        return
    with open(f"{ROOM}.door", "wb") as door, open(ROOM, "wb") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if "alone" in item.fixturenames else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        _inside.append(item)
        yield
        _inside.clear()


@pytest.fixture
def alone():
    """For tests that leave no processor to others: nothing else runs meanwhile. See `pytest_runtest_protocol`."""


@pytest.fixture
def proxy(shared_server, transport):
    """A proxy before the shared server."""
    proxy = Proxy(shared_server.port)
    transport.lead_through(proxy)
    yield proxy
    proxy.close()


@pytest.fixture
def fakes():
    """Starts fake servers, and says how they are reached."""
    started = []

    def start(*several):
        started.extend(FakeServer(**options) for options in several)
        return ",".join(server.address for server in started)
    start.servers = started
    yield start
    for server in started:
        server.close()


@pytest.fixture
def ensemble():
    """Three servers of the test's own."""
    ensemble = Ensemble()
    yield ensemble
    ensemble.close()


@pytest.fixture
def ensemble_fleet(request, program, recorder, ensemble, tmp_path):
    """A fleet on them."""
    client = ensemble.client()
    fleet = Fleet(program, recorder, tmp_path, ensemble.address, client, "/fleet")
    yield fleet
    try:
        _lived(fleet, request, ensemble)
    except AssertionError:
        # What is left may be what the servers have lost (limit 9 of Docs/Guarantees.md): all are up, so they have to agree.
        print(ensemble.leader().ask("dump"))
        try:
            found = losses.of_trees(evidence.trees(ensemble, fleet.prefix, print))
        except KazooTimeoutError as error:
            found = [f"one of them grants no session, and nothing is in its way: {error}"]
        if found:
            pytest.xfail("the servers have lost what they had committed: " + "; ".join(found))
        raise
    client.stop()
    client.close()

# What the tests were started with (nohup, a CI's runner) is not what the runs are tested with.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
