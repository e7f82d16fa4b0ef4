"""--keep-output: what is kept is sent in front of the release, and whatever becomes of it, the release goes on."""

import json
import os
import subprocess

import pytest
from kazoo.security import make_acl

from Support.eventually import now
from Support.output import KEPT, kept
from Support.server import ZooKeeperServer
from Support.wire import is_heartbeat

READ = [make_acl("world", "anyone", read=True, admin=True)]
FAILS = ("--lockname", "a", *KEPT, "--", "sh", "-c", "echo broken; exit 3")
NULL = {"stdout": subprocess.DEVNULL}


def is_output(one):
    return one.name == "multi" and any("/outputs/" in path for _, path in one.parts)


def fails(fleet, **more):
    return fleet.run(*FAILS, **NULL, **more)


@pytest.fixture
def second(fleet):
    """A fleet in which the job has failed before, so that the node is there."""
    assert fails(fleet).code == 3 and kept(fleet)[1] == b"broken\n"
    return fleet


def assert_released(fleet, one, *mentions):
    assert one.code == 3 and fleet.list("locks") == [] and fleet.record("a")["state"] == "ended"
    assert fleet.record("a")["runs"][-1]["code"] == 3
    lines = one.err.splitlines()
    assert len(lines) == len(mentions), one.err
    for line, mention in zip(lines, mentions):
        assert "may not be kept (--keep-output)" in line and mention in line


def test_a_plain_failure_sends_no_request_more(fleet, proxy):
    config = fleet.config(zkhosts=proxy.address)

    def asked(*options, command="false"):
        """What one run asks of the server; heartbeats and pings are a matter of how long it takes."""
        del proxy.requests[:]
        fleet.run("--lockname", "a", *options, "--", command, config=config, **NULL)
        return [one.name for one in proxy.requests if one.name == "multi" and not is_heartbeat(one)]
    asked()
    plain = asked()
    assert asked(*KEPT, command="true") == plain, "nor does a success with the option"
    assert asked(*KEPT) == [*plain, "multi", "multi", "multi"], "the first makes the node, and the one above it"
    assert asked(*KEPT) == [*plain, "multi"]


def test_it_stands_in_front_of_the_release(second, proxy):
    config = second.config(zkhosts=proxy.address)
    fails(second, config=config)
    writes = [one for one in proxy.requests if one.name == "multi"]
    kinds = ["output" if is_output(one) else "other" for one in writes]
    assert kinds[-2:] == ["output", "other"], "the release is the last, and there is nothing of the output in it"


def test_a_refusal_by_its_access_list_is_a_warning(second):
    second.client.set_acls(second.path("outputs", "a"), READ)
    assert_released(second, fails(second), f"no permission to write {second.path('outputs', 'a')}")


def test_a_node_that_may_not_be_made_is_a_warning(fleet):
    fleet.client.create(fleet.path("outputs"), b"", makepath=True)
    fleet.client.set_acls(fleet.path("outputs"), READ)
    assert_released(fleet, fails(fleet), f"no permission to create {fleet.path('outputs', 'a')}")
    fleet.client.set_acls(fleet.path("outputs"), [make_acl("world", "anyone", all=True)])


@pytest.mark.parametrize("code, word", [(-125, "quota"), (-127, "too busy"), (-101, "does not exist"), (-103, "was changed")])
def test_whatever_a_server_answers(second, proxy, code, word):
    proxy.on_request = lambda one: code if is_output(one) else None
    began = now()
    assert_released(second, fails(second, config=second.config(zkhosts=proxy.address)), word)
    assert now() - began < 5


def test_a_lost_request_does_not_keep_the_lock(second, proxy):
    """The connection breaks as the server reads it, and the release behind it is lost: that is sent again, and this is not."""
    lost = []

    def lose(one):
        if is_output(one) and not lost:
            lost.append(one)
            return "cut"
        return None
    proxy.on_request = lose
    began = now()
    assert_released(second, fails(second, config=second.config(zkhosts=proxy.address)), "connection lost")
    assert now() - began < 10 and len(lost) == 1 and kept(second)[0]["code"] == 3


def test_one_that_is_too_big_for_the_server(fleet, program, recorder, tmp_path):
    """jute.maxbuffer: the server hangs up on whoever sends more."""
    from Support.fleet import Fleet
    server = ZooKeeperServer(flags=("-Djute.maxbuffer=9000",))
    try:
        small = Fleet(program, recorder, tmp_path, server.address, server.client(), "/small")
        script = ("sh", "-c", "head -c 30000 /dev/zero; exit 3")
        small.run("--lockname", "a", "--keep-output", "1k", "--", *script, **NULL)
        assert kept(small)[1] == bytes(1024)
        began = now()
        one = small.run("--lockname", "a", "--keep-output", "32k", "--", *script, **NULL)
        assert_released(small, one, "connection lost")
        assert now() - began < 15 and len(kept(small)[1]) == 1024
        assert small.run("--lockname", "a", "--", "true").code == 0, "and nobody is waited out"
        small.client.stop()
        small.client.close()
    finally:
        server.close()


def test_a_record_that_is_somebody_elses_by_now(second):
    """The run has lost its lock without a word: what it has to say is not put in the place of another's."""
    path = second.flag("go")
    script = f"echo mine; while [ ! -e {path} ]; do sleep 0.05; done; exit 3"
    one = second.start("--lockname", "a", *KEPT, "--", "sh", "-c", script, **NULL)
    second_record = None
    while not second_record:
        record = second.record("a")
        second_record = record["state"] == "running" and record
    second.client.set(second.path("jobs", "a"), json.dumps({**second_record, "n": second_record["n"] + 100}).encode())
    second.raise_flag(path)
    one.wait()
    assert kept(second)[1] == b"broken\n" and "was changed by somebody else" in one.err
    second.client.delete(second.path("jobs", "a"))


def test_a_first_output_in_a_mixed_fleet(fleet):
    one = fails(fleet, config=fleet.config(mixed_fleet=True, session_timeout=10))
    assert one.code == 3 and kept(fleet)[1] == b"broken\n"


def test_credentials_make_it_theirs(own_fleet):
    """As every node: others do not read it."""
    fleet = own_fleet
    fleet.client.add_auth("digest", "team:secret")
    path = fleet.write("secret", "digest:team:secret\n")
    os.chmod(path, 0o600)
    one = fails(fleet, config=fleet.config(auth=path))
    assert one.code == 3, one.err
    acls, _ = fleet.client.get_acls(fleet.path("outputs", "a"))
    record, _ = fleet.client.get_acls(fleet.path("jobs", "a"))
    assert acls == record and acls[0].id.scheme == "digest"
