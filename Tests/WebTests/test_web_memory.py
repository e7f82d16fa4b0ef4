"""Memory stays where it is over thousands of changes, while a page is told of them and programs ask."""

import json
import os
import threading
import time

from Support.eventually import eventually, pause
from Support.web import Events

FIRST, ALL, JOBS = 1000, 6000, 40
RUN = {"host": "web1.example.org", "outcome": "ran", "code": 0, "held_ms": 1000}


def change(fleet, number):
    """As a run makes them: a lock comes and goes, its record is written, somebody stands in its queue."""
    client, name, n = fleet.client, f"job{number % JOBS:02}", number // JOBS
    step = n % 4
    if step == 0:
        return client.create_async(fleet.path("locks", name), f"host{n} {n}".encode(), ephemeral=True)
    if step == 1:
        runs = [{**RUN, "started": number * 1000 + one} for one in range(10)]
        record = {"state": "ended", "session": "1", "n": n, "term": 30, "host": "h", "pid": 1, "runs": runs}
        return client.set_async(fleet.path("jobs", name), json.dumps(record).encode())
    if step == 2:
        return client.delete_async(fleet.path("locks", name))
    return client.create_async(fleet.path("waiters", name, f"w{n}-"), b"h 1", ephemeral=True, sequence=True)


def ask_on(web, over):
    while not over.wait(0.05):
        for path in ("/api/status", "/metrics", "/api/jobs/job00", "/api/jobs/job00/output", "/nothing"):
            web.get(path)


def test_it_stays_flat(web, fleet):
    fleet.client.ensure_path(fleet.path("locks"))
    for number in range(JOBS):
        for folder in ("jobs", "waiters"):
            fleet.client.ensure_path(fleet.path(folder, f"job{number:02}"))
    stream, over, heard = Events(web), threading.Event(), []

    def listen():
        try:
            while not over.is_set():
                heard.append(stream.any()[0])
        except (AssertionError, OSError, ValueError):
            return
    others = [threading.Thread(target=listen), threading.Thread(target=ask_on, args=(web, over))]
    for thread in others:
        thread.start()
    begun, after_first = time.monotonic(), None
    for number in range(ALL):
        change(fleet, number).get(timeout=20)
        if number % (4 * JOBS) == 4 * JOBS - 1:
            for job in range(JOBS):
                folder = fleet.path("waiters", f"job{job:02}")
                for place in fleet.client.get_children(folder):
                    fleet.client.delete(f"{folder}/{place}")
        if number % 100 == 0:
            # What comes too close is read in one look.
            pause(0.3)
        if number == FIRST:
            after_first = web.memory_kb()
    took = time.monotonic() - begun
    eventually(lambda: web.get("/healthz").status == 200)
    at_end = web.memory_kb()
    over.set()
    for thread in others:
        thread.join(20)
    stream.close()
    assert heard.count("fleet") > 30, "it was told of them"
    assert at_end < 1.25 * after_first + 2000, (after_first, at_end, took)
    print(f"{after_first} kB after {FIRST} changes, {at_end} kB after {ALL}, in {took:.0f} s; {os.cpu_count()} processors")
    fleet.client.delete(fleet.path("locks"), recursive=True)
