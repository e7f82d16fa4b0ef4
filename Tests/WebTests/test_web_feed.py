"""What is read once is not read again, and each change is seen all the same."""

import json
import random
import re

import pytest

from Support.control import Control
from Support.crowd import crowd
from Support.eventually import eventually
from Support.web import Events

RECORD = {"state": "ended", "session": "1", "n": 1, "term": 30, "host": "h", "pid": 1, "runs": []}
RUN = {"host": "h", "outcome": "ran", "code": 0, "started": 1}


def received(server):
    """Requests of all clients."""
    return int(re.search(r"^Received: (\d+)", server.ask("srvr"), re.M)[1])


def test_a_change_alone_is_read(own_web, own_fleet, server):
    """Also where each lock looks like an original's, which is believed only after a second look at it and its record."""
    crowd(own_fleet.client, own_fleet.path, locks=200, waiters=5)
    stream = Events(own_web)
    eventually(lambda: len(own_web.json("/api/status")["locks"]) == 200)

    def news(of):
        while not any(job["name"] == of for job in stream.next("fleet")["jobs"]):
            pass
    own_fleet.client.create(own_fleet.path("locks", "first"), b"h 1", ephemeral=True)
    news("first")
    before = received(server)
    for name in ("second", "third"):
        own_fleet.client.create(own_fleet.path("locks", name), b"h 1", ephemeral=True)
        news(name)
    own_fleet.client.create(own_fleet.path("jobs", "third"), json.dumps({**RECORD, "runs": [RUN]}).encode())
    news("third")
    assert received(server) - before < 60, "of 1,400 nodes"
    stream.close()


class Walk:
    """Changes of a small fleet, one after the other, as runs and operators make them: some in one transaction."""

    def __init__(self, fleet, seed):
        self.client, self.path, self.dice, self.count = fleet.client, fleet.path, random.Random(seed), 0
        for folder in ("locks", "jobs", "waiters", "queues", "semaphores"):
            self.client.ensure_path(self.path(folder))

    def step(self):
        self.count += 1
        return self.dice.choice([self.lock, self.lock, self.hand_over, self.record, self.place, self.lease, self.data])()

    def name(self):
        return self.dice.choice("abc")

    def lock(self):
        path = self.path("locks", self.name())
        if self.client.exists(path):
            self.client.delete(path)
        else:
            self.client.create(path, b"host %d" % self.count, ephemeral=True)
        return path

    def hand_over(self):
        """The list of locks is as it was."""
        path = self.path("locks", self.name())
        transaction = self.client.transaction()
        if self.client.exists(path):
            transaction.delete(path)
        transaction.create(path, b"next %d" % self.count, ephemeral=True)
        transaction.commit()
        return path

    def record(self):
        path = self.path("jobs", self.name())
        if self.client.exists(path) and self.dice.random() < 0.3:
            self.client.delete(path)
        elif not self.client.exists(path):
            self.client.create(path, json.dumps({**RECORD, "runs": [{**RUN, "started": self.count}]}).encode())
        else:
            self.client.set(path, json.dumps({**RECORD, "runs": [{**RUN, "started": self.count}]}).encode())
        return path

    def place(self):
        """The queue goes with its last place, and its numbers begin anew."""
        queue = self.path("waiters", self.name())
        places = self.client.get_children(queue) if self.client.exists(queue) else []
        if len(places) > 2 or places and self.dice.random() < 0.5:
            self.client.delete(f"{queue}/{self.dice.choice(places)}")
            if len(places) == 1:
                self.client.delete(queue)
        else:
            self.client.ensure_path(queue)
            self.client.create(f"{queue}/{self.name()}-", b"w %d" % self.count, ephemeral=True, sequence=True)
        return queue

    def lease(self):
        path = self.path("semaphores", self.name(), "leases")
        leases = self.client.get_children(path) if self.client.exists(path) else []
        if leases and self.dice.random() < 0.5:
            self.client.delete(f"{path}/{leases[0]}")
        else:
            self.client.create(f"{path}/1_4_{self.count:010}", b"l %d" % self.count, ephemeral=True, makepath=True)
        return path

    def data(self):
        self.client.set(self.path(), json.dumps({"resources": [self.name()], "paused": [self.name()]}).encode())
        return self.path()


@pytest.mark.parametrize("seed", range(4))
def test_each_change_is_seen(start_web, controller, fleet, seed):
    """After each, the page has what a look at everything has."""
    walk, ctl = Walk(fleet, seed), Control(controller, fleet)
    web = start_web()
    for _ in range(40):
        changed = walk.step()
        shown = ctl("status", "--json").out
        eventually(lambda: web.get("/api/status").text == shown, within=5, what=f"step {walk.count}: {changed}")
