"""Docs/Security.md, "Several teams in one tree": what one team may do to another's jobs, each cell of the table."""

import re
import subprocess
from types import SimpleNamespace

import pytest
from kazoo.security import make_digest_acl

from Support.fixtures import ROOT
from Support.fleet import assert_one_line
from Support.teams import credentials, promised

BATCH, WEB = ("batch", "s3cret-of-batch"), ("web", "s3cret-of-web")
COLUMNS = ["theirs, with `creator`", "theirs, with `creator` and `world:anyone:r`"]


def entry(who):
    return f"digest:{make_digest_acl(*who).id.id}:cdrwa"


@pytest.fixture(params=COLUMNS)
def teams(request, own_fleet, own_ctl, server):
    """Folders that both may write to; batch has a job that failed and one that runs with a permit, and web looks at them."""
    fleet, acl = own_fleet, ["creator", *(["world:anyone:r"] if "world" in request.param else [])]
    fleet.client.add_auth("digest", ":".join(BATCH))
    fleet.settings.update(auth=credentials(fleet, BATCH), acl=acl)
    founder = fleet.config("founder.conf", acl=[entry(BATCH), entry(WEB)])
    assert own_ctl("init", "--resource", "r=3", "--group", "g=host1.example.org", config=founder).code == 0
    assert fleet.run("--lockname", "failed", "--keep-output", "1k", "--", "sh", "-c", "echo no; exit 3").code == 3
    fleet.start_job("held", arguments=("--lockname", "held", "--lease", "r=1:3"))
    config = fleet.config("web.conf", auth=credentials(fleet, WEB))
    client = server.client()
    client.add_auth("digest", ":".join(WEB))
    yield SimpleNamespace(column=request.param, fleet=fleet, config=config, client=client,
                          ctl=lambda *words: own_ctl(*words, config=config))
    client.stop()
    client.close()
    fleet.end_job("held")
    # What web has left is looked at as well.
    fleet.client.add_auth("digest", ":".join(WEB))


def is_as_promised(row, teams, run, code=0):
    cell, said = promised(COLUMNS, row, teams.column), run.out + run.err
    assert cell in ("yes", "77") and (run.code, "no permission" in said) == ((code, False) if cell == "yes" else (77, True)), run


def run_of_web(teams, *words):
    return teams.fleet.run(*words, "--", "echo", "ran", config=teams.config)


@pytest.mark.parametrize("words", [["status"], ["jobs"], ["output", "failed"], ["history", "failed"]], ids=lambda words: words[0])
def test_reading(teams, words):
    is_as_promised("read", teams, teams.ctl(*words))


def test_taking(teams):
    run = run_of_web(teams, "--lockname", "own")
    is_as_promised("take a lock that is not theirs", teams, run)
    assert run.out == "ran\n"
    run = run_of_web(teams, "--lockname", "failed")
    is_as_promised("take one that is", teams, run)
    assert run.out == ""


def test_sharing_permits(teams):
    is_as_promised("take permits", teams, run_of_web(teams, "--no-lock", "--lease", "r=1:3", "--lease-wait", "2"))


def test_stopping(teams):
    is_as_promised("stop", teams, teams.ctl("stop", "held"))


@pytest.mark.parametrize("words", [["pause", "failed"], ["drain", "host1.example.org"], ["groups", "remove", "g"]],
                         ids=lambda words: words[0])
def test_steering(teams, words):
    is_as_promised("pause", teams, teams.ctl(*words))


@pytest.mark.parametrize("parts", [("locks", "held"), ("jobs", "failed")], ids=["lock", "record"])
def test_deleting(teams, parts):
    """By any client: the folder's list decides."""
    assert promised(COLUMNS, "delete", teams.column) == "yes"
    teams.client.delete(teams.fleet.path(*parts))
    if parts[0] == "locks":
        assert teams.fleet.runs[-1].wait() == 81, "its command is ended"
        teams.fleet.leaves_marks = True


def test_the_first_team_has_the_folders_unless_they_are_made_for_all(own_fleet):
    own_fleet.client.add_auth("digest", ":".join(BATCH))
    own_fleet.settings["auth"] = credentials(own_fleet, BATCH)
    assert own_fleet.run("--lockname", "a", "--", "true").code == 0
    run = own_fleet.run("--lockname", "b", "--", "true", config=own_fleet.config("web.conf", auth=credentials(own_fleet, WEB)))
    assert_one_line(run, 77, f"no permission to create {own_fleet.path('jobs')}/b")


def test_the_identity_is_computed_as_the_document_says():
    """The third word of an entry."""
    page = (ROOT / "Docs/Security.md").read_text(encoding="utf-8")
    line = re.search(r"^    (printf %s batch:.*)$", page, re.MULTILINE)[1]
    told = subprocess.run(["sh", "-c", line.replace("a-long-random-word", BATCH[1])], capture_output=True, text=True, check=True)
    assert f"digest:batch:{told.stdout.strip()}:cdrwa" == entry(BATCH)
