"""How fast the page is with 1,000 jobs and 10,000 that wait: the numbers of Docs/Benchmarks.md.

    SWITCHMAN_WEB_ROUNDS=40 Tests/run --only-web -k how_fast -n 0 -rP

prints them, on a machine with nothing else to do, and holds them against the bounds that are promised. Else there are three
rounds beside other tests, and the bounds are only those of a machine that has something else to do."""

import os
import time

import pytest

from Support.crowd import crowd
from Support.eventually import eventually, pause
from Support.web import Events

ROUNDS = int(os.environ.get("SWITCHMAN_WEB_ROUNDS", 0))
# What is promised, in milliseconds.
OPENED, TOLD = 1000, 200
# Beside other tests.
SLOWER = 1 if ROUNDS else 15
# Marks its time when the list first has so many jobs, in the browser's own clock, which counts from the navigation.
WATCH = """
const mark = () => { if (document.querySelectorAll('#jobs > li').length >= 1000) window.filled ||= performance.now(); };
document.addEventListener('DOMContentLoaded', () => {
  mark();
  new MutationObserver(mark).observe(document.getElementById('jobs'), {childList: true});
});
"""


def say(what, times):
    times = sorted(times)
    print(f"{what}: median {times[len(times) // 2]:.0f} ms, most {times[-1]:.0f} ms, {len(times)} times")
    return times[len(times) // 2]


def since(begun):
    return (time.monotonic() - begun) * 1000


def opened(browser, web):
    """From the navigation until all jobs stand in the page."""
    browser.execute_cdp_cmd("Page.navigate", {"url": "about:blank"})
    pause(0.3)
    browser.get(web.url)
    return eventually(lambda: browser.execute_script("return window.filled"), within=60)


def told(stream, client, number, path):
    """From a change until a stream tells of it: a new lock, a lock that goes, one more that waits."""
    name = f"job-{number:04}"
    # What comes too close is read in one look.
    pause(0.8)
    begun = time.monotonic()
    if number % 3 == 0:
        client.create(path("locks", f"new-{number:04}"), b"host3.example.org 1", ephemeral=True)
        name = f"new-{number:04}"
    elif number % 3 == 1:
        client.delete(path("locks", name))
    else:
        client.create(path("waiters", name, f"{name}-"), b"host3.example.org 1", ephemeral=True, sequence=True)
    while not any(job["name"] == name for job in stream.next("fleet")["jobs"]):
        pass
    return since(begun)


def drawn(browser, client, path, number):
    """From a new lock until it stands in the page, in the browser's own time: it looks at each frame."""
    pause(0.8)
    name = f"drawn-{number:04}"
    browser.execute_script("""
        window.drawn = null;
        const look = () => { if ([...document.querySelectorAll('#jobs a')].some((one) => one.textContent === arguments[0]))
            window.drawn = Date.now(); else requestAnimationFrame(look); };
        requestAnimationFrame(look);""", name)
    begun = time.time() * 1000
    client.create(path("locks", name), b"host3.example.org 1", ephemeral=True)
    return eventually(lambda: browser.execute_script("return window.drawn")) - begun


@pytest.mark.timeout(600)
@pytest.mark.parametrize("runs", [10, 0], ids=["recorded", "originals"])
def test_how_fast_it_is(browser, own_web, own_fleet, server, runs):
    client, path = server.client(), own_fleet.path
    crowd(client, path, runs=runs)
    eventually(lambda: len(own_web.json("/api/status")["locks"]) == 1000)
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    stream = Events(own_web)
    stream.next("fleet")
    at_open = say("opened until all jobs stand there", [opened(browser, own_web) for _ in range(max(3, ROUNDS // 8))])
    at_tell = say("changed until told", [told(stream, client, number, path) for number in range(max(3, ROUNDS))])
    at_draw = say("locked until drawn", [drawn(browser, client, path, number) for number in range(max(3, ROUNDS // 3))])
    assert at_open < OPENED * SLOWER and at_tell < TOLD * SLOWER and at_draw < TOLD * SLOWER
    stream.close()
    client.delete(path("jobs"), recursive=True)
    client.stop()
    client.close()
