"""Whoever takes more than a share, or is slow, does not keep the others waiting."""

import os
import resource
import threading
import time
import warnings

import pytest

from Support.eventually import elapsed, eventually, now
from Support.web import Events

OURS = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def descriptors():
    """As many as the machine lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_connections(web, fleet, descriptors):
    """Some are let in, the others told so at once; a page that was open goes on, and hears of a change. Whoever comes when they
    are gone is served, and so is a new page."""
    count = min(10_000, descriptors - 500)
    if count < 10_000:
        warnings.warn(f"only {count} connections: a process may have {descriptors} descriptors here (ulimit -Hn)", stacklevel=1)
    stream = Events(web)
    before, crowd, turned_away = web.memory_kb(), [], 0
    for number in range(count):
        crowd.append(web.connect())
        if number > 300:
            turned_away += crowd[-1].recv(100).startswith(b"HTTP/1.1 503 ")
    assert turned_away == count - 301
    assert web.open_files() < 300 and web.memory_kb() < before + 20_000
    fleet.client.ensure_path(fleet.path("locks"))
    fleet.client.create(fleet.path("locks", "quick"), b"h 1", ephemeral=True)
    while not any(job["name"] == "quick" for job in stream.next("fleet")["jobs"]):
        pass
    assert len([line for line in web.run.err.splitlines() if "connections at once" in line]) == 1
    for connection in crowd:
        connection.close()
    eventually(lambda: web.get("/healthz").status == 200)
    newcomer = Events(web)
    assert newcomer.next("fleet")["whole"]
    newcomer.close()
    fleet.client.delete(fleet.path("locks", "quick"))
    stream.close()


def test_when_the_descriptors_run_out(start_web, fleet):
    """Below its own bound: nobody new is let in, those that are there are served, and it goes on afterwards."""
    web = start_web()
    resource.prlimit(web.run.front, resource.RLIMIT_NOFILE, (60, 60))
    stream = Events(web)
    crowd = [web.connect() for _ in range(100)]
    stream.next("state")
    stream.next("state")
    for connection in crowd:
        connection.close()
    eventually(lambda: web.get("/healthz").status == 200, within=30)
    stream.close()


def drip(web, lines, ends):
    """Byte by byte, until it is cut off; notes after how long."""
    with web.connect() as connection:
        begun = time.monotonic()
        try:
            for number in range(len(lines)):
                connection.sendall(lines[number:number + 1])
                connection.settimeout(0.3)
                try:
                    if not connection.recv(1):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        ends.append(time.monotonic() - begun)


def test_who_asks_byte_by_byte_is_cut_off(web):
    """Each byte is in time, and all of them are not. Others are served as ever."""
    ends = []
    threads = [threading.Thread(target=drip, args=(web, OURS + b"X: " + b"x" * 200, ends)) for _ in range(100)]
    for thread in threads:
        thread.start()
    slowest = 0
    for thread in threads:
        while thread.is_alive():
            begun = time.monotonic()
            assert web.get("/healthz").status == 200
            slowest = max(slowest, time.monotonic() - begun)
            thread.join(0.1)
    assert len(ends) == 100 and 8 < min(ends) and max(ends) < 20, sorted(ends)
    assert slowest < 3


def test_an_action_byte_by_byte_is_cut_off(acting):
    head = (b"POST /api/actions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n"
            b"Authorization: Bearer a-long-random-word-of-the-tests\r\n\r\n")
    with acting.connect() as connection:
        connection.sendall(head)
        ends = []
        begun = time.monotonic()
        connection.settimeout(0.3)
        while time.monotonic() - begun < 30:
            try:
                connection.sendall(b" ")
                if not connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        ends.append(time.monotonic() - begun)
    assert 8 < ends[0] < 20 and acting.get("/healthz").status == 200


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "//etc/passwd", "/%2e%2e/", "/api", "/api/", "/api/jobs", "/api/jobs/", "/page.js/", "/PAGE.JS",
    "/page.js%00", "/.git/config", "/api/jobs/a/b", "/api/jobs//output", "*", "/?" + "x" * 4000, "/api/status/x"])
def test_a_path_that_is_none(web, path):
    answer = web.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    status = answer.split(" ")[1]
    assert status == ("200" if path.startswith("/?") else "404"), answer
    assert "root:" not in answer


def test_all_of_them_at_once(web, fleet):
    """Slow and huge requests, readers that take nothing, and noise, while a change is told and pages are answered."""
    over = threading.Event()

    def nuisance(request):
        while not over.is_set():
            try:
                with web.connect() as connection:
                    connection.settimeout(2)
                    connection.sendall(request)
                    over.wait(0.5)
            except OSError:
                over.wait(0.05)
    requests = [OURS, OURS + b"X: " + b"x" * 60_000 + b"\r\n\r\n", b"\x16\x03\x01" + os.urandom(500),
                b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300, b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 1000]
    threads = [threading.Thread(target=nuisance, args=(request,)) for request in requests * 8]
    for thread in threads:
        thread.start()
    try:
        stream = Events(web)
        fleet.client.ensure_path(fleet.path("locks"))
        for number in range(10):
            begun = time.monotonic()
            fleet.client.create(fleet.path("locks", f"job{number}"), b"h 1", ephemeral=True)
            while not any(job["name"] == f"job{number}" for job in stream.next("fleet")["jobs"]):
                pass
            assert web.get("/").status == 200
            assert time.monotonic() - begun < 5
        stream.close()
    finally:
        over.set()
        for thread in threads:
            thread.join()
        fleet.client.delete(fleet.path("locks"), recursive=True)


def test_live_pages_outlive_a_server_that_has_hung(own_web, own_fleet, server):
    """The session's connection is given up, and no other: a page that is open hears that it is old."""
    stream = Events(own_web)
    stream.next("fleet")
    server.stop()
    while "old" not in stream.next("state"):
        pass
    # Until the next attempt to connect has been given up as well.
    elapsed(now() + 12)
    server.cont()
    while "old" in stream.next("state"):
        pass
    stream.close()
