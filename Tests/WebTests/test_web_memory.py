"""Memory stays where it is over thousands of changes, while a page is told of them and programs ask. For as long as
SWITCHMAN_WEB_MINUTES says: `SWITCHMAN_WEB_MINUTES=60 Tests/run --only-web -k stays_flat -rP`."""

import json
import os
import threading
import time

import pytest

from Support.eventually import eventually, pause
from Support.web import Events

FIRST, ALL, JOBS = 1000, 6000, 40
MINUTES = float(os.environ.get("SWITCHMAN_WEB_MINUTES", 0))
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


def numbers(begun):
    """Of the changes: at least ALL, and on for the minutes."""
    number = 0
    while number < ALL or time.monotonic() < begun + MINUTES * 60:
        yield number
        number += 1


@pytest.mark.timeout(300 + MINUTES * 60)
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
    begun, sizes = time.monotonic(), []
    for number in numbers(begun):
        change(fleet, number).get(timeout=20)
        if number % (4 * JOBS) == 4 * JOBS - 1:
            for job in range(JOBS):
                folder = fleet.path("waiters", f"job{job:02}")
                for place in fleet.client.get_children(folder):
                    fleet.client.delete(f"{folder}/{place}")
        if number % 100 == 0:
            # What comes too close is read in one look.
            pause(0.3)
        if number % FIRST == 0 and number:
            sizes.append(web.memory_kb())
    took = time.monotonic() - begun
    eventually(lambda: web.get("/healthz").status == 200)
    after_first, at_end = sizes[0], web.memory_kb()
    over.set()
    for thread in others:
        thread.join(20)
    stream.close()
    assert heard.count("fleet") > 30, "it was told of them"
    print(f"{after_first} kB after {FIRST} changes, {at_end} kB after {number + 1}, in {took:.0f} s; {os.cpu_count()} processors; "
          f"after each {FIRST}: {sizes[::max(1, len(sizes) // 60)]}")
    assert at_end < 1.25 * after_first + 2000, (after_first, at_end, took)
    fleet.client.delete(fleet.path("locks"), recursive=True)
