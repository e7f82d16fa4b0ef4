"""Examples/hooks: what each sends when a run ends, received by a server of the test's own."""

import http.server
import json
import re
import threading

import pytest

from Support.fixtures import ROOT

HOOKS = ROOT / "Examples/hooks"
# What a job may be called and still not break what is sent.
AWKWARD = 'ra"te\\s'


class Receiver:
    """Keeps each request: path, content type, body."""

    def __init__(self):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests.append((self.path, self.headers["Content-Type"], body.decode()))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                return
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def notified(fleet, tmp_path):
    """Runs a command with that hook in each place; gives the run."""
    def notified(name, *words, lockname="report", **environment):
        fleet.settings["hooks"] = {hook: str(HOOKS / name) for hook in ("succeeded", "failed", "lost", "released")}
        run = fleet.run("--lockname", lockname, "--", *words, env=environment)
        assert "hook" not in run.err, run.err
        return run
    return notified


def secret(folder, text):
    path = folder / "secret"
    path.write_text(text + "\n", encoding="utf-8")
    return str(path)


def test_each_has_a_test_and_names_its_limit():
    assert {path.name for path in HOOKS.iterdir()} == {"mail", "slack", "healthchecks", "pagerduty"}
    for path in HOOKS.iterdir():
        text = path.read_text(encoding="utf-8")
        assert path.stat().st_mode & 0o111 and ("curl" not in text or "--max-time 8" in text)


def test_slack(notified, receiver, tmp_path):
    assert notified("slack", "sh", "-c", "exit 3", SLACK_FILE=secret(tmp_path, f"{receiver.url}/T0/B1"), lockname=AWKWARD).code == 3
    (path, kind, body), = receiver.requests
    assert (path, kind) == ("/T0/B1", "application/json")
    assert re.fullmatch(rf"\*{re.escape(AWKWARD)}\*: ran \(exit code 3\) on \S+", json.loads(body)["text"])


def test_slack_names_the_reason(notified, receiver, tmp_path):
    assert notified("slack", "/no/such/program", SLACK_FILE=secret(tmp_path, receiver.url)).code == 127
    assert "not-found (exit code 127)" in json.loads(receiver.requests[0][2])["text"]
    assert "/no/such/program" in json.loads(receiver.requests[0][2])["text"]


@pytest.mark.parametrize("words, code", [(("true",), 0), (("sh", "-c", "exit 3"), 3)])
def test_healthchecks(notified, receiver, tmp_path, words, code):
    notified("healthchecks", *words, HEALTHCHECKS_FILE=secret(tmp_path, f"{receiver.url}/1234abcd"), lockname="Nightly report")
    (path, _, body), = receiver.requests
    assert path == f"/1234abcd/nightly-report/{code}" and body.startswith("ran")


def test_healthchecks_of_a_start(fleet, receiver, tmp_path):
    hook = str(HOOKS / "healthchecks")
    fleet.settings["hooks"] = {"started": hook}
    where = {"HEALTHCHECKS_FILE": secret(tmp_path, f"{receiver.url}/1234abcd")}
    assert fleet.run("--lockname", "a", "--", "true", env=where).code == 0
    (path, _, body), = receiver.requests
    assert path == "/1234abcd/a/start" and body.startswith("started")


def test_pagerduty_opens_and_closes(notified, receiver, tmp_path):
    where = {"PAGERDUTY_FILE": secret(tmp_path, "KEY"), "PAGERDUTY_URL": f"{receiver.url}/v2/enqueue"}
    notified("pagerduty", "sh", "-c", "exit 3", lockname=AWKWARD, **where)
    notified("pagerduty", "true", lockname=AWKWARD, **where)
    events = [json.loads(body) for _, _, body in receiver.requests]
    assert [event["event_action"] for event in events] == ["trigger", "resolve"]
    assert {event["dedup_key"] for event in events} == {f"switchman/{AWKWARD}"}
    assert {event["routing_key"] for event in events} == {"KEY"}
    assert events[0]["payload"]["summary"] == f"{AWKWARD}: ran (exit code 3)" and events[0]["payload"]["severity"] == "error"


def test_mail(notified, fleet, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sendmail").write_text(f'#!/bin/sh\n[ "$1" = -t ] && cat > {tmp_path}/mail\n', encoding="utf-8")
    (tools / "sendmail").chmod(0o755)
    notified("mail", "sh", "-c", "exit 3", PATH=f"{tools}:/usr/bin:/bin", MAIL_TO="ops@example.org")
    head, body = (tmp_path / "mail").read_text(encoding="utf-8").split("\n\n", 1)
    assert "To: ops@example.org" in head and re.search(r"^Subject: report: ran on \S+$", head, re.M)
    assert "exit code: 3" in body and "reason:" not in body


def test_one_that_reaches_nobody_is_a_warning_and_changes_no_exit_code(fleet, tmp_path):
    fleet.settings["hooks"] = {"failed": str(HOOKS / "slack")}
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", env={"SLACK_FILE": secret(tmp_path, "http://127.0.0.1:1/")})
    assert run.code == 3 and 'hook "failed" exited with 7' in run.err
