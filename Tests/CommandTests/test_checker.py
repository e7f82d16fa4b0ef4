"""The judges themselves: a checker that has never failed proves nothing. No wrapper here; jobs are started bare."""

import signal
import struct
import subprocess

import pytest

from Support import processes, wire
from Support.eventually import eventually
from Support.records import Records
from Support.server import connected_client, expire_session

CLAIM = ("--claim", "lock:1:1")


@pytest.fixture
def records(recorder, tmp_path):
    return Records(f"{tmp_path}/records", recorder)


def test_two_at_once_are_caught_by_stamps_and_by_the_kernel(records):
    first = subprocess.Popen(records.job("first", *CLAIM))
    records.started("first")
    subprocess.run(records.job("second", *CLAIM, "--for", 20), check=True)
    first.kill()
    first.wait()
    with pytest.raises(AssertionError, match="more than 1"):
        records.assert_never_two()
    with pytest.raises(AssertionError, match="violation"):
        records.assert_no_violation()


def test_one_that_was_killed_at_its_first_sign_has_an_end(records):
    for label, first, last in (("first", 1, 1), ("second", 2, 3)):
        with open(f"{records.folder}/stamps/{label}.1", "wb") as file:
            file.write(struct.pack("qq", first * 10**9, last * 10**9))
    records.assert_never_two()


def test_one_after_the_other_is_fine(records):
    for label in ("first", "second"):
        subprocess.run(records.job(label, *CLAIM, "--for", 20), check=True)
    records.assert_never_two()


def test_a_descendant_that_lives_on_is_caught(records):
    first = subprocess.Popen(records.job("first", "--stubborn", *CLAIM))
    records.started("first")
    eventually(lambda: len(records.spans("first")) == 3)
    first.kill()
    first.wait()
    subprocess.run(records.job("second", *CLAIM, "--for", 20), check=True)
    for span in records.spans("first"):
        processes.kill(span.pid)
    with pytest.raises(AssertionError, match="more than 1"):
        records.assert_never_two()
    assert [event.label for event in records.events("violation")] == ["second"]


def test_more_than_the_total_is_caught(records):
    jobs = []
    for label in ("a", "b"):
        jobs.append(subprocess.Popen(records.job(label, "--claim", "r:3:2")))
        second = records.started(label)
    eventually(lambda: records.last_sign("a") > second.time, what="a is seen alive after b's start")
    for job in jobs:
        job.kill()
        job.wait()
    with pytest.raises(AssertionError, match="more than 3"):
        records.assert_totals({"a": 2, "b": 2}, 3)
    records.assert_totals({"a": 2, "b": 2}, 4)
    assert [event.label for event in records.events("violation")] == ["b"]


def test_the_stubborn_job_is_stubborn(records):
    job = subprocess.Popen(records.job("a", "--stubborn"))
    records.started("a")
    eventually(lambda: len(records.spans("a")) == 3)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        job.send_signal(number)
    before = records.last_sign("a")
    eventually(lambda: records.last_sign("a") > before + 0.1)
    assert job.poll() is None
    for span in records.spans("a"):
        processes.kill(span.pid)
    job.wait()


def test_a_session_can_be_expired_by_force(shared_server, shared_client):
    victim = shared_server.client()
    victim.create("/expire-me", ephemeral=True)
    expire_session(shared_server.address, victim.client_id[0])
    assert not shared_client.exists("/expire-me")
    victim.stop()
    victim.close()


def test_the_proxy_sees_requests_and_loses_replies(proxy, shared_client):
    client = connected_client(proxy.address)
    transaction = client.transaction()
    transaction.create("/seen-by-proxy", b"", ephemeral=True)
    transaction.commit()
    transaction = client.transaction()
    transaction.check("/seen-by-proxy", 0)
    transaction.commit()
    write, beat = [one for one in proxy.requests if one.name == "multi"]
    assert write.parts == (("create", "/seen-by-proxy"),) and not wire.is_heartbeat(write)
    assert wire.is_heartbeat(beat) and proxy.heartbeats() == [beat] and proxy.writes() == [write]
    proxy.on_reply = lambda reply, request: "cut" if request and request.name == "create" else None
    client.create_async("/lost-reply", b"", ephemeral=True)
    eventually(lambda: shared_client.exists("/lost-reply"))
    eventually(lambda: len(proxy.handshakes) >= 2, what="the connection was cut and is back")
    client.stop()
    client.close()
