"""Docs/Security.md, "Who may do what": each cell of the table."""

from types import SimpleNamespace

import pytest
from kazoo.exceptions import NoAuthError
from kazoo.security import make_digest_acl

from Support.teams import credentials, promised

TEAM, OTHER = ("team", "s3cret-of-the-team"), ("other", "another-word")
COLUMNS = ["the team", "others, `creator`", "others, `creator` and `world:anyone:r`", "anybody, `open`"]


@pytest.fixture(params=COLUMNS)
def somebody(request, own_fleet, own_ctl, server):
    """On a tree in which a job has failed, another runs with a permit, and all has been made by the column's owner."""
    fleet, column = own_fleet, request.param
    if column != "anybody, `open`":
        fleet.client.add_auth("digest", ":".join(TEAM))
        fleet.settings["auth"] = credentials(fleet, TEAM)
    if "world:anyone:r" in column:
        fleet.settings["acl"] = ["creator", "world:anyone:r"]
    assert own_ctl("init", "--resource", "r=2", "--group", "web=host1.example.org").code == 0
    assert fleet.run("--lockname", "failed", "--keep-output", "1k", "--", "sh", "-c", "echo no; exit 3").code == 3
    fleet.start_job("held", arguments=("--lockname", "held", "--lease", "r=1:2"))
    is_stranger = column.startswith("others")
    shown = credentials(fleet, OTHER) if is_stranger else fleet.settings.get("auth")
    config = fleet.config("somebody.conf", auth=shown, acl=None)
    client = server.client()
    if is_stranger:
        client.add_auth("digest", ":".join(OTHER))
    elif "auth" in fleet.settings:
        client.add_auth("digest", ":".join(TEAM))
    yield SimpleNamespace(
        column=column, fleet=fleet, config=config, client=client, ctl=lambda *words: own_ctl(*words, config=config))
    client.stop()
    client.close()
    fleet.end_job("held")


def is_as_promised(cell, run, *codes):
    said = run.out + run.err
    if cell == "yes":
        assert run.code in codes and "no permission" not in said, (run, said)
    else:
        assert cell == "77" and run.code == (3 if "check" in run.arguments else 77) and "no permission" in said, (run, said)


@pytest.mark.parametrize("words, codes", [
    (["status"], [0]), (["explain", "--lockname", "free", "true"], [0]), (["check", "job", "failed", "--within", "1d"], [1, 2]),
    (["output", "failed"], [0])], ids=lambda value: value[0] if isinstance(value[0], str) else "")
def test_reading(somebody, words, codes):
    is_as_promised(promised(COLUMNS, "read", somebody.column), somebody.ctl(*words), *codes)


@pytest.mark.parametrize("words", [["--lockname", "free"], ["--no-lock", "--lease", "r=1:2"]], ids=["lock", "permits"])
def test_taking(somebody, words):
    run = somebody.fleet.run(*words, "--", "echo", "ran", config=somebody.config)
    cell = promised(COLUMNS, "take", somebody.column)
    is_as_promised(cell, run, 0)
    assert run.out == ("ran\n" if cell == "yes" else "")


@pytest.mark.parametrize("words", [
    ["stop", "held"], ["pause", "failed"], ["drain", "host1.example.org"], ["groups", "add", "web", "host2.example.org"]],
    ids=lambda words: words[0])
def test_steering(somebody, words):
    is_as_promised(promised(COLUMNS, "stop", somebody.column), somebody.ctl(*words), 0)


@pytest.mark.parametrize("parts", [("locks", "held"), ("jobs", "failed")], ids=["lock", "record"])
def test_learning_and_deleting(somebody, server, parts):
    path = somebody.fleet.path(*parts)
    learns = promised(COLUMNS, "learn", somebody.column)
    assert learns in ("yes", "on old servers")
    if learns == "yes" or server.version == "3.8.0":
        assert somebody.client.exists(path)
    else:
        with pytest.raises(NoAuthError):
            somebody.client.exists(path)
    if promised(COLUMNS, "delete", somebody.column) == "yes":
        somebody.client.delete(path)
        if parts[0] == "locks":
            somebody.fleet.leaves_marks = True
    else:
        assert promised(COLUMNS, "delete", somebody.column) == "refused"
        with pytest.raises(NoAuthError):
            somebody.client.delete(path)


def test_what_the_team_makes_is_the_teams(own_fleet):
    """That the other columns say something: without it nobody would be refused."""
    own_fleet.client.add_auth("digest", ":".join(TEAM))
    own_fleet.settings["auth"] = credentials(own_fleet, TEAM)
    assert own_fleet.run("--lockname", "a", "--", "true").code == 0
    assert own_fleet.client.get_acls(own_fleet.path("jobs", "a"))[0] == [make_digest_acl(*TEAM, all=True)]
