"""--once-per on a fleet whose hosts die at random, with clocks that are apart, counted from the commands' own records.

A thousand hosts with the option alone, and 250 for each other way to write the crontab's line. SWITCHMAN_TEST_HOSTS and
SWITCHMAN_TEST_SEED give another number and other dice: Docs/Testing.md."""

import os
import random
import signal

import pytest

from Support.eventually import eventually, pause
from Support.ticks import Zones, other_clocks

# Of each tick: the minute past the hour at which the line fires, and what becomes of its command. A short one is over in 10 ms; an
# overrun goes on while the hosts of the next tick fire, and then ends, or is lost with its host.
SHORT, OVERRUN, LOST_OVERRUN = "short", "overrun", "lost"
TICKS = [(44, SHORT), (38, OVERRUN), (32, SHORT), (26, LOST_OVERRUN), (20, SHORT), (14, SHORT)]
# 40 % of the period between the two that are furthest apart.
AHEAD_S = 720
BATCH = 25


class Host:
    """One host, whose crontab fires once in the test."""

    def __init__(self, number, run, fails):
        self.number, self.run, self.fails, self.is_lost = number, run, fails, False
        self.name = f"host{number}.example.org"

    def lose(self):
        if self.run.running:
            # At once: to find the others takes as long as a run that skips.
            self.run.send(signal.SIGSTOP)
            self.run.lose()
            self.is_lost = self.run.wait() < 0


class Crontab:
    """The line, on all hosts."""

    def __init__(self, fleet, clock, options, dice):
        self.fleet, self.clock, self.options, self.dice = fleet, clock, options, dice
        self.config = fleet.config(session_timeout=2, ownership_term=3)
        self.zones, self.hosts = Zones(), {}
        self.retries, self.waits = "--retry-failed" in options, "--wait" in options

    def fire(self, tick, kills=True, works=False):
        """A tick's line, on one more host; it may be about to die."""
        minute, kind = TICKS[tick]
        number = sum(map(len, self.hosts.values()))
        fails = self.retries and not works and self.dice.random() < 0.1
        label = f"{tick}.{number}{'.fails' if fails else ''}"
        lasts = ("--for", 10) if kind == SHORT else ("--until", self.fleet.flag(f"end.{tick}"))
        run = self.fleet.launch_job(
            label, *lasts, "--exit", 3 if fails else 0, "--claim", "a:1:1", until=False, config=self.config,
            arguments=("--lockname", "a", "--once-per", "hour", *self.options,
                       "--exit-code", "already-run=6", "--exit-code", "locked=5"),
            env={"SWITCHMAN_FQDN": f"host{number}.example.org", "CRON_TZ": self.zones.at(minute),
                 **self.clock(self.dice.randint(-AHEAD_S, AHEAD_S))})
        host = Host(number, run, fails)
        self.hosts.setdefault(tick, []).append(host)
        # The first to come have most to do; a run that skips lasts some 30 ms.
        if kills and self.dice.random() < (0.5 if number % BATCH == 0 else 0.1):
            pause(self.dice.uniform(0, 0.03))
            host.lose()

    def fire_many(self, tick, count):
        for first in range(0, count, BATCH):
            for _ in range(min(BATCH, count - first)):
                self.fire(tick)
            self.settled(tick)

    def settled(self, tick):
        """Until all have ended but the one that runs and those that wait, each for good."""
        def is_settled():
            places = [self.fleet.get("waiters", "a", place) for place in self.fleet.waiters("a")]
            waiting = {place.split()[0] for place in places if place}
            running = {host.name for host in self.hosts[tick] if host.run.running}
            return len(running - waiting) <= (TICKS[tick][1] != SHORT and self.is_under_way(tick))
        eventually(is_settled, 60, f"tick {tick} settles")

    def is_under_way(self, tick):
        return any(host.run.running for host in self.started(tick))

    def started(self, tick):
        labels = {event.label for event in self.fleet.records.events("start")}
        return [host for host in self.hosts[tick] if {f"{tick}.{host.number}", f"{tick}.{host.number}.fails"} & labels]

    def end_overrun(self, tick):
        if TICKS[tick][1] == LOST_OVERRUN:
            for host in self.started(tick):
                host.lose()
        self.fleet.raise_flag(self.fleet.flag(f"end.{tick}"))

    def use_up(self, tick):
        """More hosts fire, as theirs is the later clock, until one finds nothing left to do, also for those who hold the lock."""
        def state():
            return self.fleet.list("locks"), self.fleet.get("jobs", "a")

        def finds_nothing():
            # A lost holder's lock stands for a while: who finds that has nothing to do for its sake.
            before = state()
            self.fire(tick, kills=False, works=True)
            return self.hosts[tick][-1].run.wait(60) == 6 and not before[0] and state() == before
        eventually(finds_nothing, 60, f"tick {tick} is used up")

    def overrun(self, tick):
        """The same, until it runs."""
        def runs():
            if not self.is_under_way(tick):
                self.fire(tick, kills=False, works=True)
                self.settled(tick)
            return self.is_under_way(tick)
        eventually(runs, 60, f"tick {tick} runs")

    def play(self, count):
        """So many hosts for each tick."""
        for tick, (_, kind) in enumerate(TICKS):
            overrun = tick > 0 and TICKS[tick - 1][1] != SHORT
            if overrun:
                self.fire_many(tick, count // 3)
                self.end_overrun(tick - 1)
                self.use_up(tick - 1)
            self.fire_many(tick, count - count // 3 if overrun else count)
            if kind == SHORT:
                self.use_up(tick)
            else:
                self.overrun(tick)
        for host in sum(self.hosts.values(), []):
            assert host.run.wait(60) in (0, 3, 5, 6) or host.is_lost, host.run


@pytest.fixture
def crontab(fleet, tmp_path):
    dice = random.Random(int(os.environ.get("SWITCHMAN_TEST_SEED", 1)))
    fleet.leaves_marks = True
    return lambda *options: Crontab(fleet, other_clocks(tmp_path), options, dice)


def play(crontab, hosts):
    crontab.play(int(os.environ.get("SWITCHMAN_TEST_HOSTS", hosts)) // len(TICKS))
    crontab.fleet.records.assert_never_two()
    lost = [host for host in sum(crontab.hosts.values(), []) if host.is_lost]
    assert len(lost) > hosts / 50 and any(set(lost) & set(crontab.started(tick)) for tick in range(len(TICKS)))


def last_sign(crontab, host, tick):
    """When its command ended by itself; None if it did not, or is one that fails."""
    ends = crontab.fleet.records.events("end", f"{tick}.{host.number}")
    return ends[0].time if ends else None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("options, hosts", [((), 1000), (("--wait", "forever"), 250)], ids=str)
def test_each_tick_starts_once_though_hosts_die(crontab, options, hosts):
    line = crontab(*options)
    play(line, hosts)
    record = line.fleet.record("a")
    for tick in range(len(TICKS)):
        started = line.started(tick)
        # A stated limit: a host that is lost between its take and its start has used the tick up.
        takers = {run["host"] for run in record["runs"]} & {host.name for host in line.hosts[tick] if host.is_lost}
        assert len(started) == 1 or (not started and takers), (tick, started, takers)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("options", [("--retry-failed",), ("--retry-failed", "--wait", "forever")], ids=str)
def test_with_retry_failed_each_tick_starts_until_it_has_succeeded(crontab, options):
    line = crontab(*options)
    play(line, 250)
    starts = {event.label: event.time for event in line.fleet.records.events("start")}
    reported = {}
    for tick in range(len(TICKS)):
        ends = {host: last_sign(line, host, tick) for host in line.started(tick)}
        assert any(ends.values()), f"tick {tick} has not succeeded"
        # Of a host that was lost nobody may have heard that it has succeeded.
        heard = [ended for host, ended in ends.items() if ended and not host.is_lost]
        assert len(heard) < 2, f"tick {tick} has succeeded twice"
        reported.update({tick: ended for ended in heard})
    for label, started in starts.items():
        tick = int(label.split(".")[0])
        done = [other for other, ended in reported.items() if other >= tick and ended < started]
        assert not done, f"{label} starts after the success of tick {done}"
