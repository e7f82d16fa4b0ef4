"""What visitors may do to the fleet with --allow-actions and the token, and what all others are told."""

import json
import os
import re
import signal
import subprocess
import threading

import pytest

from Support import processes
from Support.control import assert_no_request
from Support.eventually import eventually, now
from Support.fixtures import ROOT
from Support.web import TOKEN, acting_on


def test_without_the_option_nothing_is_there(web):
    status, said = web.act("stop", "backup")
    assert status == 405 and "switchmanctl" in said["error"]
    assert web.get("/api/actions").status == 404


def test_a_stop_ends_the_tree(acting, fleet):
    run = fleet.start_job("backup", "--orphans", "3")
    assert eventually(lambda: acting.get("/api/jobs/backup").status == 200)
    status, said = acting.act("stop", "backup")
    assert status == 200, said
    assert "asked host1.example.org, process" in said["said"][0] and "outcome released" in said["said"][-1]
    assert run.finished().code == 80
    eventually(lambda: not [one for one in fleet.alive() if one.pid != acting.run.front], what="the whole tree is gone")
    assert_no_request(fleet)
    log = acting.run.err
    assert '127.0.0.1 asks: stop "backup"\n' in log and 'stop "backup" for 127.0.0.1: done: ' in log
    status, said = acting.act("stop", "backup")
    assert (status, said["error"]) == (409, "nobody holds the lock backup")
    assert 'stop "backup" for 127.0.0.1: failed: nobody holds' in acting.run.err


def test_a_stop_is_for_the_run_that_was_shown(acting, fleet):
    """Not for the one that holds the lock by now."""
    fleet.start_job("first", arguments=("--lockname", "backup"))
    token = eventually(lambda: acting.get("/api/jobs/backup").status == 200) and \
        acting.json("/api/jobs/backup")["status"]["locks"][0]["token"]
    fleet.end_job("first")
    eventually(lambda: fleet.list("locks") == [], what="it is over")
    run = fleet.start_job("second", arguments=("--lockname", "backup"))
    status, said = acting.act("stop", "backup", run=token)
    assert (status, said["error"]) == (409, "the run that was shown is over; another one holds the lock backup now")
    assert run.running
    assert acting.act("stop", "backup", run=fleet.stat("locks", "backup").czxid)[0] == 200
    assert run.finished().code == 80


def test_how_an_action_ended_is_known_whatever_it_was_started_with(web_program, fleet):
    web = acting_on(web_program, fleet, prefixed=("sh", "-c", "trap '' CHLD; exec \"$@\"", "sh"))
    try:
        assert web.act("resume", "backup")[0] == 409
    finally:
        web.stop()


def test_it_acts_on_the_fleet_that_it_shows(acting, fleet):
    with open(acting.config, encoding="utf-8") as file:
        settings = json.load(file)
    with open(acting.config, "w", encoding="utf-8") as file:
        json.dump({**settings, "prefix": "/elsewhere"}, file)
    status, said = acting.act("pause", "backup")
    assert status == 500 and "the configuration has changed" in said["error"]
    assert not fleet.client.exists("/elsewhere")


def test_a_pause_is_the_tools_own(acting, fleet, ctl):
    assert acting.act("pause", "backup", why="move to rack 7")[0] == 200
    note = ctl.json("status")["pauses"]["backup"]
    assert note["why"] == "move to rack 7" and note["by"] == "switchman-web@host1.example.org for 127.0.0.1"
    run = fleet.run("--lockname", "backup", "--exit-code", "paused=33", "--", "true")
    assert run.code == 33
    assert acting.act("resume", "backup")[0] == 200
    assert fleet.run("--lockname", "backup", "--exit-code", "paused=33", "--", "true").code == 0
    status, said = acting.act("resume", "backup")
    assert (status, said["error"]) == (409, "backup is not paused")


def test_all_jobs(acting, ctl):
    assert acting.act("pause")[0] == 200 and "all_paused" in ctl.json("status")
    assert acting.act("resume")[0] == 200 and "all_paused" not in ctl.json("status")


def test_a_drain_and_its_end(acting, fleet, ctl):
    assert acting.act("drain", "host*.example.org")[0] == 200
    assert ctl.json("status")["drained"] == ["host*.example.org"]
    assert fleet.run("--lockname", "a", "--exit-code", "paused=33", "--", "true").code == 33
    assert acting.act("undrain", "host*.example.org")[0] == 200
    assert acting.act("undrain", "host*.example.org")[0] == 409


def test_hostile_names_stay_names(acting, ctl):
    name = "$(touch x); <b>\u00e9 \u202e'\""
    assert acting.act("pause", name)[0] == 200
    assert ctl.json("status")["paused"] == [name]
    line = next(line for line in acting.run.err.splitlines() if "asks: pause" in line)
    assert "\u202e" not in line and "$(touch x); <b>" in line


@pytest.mark.parametrize("body, mention", [
    ("", "JSON"), ("[]", "JSON"), ('{"verb":"stop"}', '"name"'), ('{"verb":"explode","name":"a"}', '"verb"'),
    ('{"verb":"stop","all":true}', '"all"'), ('{"verb":"stop","name":"a/b"}', "'/'"), ('{"verb":"stop","name":""}', "empty"),
    ('{"verb":"stop","name":1}', "string"), ('{"verb":"stop","name":"a","why":"b"}', '"why"'),
    ('{"verb":"pause","name":"a","why":"two\\nlines"}', "one line"), ('{"verb":"pause","name":"a","force":true}', "force"),
    ('{"verb":"drain","name":"web[1-3]"}', "["), ('{"verb":"pause","name":"a\\u0000b"}', "control"),
    ('{"verb":"pause","name":"' + "x" * 600 + '"}', "longer")])
def test_what_makes_no_sense_is_said(acting, fleet, body, mention):
    before = fleet.get()
    status, said = acting.act(None, "x", body=body)
    assert status == 400 and mention in said["error"] and "\n" not in said["error"]
    assert fleet.get() == before and "asks:" not in acting.run.err


def test_a_long_body_is_refused(acting):
    status, said = acting.act(None, "x", body='{"verb":"pause","name":"a","why":"' + "x" * 5000 + '"}')
    assert status == 413 and "4096" in said["error"]


# Who may.


@pytest.mark.parametrize("token", [None, "", "x" * 31, TOKEN[:-1], TOKEN + "x", TOKEN.upper(), TOKEN[:-1] + "\u00e9"])
def test_without_the_token_nothing_is_done(acting, fleet, token):
    before = fleet.get()
    status, said = acting.act("pause", "backup", token=token if token is None else token.encode().decode("latin-1"))
    assert status == (401 if token is None else 403) and "token" in said["error"]
    assert fleet.get() == before
    assert TOKEN not in acting.run.err and "asks:" not in acting.run.err
    assert token is None or "refused: a wrong token from 127.0.0.1" in acting.run.err


@pytest.mark.parametrize("headers, status", [
    ({"origin": "http://evil.example.org"}, 403), ({"origin": "null"}, 403), ({"sec_fetch_site": "cross-site"}, 403),
    ({"sec_fetch_site": "same-site"}, 403), ({"sec_fetch_site": "none"}, 403), ({"origin": "http://127.0.0.1"}, 403),
    ({"content_type": "text/plain"}, 415), ({"content_type": "application/x-www-form-urlencoded"}, 415),
    ({"content_type": "multipart/form-data"}, 415), ({"host": "evil.example.org"}, 421)])
def test_another_pages_request_is_refused(acting, fleet, headers, status):
    before = fleet.get()
    assert acting.act("pause", "backup", headers=headers)[0] == status
    assert fleet.get() == before and "asks:" not in acting.run.err


def test_its_own_pages_request_is_taken(acting):
    own = {"origin": f"http://127.0.0.1:{acting.port}", "sec_fetch_site": "same-origin", "x_forwarded_for": "192.0.2.1 \xe9"}
    assert acting.act("pause", "backup", headers=own)[0] == 200
    assert acting.act("pause", "other", headers={"origin": "https://localhost", "host": "localhost"})[0] == 200
    assert '127.0.0.1 (for 192.0.2.1??, it says) asks: pause "backup"' in acting.run.err


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_an_action_is_a_post(acting, method):
    answer = acting.get("/api/actions", method)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "access-control-allow-origin" not in answer.headers


def test_who_guesses_waits_and_others_do_not(acting):
    """A guess costs a second; meanwhile pages are served, and who knows the token acts."""
    took = []

    def guess():
        begun = now()
        assert acting.act("pause", "backup", token="w" * 30)[0] in (403, 429)
        took.append(now() - begun)
    threads = [threading.Thread(target=guess) for _ in range(100)]
    for thread in threads:
        thread.start()
    assert acting.get("/healthz").status == 200
    assert acting.act("pause", "other")[0] == 200
    for thread in threads:
        thread.join()
    assert len(took) == 100 and sum(one >= 1 for one in took) >= 64
    assert acting.run.err.count("wrong token") < 5, "the log is not theirs to fill"


def test_only_so_many_at_once(acting, fleet):
    """Each is a process. What is too much is told to come again."""
    for label in ("a", "b", "c", "d", "e"):
        fleet.start_job(label, "--stubborn")
    answers = []
    threads = [threading.Thread(target=lambda name=name: answers.append(acting.act("stop", name))) for name in "abcde"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(status for status, _ in answers)
    assert statuses == [200, 200, 200, 200, 503], answers
    left, = (name for name in "abcde" if fleet.stat("locks", name))
    assert acting.act("stop", left)[0] == 200


def test_nobody_asks_on_when_the_server_has_died(acting, fleet):
    """The process that asks ends with it, and with that process the request."""
    run = fleet.start_job("backup")
    supervisor = run.supervisor
    processes.kill(supervisor, signal.SIGSTOP)
    with acting.connect() as connection:
        connection.sendall(request(acting, "stop", "backup"))
        eventually(lambda: fleet.list("stops"), what="the request stands")
        acting.run.send(signal.SIGKILL)
        assert_no_request(fleet)
    processes.kill(supervisor, signal.SIGCONT)
    fleet.end_job("backup")
    run.wait()


def request(web, verb, name):
    body = json.dumps({"verb": verb, "name": name})
    return (f"POST /api/actions HTTP/1.1\r\nHost: localhost:{web.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def test_who_hangs_up_has_asked_all_the_same(acting, fleet):
    run = fleet.start_job("backup", "--stubborn")
    with acting.connect() as connection:
        connection.sendall(request(acting, "stop", "backup"))
        eventually(lambda: fleet.list("stops"), what="the request stands")
    assert run.finished().code == 80
    eventually(lambda: 'stop "backup" for 127.0.0.1: done' in acting.run.err)


def test_requests_behind_each_other_are_done_in_turn(acting, ctl):
    both = request(acting, "pause", "a") + request(acting, "resume", "a") + request(acting, "pause", "b")
    with acting.connect() as connection:
        connection.sendall(both + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.count("HTTP/1.1 200 OK") == 4, answer
    assert ctl.json("status")["paused"] == ["b"]


def test_while_zookeeper_is_away_nothing_is_begun(own_acting, server):
    server.kill()
    eventually(lambda: own_acting.get("/healthz").status == 503)
    status, said = own_acting.act("pause", "backup")
    assert status == 503 and "ZooKeeper" in said["error"]
    assert 'asks: pause "backup": refused: ' in own_acting.run.err
    server.restart()


def test_its_rights_are_those_of_its_own_credentials(web_program, own_fleet):
    """Who may only look can be asked for whatever one likes."""
    own_fleet.client.add_auth("digest", "team:word-of-the-team")
    own_fleet.settings["auth"] = own_fleet.write("auth", "digest:team:word-of-the-team\n")
    os.chmod(own_fleet.settings["auth"], 0o600)
    own_fleet.settings["acl"] = ["creator", "world:anyone:r"]
    own_fleet.start_job("backup")
    web = acting_on(web_program, own_fleet, config=own_fleet.config("stranger.conf", auth=None, acl=None))
    for verb in ("stop", "pause"):
        status, said = web.act(verb, "backup")
        assert status == 502 and "no permission" in said["error"], said
    web.stop()
    own_fleet.end_job("backup")


@pytest.mark.parametrize("lines, status", [
    ("Content-Length: 2\r\nTransfer-Encoding: chunked", "400"), ("Content-Length: 2\r\nContent-Length: 3", "400"),
    ("Content-Length: -1", "400"), ("Transfer-Encoding: chunked, identity", "400"),
    ("Content-Length: 99999999999999999999", "400")])
def test_a_body_whose_length_is_doubtful_is_none(acting, lines, status):
    answer = acting.raw(
        f"POST /api/actions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"{lines}\r\nConnection: close\r\n\r\n0\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status} "), answer
    assert answer.count("HTTP/1.1 ") == 1 and "asks:" not in acting.run.err


# The token's file.


def bad(fleet, web_program, *words):
    ran = subprocess.run([web_program, "--config", fleet.config(), *words], capture_output=True, text=True, timeout=20)
    assert ran.stdout == "" and ran.stderr.startswith("switchman-web: ") and len(ran.stderr.splitlines()) == 1
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("content, mode, owner, mention", [
    (TOKEN, 0o644, 0, "chmod 600"), (TOKEN, 0o660, 0, "chmod 600"), (TOKEN, 0o600, 12345, "another user (12345)"),
    ("short", 0o600, 0, "shorter than 16"), ("", 0o600, 0, "shorter than 16"), ("two words of a token", 0o600, 0, "one line"),
    (TOKEN + "\n" + TOKEN, 0o600, 0, "one line"), ("x" * 2000, 0o600, 0, "one line"), (None, 0, 0, "No such file"),
    ("folder", 0, 0, "no regular file")])
def test_a_token_that_is_none_is_refused(web_program, fleet, content, mode, owner, mention):
    path = f"{fleet.folder}/token"
    if content == "folder":
        os.mkdir(path, 0o700)
    elif content is not None:
        fleet.write("token", content)
        os.chmod(path, mode)
        os.chown(path, owner, 0)
    code, said = bad(fleet, web_program, "--allow-actions", "--token-file", path)
    assert code == 78 and mention in said and f"--token-file names {path}"[:60] in said
    assert TOKEN not in said


def test_each_option_needs_the_other(web_program, fleet):
    code, said = bad(fleet, web_program, "--allow-actions")
    assert code == 64 and "--token-file" in said
    code, said = bad(fleet, web_program, "--token-file", "/x")
    assert code == 64 and "--allow-actions" in said


def test_other_addresses_need_their_word(web_program, fleet):
    path = fleet.write("token", TOKEN)
    os.chmod(path, 0o600)
    code, said = bad(fleet, web_program, "--listen", "0.0.0.0:0", "--allow-actions", "--token-file", path)
    assert code == 64 and "--public" in said


def test_the_manuals_line_acts(acting, fleet, ctl):
    """As it stands there, but for the port and the file."""
    page = (ROOT / "Docs/switchman-web.1").read_text(encoding="utf-8")
    line = re.search(r"^curl .*?(?=\n\.Ed)", page, re.M | re.S)[0].replace("\\e\n", "\\\n")
    header = fleet.write("header", f"x-switchman-token: {TOKEN}")
    line = line.replace("/etc/switchman/web.header", header).replace("127.0.0.1:8420", f"127.0.0.1:{acting.port}")
    ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(ran.stdout) == {"said": []}
    assert ctl.json("status")["pauses"]["backup"]["why"] == "disk"
