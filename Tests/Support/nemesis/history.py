"""One seeded history: quiet, faults, repair, calm; then the judgement."""

import collections
import heapq
import itertools
import logging
import os
import random
import re
import shutil
import signal

from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from .. import cgroups, processes
from ..eventually import elapsed, eventually, now
from ..fleet import Fleet
from . import checker, evidence, losses, skips, timeline
from .canary import Canary
from .contenders import LOCKS, RESOURCES, TOTAL, UNRULY, Contenders
from .disk import Disk
from .faults import FAULTS, OUR_OWN, CutHolder
from .loopback import LoopbackEnsemble, SecureLoopbackEnsemble
from .namespaces import NamespaceEnsemble
from .originals import Originals

logging.getLogger("kazoo").setLevel(logging.CRITICAL)
NETWORKS = {"proxy": LoopbackEnsemble, "namespaces": NamespaceEnsemble, "tls": SecureLoopbackEnsemble}
HOSTS = ("host1", "host2", "host3", "host4")
PRELUDE_S = 2.0
SESSION_S = 4
# Beside originals the session's timeout is a deadline as well: long enough for heartbeats, and shorter than the terms, so that
# it is the deadline that counts.
MIXED_SESSION_S = 9


class History:
    """`folder` gets everything that is needed to understand it afterwards."""

    def __init__(self, program, recorder, folder, seed, network, knows_originals=True, unruly=UNRULY):
        self.program, self.recorder, self.folder = program, recorder, str(folder)
        # A fleet that moves over: with originals about only our own hosts, connections and processes come to harm.
        self.is_mixed = seed % 5 == 0
        self.originals = None
        # Else a negative control: a mixed fleet without the setting for it.
        self.knows_originals, self.unruly = knows_originals, unruly
        self.seed, self.network = seed, network
        self.dice = random.Random(f"{network} {seed}")
        self.started = 0
        self.tally, self.faults = collections.Counter(), []
        # What the servers can be the cause of, if they break their promises, and what they cannot.
        self.excusable, self.own = [], []
        self.busy, self.disk, self.ensemble, self.fleet, self.contenders = set(), None, None, None, None
        self.canary = None
        self.repaired = float("inf")
        # The server whose disk is a small one.
        self.small = self.dice.randrange(3)
        # Proofs that the servers broke their own promise: then ours does not hold (limit 9).
        self.losses, self._seen = [], set()
        self.timeline = timeline.Timeline(f"seed {seed}, {network}")

    def play(self):
        """What is wrong, as lines; none if nothing is."""
        try:
            self._build()
            try:
                self.contenders.start()
                if self.originals:
                    self.originals.start()
                elapsed(self.timeline.began + PRELUDE_S)
                self._torment(now() + self.dice.uniform(9, 14) + (8 if self.is_mixed else 0))
                self._repair()
                self._calm()
            except AssertionError as error:
                self.excusable.append(str(error))
            self._judge()
            if self.problems:
                self._suspect()
        finally:
            if self.contenders:
                self.contenders.close()
            if self.originals:
                self.originals.close()
            if self.canary:
                self.canary.close()
            self._close()
        return self.problems

    @property
    def problems(self):
        return [*self.own, *self.excusable]

    @property
    def longest_fault_s(self):
        """Longer than a session, that originals take what our hosts lose."""
        return 2 * MIXED_SESSION_S if self.is_mixed else 7

    @property
    def session_s(self):
        return MIXED_SESSION_S if self.is_mixed else SESSION_S

    @property
    def verdict(self):
        if not self.problems:
            return "good"
        return "spoiled by the servers" if self.losses and not self.own else "FAILED"

    def text(self):
        entries = timeline.of_records(self.fleet.records) if self.fleet else []
        head = [f"PROBLEM: {problem}" for problem in self.problems]
        head += [f"THE SERVERS' OWN (limit 9): {loss}" for loss in self.losses]
        return "\n".join([*head, self.timeline.text(*entries)])

    # Its parts.

    def _build(self):
        os.makedirs(self.folder, exist_ok=True)
        if Disk.is_permitted():
            self.disk = Disk()
        else:
            self.timeline.note("history", "no disk will be full: mounting is not permitted")
        folders = [self.disk.folder if self.disk and n == self.small else None for n in range(3)]
        tick_ms = 500 if self.is_mixed else self.dice.choice((200, 300, 500))
        self.ensemble = NETWORKS[self.network](HOSTS, tick_ms, folders)
        self.timeline.note("history", f"tickTime {tick_ms}; the leader is {self.name_of(self.ensemble.leader())}")
        client = self.ensemble.client(timeout=10.0)
        self.fleet = Fleet(self.program, self.recorder, self.folder, self.ensemble.address, client, "/fleet")
        self.fleet.resources(*RESOURCES)
        configs = {}
        for host in HOSTS:
            term = self.dice.choice((14, 16) if self.is_mixed else (3, 4, 4, 5))
            more = {"mixed_fleet": True, "server_tick": 500} if self.is_mixed and self.knows_originals else {}
            # How the trees of its commands are held, where the program knows of it and the tests may make control groups.
            held = self.dice.choice(("auto", "off"))
            more |= {} if cgroups.IS_OLD else {"cgroup": held}
            configs[host] = self.fleet.config(
                f"{host}.conf", fqdn=f"{host}.example.org", zkhosts=self.ensemble.address_for(host),
                ownership_term=term, session_timeout=self.session_s, termination_timeout=1, connect_timeout=5,
                logfile=f"{self.folder}/{host}.log", loglevel="debug",
                **more, **self.ensemble.settings)
            self.timeline.note(host, f"ownership_term {term}, cgroup {held}")
        self.configs = configs
        # Of a mixed fleet, to outlive their session if they are cut off.
        long_ms = (1000 * MIXED_SESSION_S, 2000 * MIXED_SESSION_S) if self.is_mixed else (50, 5000)
        self.contenders = Contenders(self.fleet, self.ensemble, self.timeline, configs, self.seed, long_ms, self.unruly)
        if self.is_mixed:
            self.originals = Originals(self.fleet, self.ensemble, self.timeline, self.seed)
        self.canary = Canary(self.ensemble.client(timeout=10.0), "/canary")
        # The servers' start is not part of it.
        self.timeline.restart()

    def name_of(self, server):
        return self.ensemble.names[self.ensemble.servers.index(server)]

    def _torment(self, until):
        ends, numbers = [], itertools.count()
        kinds = OUR_OWN if self.is_mixed else FAULTS
        weights = [kind.weight for kind in kinds]
        next_begin = now()
        while now() < until:
            at = min(next_begin, ends[0][0]) if ends else next_begin
            elapsed(min(at, until))
            self._seen.add(self.fleet.client.last_zxid)
            if ends and ends[0][0] <= now():
                self._end(heapq.heappop(ends)[2])
            elif now() >= next_begin:
                lasts = self.dice.choice((self.dice.uniform(0.2, 2), self.dice.uniform(1, self.longest_fault_s)))
                kind = self.dice.choices(kinds, weights)[0]
                # What a mixed fleet is about comes first, once there is somebody to do it to.
                is_due = self.is_mixed and not self.tally[CutHolder.name]
                fault = is_due and self._begin(CutHolder) or self._begin(kind)
                if fault and fault.lasting:
                    heapq.heappush(ends, (now() + max(lasts, fault.least_s), next(numbers), fault))
                next_begin = now() + self.dice.uniform(0, 0.8)
        while ends:
            at, _, fault = heapq.heappop(ends)
            if fault.least_s:
                elapsed(at)
            self._end(fault)

    def _begin(self, kind):
        fault = kind(self, random.Random(self.dice.random()))
        fault.began, fault.ended = now(), float("inf")
        said = fault.begin()
        if said is None:
            self.busy -= fault.keys
            return None
        if not fault.lasting:
            fault.ended = now()
        self.tally[fault.name] += 1
        self.faults.append(fault)
        self.timeline.note("FAULT", f"{fault.name}: {said}", fault.began)
        return fault

    def _end(self, fault):
        fault.end()
        self.busy -= fault.keys
        fault.ended = now()
        self.timeline.note("fault ends", f"{fault.name}, begun at {fault.began - self.timeline.began:.3f}")

    def _repair(self):
        repaired = self.repaired = now()
        if self.disk:
            self.disk.free()
        for server in self.ensemble.servers:
            server.cont()
            if server.process.poll() is not None:
                server.start()
        self._revive(self.ensemble.servers[self.small])
        self.ensemble.wait_ready()
        # The servers have suffered from what came last until here.
        for fault in self.faults:
            if fault.harms_others and fault.ended > repaired - fault.aftermath_s:
                fault.ended = now()
        # Stopped jobs, whose processes were not found when they were to be continued.
        for one in self.fleet.alive():
            processes.kill(one.pid, signal.SIGCONT)
        leader = self.ensemble.leader()
        self.timeline.note("history", f"all is repaired; the leader is {self.name_of(leader)} at {leader.zxid():#x}")

    def _revive(self, server):
        """A server that does not start from what a full disk has left gets an empty one and copies the others; these
        must be up, or what it had acknowledged might be forgotten."""
        eventually(lambda: "Mode:" in server.ask("srvr") or server.process.poll() is not None, 60, "it starts or ends")
        if server.process.poll() is None:
            return
        for other in self.ensemble.servers:
            if other is not server:
                other.wait_ready()
        shutil.rmtree(f"{server.data}/version-2")
        server.start()
        self.timeline.note("history", f"{self.name_of(server)} could not start from its disk and gets an empty one")

    def _calm(self):
        """Everybody who waits is served, and so is who comes next; then nothing is left behind."""
        self.contenders.close()
        if self.originals:
            self.originals.close()
            if not self.originals.join(within=100):
                self.excusable.append("after the repair an original waits for ever")
            self.excusable += self.originals.errors
        within = 120 if self.is_mixed else 60
        if not self.contenders.join(within):
            # Who neither waits nor gives up makes transactions.
            self.timeline.note("history", f"{within} s have passed; the leader is at {self.ensemble.leader().zxid():#x}")
            waiting = self.contenders.running()
            self.excusable += [f"{within} s after the repair {one.label} has not ended: {one.run!r}" for one in waiting]
            for one in waiting:
                for pid in (pid for pids in one.roles().values() for pid in pids):
                    self.timeline.note(one.label, f"process {pid} hangs in {evidence.threads(pid)}")
            return
        self.excusable += self.contenders.errors
        # Dead hosts' claims go with their sessions; a run that comes before that is skipped, as it should be.
        eventually(lambda: not self.fleet.ephemerals() and not self._sessions(), self.session_s + 15,
                   "the claims and sessions of the dead are gone")
        self.timeline.note("history", "nobody is left; one more comes for each lock")
        probes = []
        for host, lock in zip(HOSTS, LOCKS):
            probes.append(self.contenders.start_one(
                host, f"{host}.probe", lock, dict.fromkeys(RESOURCES, TOTAL), ["--lockname", lock], ["--for", 50]))
        for probe in probes:
            probe.wait(60)
            if probe.code != 0:
                self.excusable.append(f"{probe.label}, when all was calm: {probe.run!r} ended with {probe.code}")
        try:
            # Closed by the runs, not left to expire.
            eventually(lambda: not self._sessions(), 2, "the sessions of those who have ended are closed")
            self.fleet.assert_nothing_left()
        except AssertionError as error:
            self.excusable.append(f"left behind: {error}")

    def _sessions(self):
        """Those that live, but for the tests' own."""
        own = {self.fleet.own_session, self.canary.session}
        return {int(text, 16) for text in re.findall(r"\t(0x[0-9a-f]+)", self.ensemble.leader().ask("dump"))} - own

    def _suspect(self):
        """What is wrong may be the servers' fault; said only if it can be proved."""
        if self.canary.answered < self.repaired and now() - self.repaired > 30:
            self.losses.append(f"{now() - self.repaired:.0f} s after the repair nobody's write has been answered")
        tokens = [event.detail[0] for event in self.fleet.records.events("start")]
        self._seen |= {int(token) for token in tokens if token.isdigit()}
        self.losses += losses.of_servers(evidence.logs(self.ensemble), self._seen)
        try:
            self.losses += losses.of_trees(evidence.trees(self.ensemble, self.fleet.prefix, self.timeline.note))
        except (AssertionError, KazooException, KazooTimeoutError) as error:
            self.excusable.append(f"the servers cannot be asked: {error!r}")

    def _judge(self):
        records, attempts = self.fleet.records, self.contenders.attempts
        others = self.originals.runs if self.originals else []
        stalls = self.canary.stalls()
        faults = [*self.faults, *stalls]
        self.own += self.canary.errors
        self.excusable += checker.overlaps(records, [*attempts, *others])
        self.excusable += checker.intervals(records, attempts)
        self.excusable += checker.tokens(records, attempts)
        self.own += checker.exit_codes(records, attempts)
        self.own += checker.reaped(records, attempts)
        self.excusable += checker.blamed(attempts)
        self.excusable += checker.needless(attempts, faults)
        self.excusable += skips.undue(records, attempts, others, faults, self.session_s)
        self.started = len(records.events("start"))
        if self.started < 5:
            self.excusable.append(f"hardly anything ran: {self.started} commands")
        for stall in stalls:
            self.timeline.note("canary", f"a write took {stall.ended - stall.began:.3f} s", stall.began)
        try:
            jobs = {lock: self.fleet.record(lock) for lock in LOCKS}
            self.own += checker.remembered(jobs, records, attempts)
        except (KazooException, KazooTimeoutError) as error:
            self.excusable.append(f"the records cannot be read: {error!r}")

    def _close(self):
        if self.fleet:
            self.fleet.sweep()
            self.fleet.client.stop()
            self.fleet.client.close()
        if self.ensemble:
            for name, server in zip(self.ensemble.names, self.ensemble.servers):
                shutil.copy(f"{server.folder}/output", f"{self.folder}/{name}.log")
            self.ensemble.close()
        if self.disk:
            self.disk.close()
        if self.fleet:
            with open(f"{self.folder}/timeline.txt", "w", encoding="utf-8") as file:
                file.write(self.text())
