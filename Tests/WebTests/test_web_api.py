"""What switchman-web answers to programs, and to what is none of its requests."""

import json
import socket
import subprocess
import time

import pytest

from Support.control import checked
from Support.eventually import always, eventually
from Support.web import Events

OURS = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n"


def test_the_status_is_the_tools_own(web, fleet, ctl):
    fleet.resources("r")
    fleet.start_job("backup", arguments=("--lease", "r=1:2"))
    status = eventually(lambda: (one := web.json("/api/status")) and len(one["locks"]) == 1 and one)
    assert status == ctl.json("status")
    checked(web.get("/api/status").text, "status")
    fleet.end_job("backup")


def test_a_job_has_its_status_and_its_history(web, fleet, ctl):
    fleet.run("--lockname", "a b%c", "--", "sh", "-c", "exit 3")
    eventually(lambda: web.get("/api/jobs/a%20b%25c").status == 200)
    job = web.json("/api/jobs/a%20b%25c")
    assert job["history"] == ctl.json("history", "a b%c") and job["history"]["runs"][0]["code"] == 3
    assert job["status"]["locks"] == ctl.json("status", "a b%c", code=1)["locks"]
    checked(web.get("/api/jobs/a%20b%25c").text, "web job")
    assert "nothing is known" in web.json("/api/jobs/other", 404)["error"]
    for path in ("/api/jobs/%zz", "/api/jobs/%ff", "/api/jobs/%"):
        assert "percent-encoded" in web.json(path, 400)["error"]


def test_every_answer_is_kept_to_itself(web):
    for path in ("/", "/page.js", "/page.css", "/healthz", "/api/status", "/nothing", "/api/nothing"):
        headers = web.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy
    assert web.get("/nothing").status == web.get("/../etc/passwd").status == web.get("//").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(web, method):
    answer = web.get("/api/status", method, body="x" if method in ("POST", "PUT") else None)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD") and "switchmanctl" in answer.text


def test_a_head_has_no_body(web):
    answer = web.get("/", "HEAD")
    assert (answer.status, answer.text) == (200, "") and int(answer.headers["content-length"]) > 100


def test_a_name_that_leads_here_is_not_enough(start_web):
    web = start_web("--name", "fleet.example.org")
    for host, status in (("evil.example.org", 421), ("fleet.example.org", 200), ("localhost:80", 200), ("[::1]:1", 200),
                         ("192.0.2.7", 200), ("host1.example.org", 200)):
        assert web.get("/", Host=host).status == status, host
    for lines in (b"", b"Host: localhost\r\nHost: localhost\r\n"):
        assert web.raw(b"GET / HTTP/1.1\r\nConnection: close\r\n" + lines + b"\r\n").startswith("HTTP/1.1 400 ")


@pytest.mark.parametrize("request_, status", [
    (b"nonsense\r\n\r\n", 400), (b"GET / HTTP/9.9\r\n\r\n", 400), (OURS + b"X: " + b"x" * 9000 + b"\r\n\r\n", 431),
    (OURS + b"".join(b"X%d: y\r\n" % number for number in range(70)) + b"\r\n", 431),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 431), (OURS + b"Content-Length: 5\r\n\r\nhello", 413),
    (OURS + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413)],
    ids=["nonsense", "version", "long", "many", "path", "body", "chunked"])
def test_what_is_no_request_gets_a_clear_answer(web, request_, status):
    assert web.raw(request_).startswith(f"HTTP/1.1 {status} ")


def test_who_does_not_ask_is_not_waited_for(web):
    with web.connect() as connection:
        connection.sendall(OURS)
        begun = time.monotonic()
        assert connection.recv(1) == b""
        assert 8 < time.monotonic() - begun < 14


def test_too_many_are_turned_away_and_the_others_served(web):
    stream = Events(web)
    crowd = [web.connect() for _ in range(300)]
    answers = []
    for connection in crowd[-30:]:
        answers.append(connection.recv(1000))
    assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in answers)
    assert all(answer.endswith(b"256 connections are open, and there is no room for more; try again\n") for answer in answers)
    refused = web.get("/healthz")
    assert (refused.status, refused.headers["retry-after"]) == (503, "10") and "no room for more" in refused.text
    stream.next("state")
    stream.next("state")
    for connection in crowd:
        connection.close()
    eventually(lambda: web.get("/healthz").status == 200)
    stream.close()


def test_a_change_is_told_at_once(web, fleet):
    stream = Events(web)
    assert stream.next("fleet")["whole"]
    begun = time.monotonic()
    fleet.client.ensure_path(fleet.path("locks"))
    fleet.client.create(fleet.path("locks", "quick"), b"h 1", ephemeral=True)
    while not any(job["name"] == "quick" for job in stream.next("fleet")["jobs"]):
        pass
    assert time.monotonic() - begun < 1
    fleet.client.delete(fleet.path("locks", "quick"))
    while "quick" not in stream.next("fleet")["gone_jobs"]:
        pass
    stream.close()


def test_a_slow_reader_is_dropped(web, fleet):
    """It has asked for more than any buffer holds, and takes nothing."""
    before = web.open_files()
    with web.connect() as connection:
        connection.sendall((b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n") * 600)
        eventually(lambda: web.open_files() == before, within=20, what="it is dropped")
        assert web.get("/healthz").status == 200
        connection.settimeout(5)
        total = 0
        try:
            while part := connection.recv(1 << 20):
                total += len(part)
        except ConnectionResetError:
            pass
        assert total < 600 * 15_000


def fill(fleet, count=3000):
    """So many jobs that the whole is more than any buffer holds."""
    fleet.client.ensure_path(fleet.path("jobs"))
    run = {"host": "h" * 200, "outcome": "ran", "code": 0, "started": 1}
    record = {"state": "ended", "session": "1", "n": 1, "term": 30, "host": "h", "pid": 1, "runs": [run] * 10}
    for number in range(count):
        fleet.client.create(fleet.path("jobs", f"job{number:04}"), json.dumps(record).encode())


def test_a_live_page_that_takes_nothing_is_dropped(web, fleet):
    """And another, which takes what it is sent, is not."""
    fill(fleet)
    eventually(lambda: web.get("/api/jobs/job2999").status == 200)
    other, begun = Events(web), time.monotonic()
    before = web.open_files()
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", web.port))
        stalled.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: web.open_files() == before + 1)
        while web.open_files() != before:
            assert time.monotonic() - begun < 30, "it is kept"
            other.next("state")
        assert time.monotonic() - begun > 8
    other.next("state")
    other.close()


def test_a_page_that_was_behind_gets_the_whole_once(web, fleet):
    """The whole alone is more than there is room for: what is left out behind it is no reason to send it again."""
    fill(fleet)
    eventually(lambda: web.get("/api/jobs/job2999").status == 200)
    stream, other = Events(web), Events(web)
    # Two beats are more than one that is sent behind the whole.
    for _ in range(2):
        other.next("state")
    wholes, states = 0, 0
    while states < 2 and wholes <= 2:
        kind, event = stream.any()
        states += kind == "state"
        wholes += bool(event.get("whole"))
    assert wholes <= 2, (wholes, states)
    stream.close()
    other.close()


def test_who_asks_on_and_takes_nothing_fills_no_memory(web):
    """Requests behind each other, more than a thousand in one piece."""
    requests = b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1400
    before = web.memory_kb()
    with web.connect() as connection:
        connection.sendall(requests)
        always(lambda: web.memory_kb() < before + 10_000, during=3)
        assert web.get("/healthz").status == 200


def test_what_is_old_is_no_answer(own_web, own_fleet, server):
    stream = Events(own_web)
    server.kill()
    while "old" not in (state := stream.next("state")):
        pass
    assert "ZooKeeper" in state["old"]
    for path in ("/api/status", "/api/jobs/x"):
        assert "old" in own_web.json(path, 503)["error"]
    assert "old" in own_web.json("/healthz", 503)["error"] and own_web.get("/").status == 200
    always(lambda: own_web.get("/healthz").status == 503, 3, what="nobody can be asked, though all was known")
    server.restart()
    eventually(lambda: own_web.get("/healthz").status == 200, within=40)
    checked(own_web.get("/healthz").text, "web health")
    stream.close()


@pytest.mark.parametrize("words, code, mention", [
    (("--listen", "0.0.0.0:0"), 64, "--public"), (("--listen", "localhost:1"), 64, "an IP address and a port"),
    (("--listen", "127.0.0.1"), 64, "an IP address and a port"), (("--listen", "[::]:0"), 64, "--public"),
    (("--config", "/nowhere"), 78, "/nowhere"), (("--frobnicate",), 64, "--frobnicate"),
    (("--listen", "192.0.2.1:1", "--public"), 71, "cannot listen")])
def test_bad_input_is_one_line(web_program, fleet, words, code, mention):
    words = words if "--config" in words else ("--config", fleet.config(), *words)
    ran = subprocess.run([web_program, *words], capture_output=True, text=True, timeout=20)
    assert (ran.returncode, ran.stdout) == (code, "") and mention in ran.stderr
    assert ran.stderr.startswith("switchman-web: ") and len(ran.stderr.splitlines()) == 1


def test_where_it_listens_unless_it_is_told(web_program, fleet):
    """At this host's own address. Somebody else may be there; then it says so."""
    words = [web_program, "--config", fleet.config("web.conf")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        process.terminate()
    assert "listening at http://127.0.0.1:8420/" in line or "cannot listen at 127.0.0.1:8420: " in line, line
