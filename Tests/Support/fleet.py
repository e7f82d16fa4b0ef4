"""One test's own world: a fresh prefix on a server, a configuration, the runs started in it, and their records."""

import json
import os
import re
import tempfile
import threading

from kazoo.exceptions import NoNodeError

from . import processes
from .eventually import eventually, now
from .records import Records
from .run import Run
from .server import expire_session

HOST = "host1.example.org"


class Fleet:
    """Everything that belongs to one prefix. `client` is kazoo's: the code under test is not its own judge."""

    def __init__(self, program, recorder, folder, address, client, prefix):
        self.program, self.folder, self.address = program, str(folder), address
        self.client, self.prefix = client, prefix
        self.records = Records(f"{self.folder}/records", recorder)
        self.runs = []
        self.leaves_marks = self.leaves_processes = False
        self.longest_session_s = 0
        # Words before the program and variables, for all runs: `stand_on`.
        self.prefixed, self.environment = (), {}
        self.settings = {
            "prefix": prefix, "zkhosts": address, "fqdn": HOST,
            "session_timeout": 6, "ownership_term": 6, "termination_timeout": 2, "connect_timeout": 10,
        }

    # Runs.

    def stand_on(self, ground):
        """All runs from here on are that account's, and their trees are held as that ground says."""
        self.settings["cgroup"] = ground.setting
        self.prefixed, self.environment = ground.prefixed, ground.environment
        ground.share()

    def config(self, name="switchman.conf", **changes):
        """Write a configuration file; a key set to None is left out."""
        settings = {key: value for key, value in {**self.settings, **changes}.items() if value is not None}
        if isinstance(settings.get("session_timeout"), int):
            self.longest_session_s = max(self.longest_session_s, settings["session_timeout"])
        return self.write(name, json.dumps(settings))

    def write(self, name, content):
        """Put a file there whole: a run that reads it meanwhile sees the former one."""
        path = f"{self.folder}/{name}"
        with tempfile.NamedTemporaryFile("wb", dir=self.folder, delete=False) as file:
            file.write(content.encode() if isinstance(content, str) else content)
            os.fchmod(file.fileno(), 0o644)
        os.replace(file.name, path)
        return path

    def start(self, *arguments, config=None, env=None, prefixed=(), **options):
        """Start `switchman` with the configuration; `prefixed` words stand before it (nohup, nice...)."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        environment.update({**self.environment, **(env or {})})
        words = [*self.prefixed, *prefixed, self.program, "--config", config or self.config(), *map(_word, arguments)]
        run = Run(words, self.folder, environment, **options)
        self.runs.append(run)
        return run

    def bare(self, *arguments, env=None, **options):
        """Start `switchman` with these arguments and nothing else."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        environment.update(env or {})
        run = Run([self.program, *map(_word, arguments)], self.folder, environment, **options)
        self.runs.append(run)
        return run

    def run(self, *arguments, within=30.0, **options):
        """Run `switchman` to its end."""
        return self.start(*arguments, **options).finished(within)

    def job(self, label, *options):
        return self.records.job(label, *options)

    def flag(self, name):
        """A path for a job's `--until`."""
        return f"{self.folder}/{name}"

    def raise_flag(self, path):
        with open(path, "w", encoding="ascii"):
            return

    def start_job(self, label, *options, arguments=(), until=True, **more):
        """Start a recorder job named `label`, under a lock of that name unless the arguments give one; wait until it
        runs. It ends when its flag is raised: `end_job`."""
        run = self.launch_job(label, *options, arguments=arguments, until=until, **more)
        self.records.started(label)
        return run

    def launch_job(self, label, *options, arguments=(), until=True, **more):
        """The same without waiting."""
        if not any(str(word).startswith(("--lockname", "--no-lock")) for word in arguments):
            arguments = ("--lockname", label, *arguments)
        ending = ("--until", self.flag(f"end.{label}")) if until else ()
        return self.start(*arguments, "--", *self.job(label, *ending, *options), **more)

    def end_job(self, label):
        self.raise_flag(self.flag(f"end.{label}"))

    # The tree of nodes.

    def path(self, *parts):
        return "/".join([self.prefix, *parts])

    def _ask(self, read, *parts):
        """A read; asked again when the tests' own connection is moving to another server."""
        return self.client.retry(read, self.path(*parts))

    def get(self, *parts):
        """A node's data, or None when it is not there."""
        try:
            return self._ask(self.client.get, *parts)[0].decode(errors="replace")
        except NoNodeError:
            return None

    def stat(self, *parts):
        return self._ask(self.client.exists, *parts)

    def list(self, *parts):
        try:
            return sorted(self._ask(self.client.get_children, *parts))
        except NoNodeError:
            return []

    def record(self, lockname):
        """The job's record, or an empty one."""
        return json.loads(self.get("jobs", lockname) or "{}")

    def running_once(self, command):
        """Wait until the command line's lock is its run's."""
        lockname = re.search(r"--lockname (\S+)", command)[1]
        eventually(lambda: self.record(lockname).get("state") == "running", what=command)

    def prefix_data(self, data):
        """Set PREFIX's data: a dictionary as JSON, text and bytes as they are."""
        if isinstance(data, dict):
            data = json.dumps(data)
        data = data.encode() if isinstance(data, str) else data
        self.client.ensure_path(self.prefix)
        self.client.set(self.prefix, data)

    def steered(self, data):
        """The same, as if switchmanctl's last edit had left it so."""
        self.prefix_data(data)
        self.client.set(self.path("fleet", "after"), self.get().encode())

    def resources(self, *names, **more):
        self.prefix_data({"resources": list(names), **more})

    def queue(self, resource):
        """The queue's places, first come first."""
        return sorted(self.list("queues", resource), key=lambda place: int(place.rsplit("-", 1)[1]))

    def queued(self, resource, lockname, within=20.0):
        """Wait until somebody of this lockname stands in the queue."""
        return eventually(
            lambda: next((place for place in self.queue(resource) if place.rsplit("-", 1)[0] == lockname), None),
            within, f"{lockname} in the queue for {resource}")

    def waiters(self, lockname):
        """The places in the lock's queue, first come first."""
        return sorted(self.list("waiters", lockname), key=lambda place: int(place.rsplit("-", 1)[1]))

    def start_waiting(self, label, lockname, *options, within=60):
        """Start a recorder job that waits for the lock: it is first in the line when this returns."""
        run = self.launch_job(label, *options, arguments=("--lockname", lockname, "--wait", within))
        self.waiting(lockname)
        return run

    def waiting(self, lockname, count=1, within=20.0):
        """Wait until so many stand in the lock's queue."""
        eventually(lambda: len(self.waiters(lockname)) == count, within, f"{count} wait for {lockname}")

    def loses_its_place(self, lockname):
        """The session of the one run that waits for the lock expires: it stands in line again, by another place."""
        place = self.waiters(lockname)[0]
        expire_session(self.address, self.stat("waiters", lockname, place).ephemeralOwner)
        eventually(lambda: self.waiters(lockname) not in ([], [place]), what="a new place")

    def leases(self, resource):
        return self.list("semaphores", resource, "leases")

    def marks(self, resource):
        return self.list("semaphores", resource, "marks")

    def lock_session(self, lockname):
        """The session that holds the lock."""
        stat = eventually(lambda: self.stat("locks", lockname), what=f"lock {lockname}")
        return stat.ephemeralOwner

    def all_nodes(self):
        found = []

        def walk(path):
            found.append(path)
            try:
                names = self.client.retry(self.client.get_children, path)
            except NoNodeError:
                return
            for name in names:
                walk(f"{path}/{name}")
        walk(self.prefix)
        return found

    def ephemerals(self):
        stats = ((path, self.client.retry(self.client.exists, path)) for path in self.all_nodes())
        return [path for path, stat in stats if stat and stat.ephemeralOwner and stat.ephemeralOwner != self.own_session]

    @property
    def own_session(self):
        return self.client.client_id[0] if self.client.client_id else 0

    def left_marks(self):
        return [path for path in self.all_nodes() if re.search("/semaphores/[^/]+/marks/[^/]+$", path)]

    def running_records(self):
        return [name for name in self.list("jobs") if self.record(name).get("state") == "running"]

    def assert_no_trace(self):
        """A refused run leaves at most persistent parents."""
        assert self.list("locks") == [] and self.list("jobs") == []
        assert [place for resource in self.list("queues") for place in self.queue(resource)] == []
        for resource in self.list("semaphores"):
            assert (self.leases(resource), self.marks(resource)) == ([], [])

    # Successors.

    def successor(self, label, lockname, *options, **more):
        """A job that is tried again and again, as cron would, until one run takes the lock from its present holder."""
        return Successor(self, label, lockname, options, more)

    def lose_host(self, run):
        """All the run's processes vanish at once, as with their host."""
        run.lose()
        run.wait()

    # The end of a test.

    def alive(self):
        """Every process of any run that still lives, by one look through /proc."""
        for run in self.runs:
            run.popen.poll()
        return processes.with_variable(*(run.marker for run in self.runs))

    def sweep(self):
        """Kill whatever is left; for the end of a test that has failed, or that leaves processes on purpose."""
        def all_killed():
            left = self.alive()
            for one in left:
                processes.kill(one.pid)
            return not left
        eventually(all_killed, what="nothing is left to be killed")

    def assert_nothing_left(self, closes_may_be_lost=False):
        """No process, no ephemeral node, no mark. The close of a session may be lost with its connection, when a server has been
        stopped or killed: what was the session's then goes with its time."""
        if not self.leaves_processes:
            eventually(lambda: not self.alive(), 10, f"all processes are gone; there are {self.alive()}")
        self.sweep()
        within = 15 + (self.longest_session_s if closes_may_be_lost else 0)
        eventually(lambda: not self.ephemerals(), within, lambda: f"no ephemeral left; there are {self.ephemerals()}")
        if not self.leaves_marks:
            assert not self.left_marks()
            assert not self.running_records()


class Successor:
    """Tries in a thread of its own, from the beginning of the `with` block on; `taken()` waits for the end of it."""

    def __init__(self, fleet, label, lockname, options, more):
        self.fleet, self.label, self.lockname, self.options, self.more = fleet, label, lockname, options, more
        self.skipped, self._result, self._error = 0, None, None
        self._thread = threading.Thread(target=self._try)

    def __enter__(self):
        # Our own client's server may be behind the holder's.
        self.former = eventually(lambda: self.fleet.stat("locks", self.lockname), what=self.lockname).czxid
        self._thread.start()
        eventually(lambda: self.skipped > 0 or self._error, what="the successor has been skipped once")
        return self

    def __exit__(self, *_):
        return

    def taken(self, within=60):
        """The run that holds the lock now, and the instant at which that was seen."""
        self._thread.join(within)
        if self._error:
            raise self._error
        assert self._result, f"{self.label} has not taken {self.lockname} within {within} s"
        return self._result

    def _try(self):
        deadline = now() + 60
        try:
            while not self._result and now() < deadline:
                run = self.fleet.launch_job(
                    self.label, *self.options, arguments=("--lockname", self.lockname), **self.more)
                eventually(lambda run=run: self._has_taken() or not run.running, what="it skips or takes")
                if run.running or self.fleet.records.events("start", self.label):
                    self._result = run, now()
                else:
                    assert run.code == 0, run
                    self.skipped += 1
        except BaseException as error:  # Told to the test's own thread by `taken`.
            self._error = error

    def _has_taken(self):
        lock = self.fleet.stat("locks", self.lockname)
        return lock and lock.czxid != self.former


def _word(argument):
    return argument if isinstance(argument, bytes) else str(argument)


def assert_one_line(run, code, *mentions):
    """A refusal: the documented code, nothing on standard output, one line on standard error that names the thing."""
    assert run.code == code, (run.code, run.err)
    assert run.out == ""
    lines = run.err.splitlines()
    assert len(lines) == 1, run.err
    assert lines[0].startswith("switchman: "), lines
    for mention in mentions:
        assert mention in lines[0], f"{mention!r} is not named in: {lines[0]}"


def assert_silent(run, code):
    """A success or an expected skip: cron would mail whatever is printed."""
    assert (run.code, run.out, run.err) == (code, "", "")
