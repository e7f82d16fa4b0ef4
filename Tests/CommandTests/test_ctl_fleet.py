"""fleet show, edit, restore: PREFIX's data as a whole, also where no run can read it."""

import json
import os
import signal
import stat

import pytest
from kazoo.security import make_acl

from Support.control import assert_refused, assert_silent_yes
from Support.eventually import eventually
from Support.terminal import Terminal

BROKEN = b'{"groups": {"web": ["h1",]}}\n\x1b[31m\xff'
GROUPS = {"groups": {"web": ["h1"]}}


def data(fleet):
    return json.loads(fleet.get())


@pytest.fixture
def edited(ctl, fleet):
    """A fleet that was edited twice: without and with a second group."""
    assert_silent_yes(ctl("groups", "add", "web", "h1"))
    assert_silent_yes(ctl("groups", "add", "db", "h2"))
    return ctl


def editor(fleet, script):
    """The environment of an editor that is this shell script; the file is $1."""
    path = f"{fleet.folder}/editor"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)
    return {"EDITOR": f"{path} --wait", "VISUAL": "", "TMPDIR": fleet.folder}


EDIT = "test \"$1\" = --wait && shift\n"


def drafts(fleet):
    return [name for name in os.listdir(fleet.folder) if name.startswith("switchman-fleet-")]


# show

def test_it_is_printed_for_people(ctl, fleet):
    fleet.prefix_data('{"resources":["r"],"groups":{"web":["h1","h\u202e2"],"db":[]},"totals":{"r":1.50},"x":null}')
    run = ctl("fleet", "show")
    assert (run.code, run.err) == (0, "")
    assert run.out == """{
  "groups": {
    "db": [],
    "web": ["h1","h\\u202e2"]
  },
  "resources": ["r"],
  "totals": {
    "r": 1.50
  },
  "x": null
}
"""
    assert json.loads(run.out) == data(fleet)
    assert ctl.json("fleet", "show")["resources"] == ["r"]


def test_none_at_all_is_empty(ctl, fleet):
    fleet.prefix_data(b"")
    assert ctl("fleet", "show").out == "{}\n"


def test_broken_data_is_printed_as_it_is_and_complained_of(ctl, fleet):
    fleet.prefix_data(BROKEN)
    path = f"{fleet.folder}/saved"
    with open(path, "wb") as file:
        run = ctl("fleet", "show", stdout=file)
    with open(path, "rb") as file:
        assert file.read() == BROKEN + b"\n", "and a line's end"
    assert run.code == 65 and "fleet restore" in run.err and len(run.err.splitlines()) == 1
    assert_refused(ctl("fleet", "show", "--json"), 65, fleet.prefix)


def test_on_a_terminal_nothing_of_it_acts(ctl, fleet):
    fleet.prefix_data(BROKEN)
    terminal = Terminal(ctl.environment(None, None), (ctl.program, "fleet", "show"))
    try:
        terminal.expect("fleet edit")
        assert '{"groups": {"web": ["h1",]}}' in terminal.screen and "\x1b" not in terminal.screen and "?[31m" in terminal.screen
    finally:
        terminal.close()


# edit

def test_an_edit_is_written_compactly(edited, fleet):
    script = EDIT + "sed -i 's/\"h2\"/\"h2\", \"h3\"/' \"$1\""
    run = edited("fleet", "edit", env=editor(fleet, script))
    assert (run.code, run.out, run.err) == (0, 'groups db: ["h2","h3"], was ["h2"]\n', "")
    assert fleet.get() == '{"groups":{"db":["h2","h3"],"web":["h1"]}}'
    assert drafts(fleet) == []


def test_the_file_is_the_users_alone(edited, fleet):
    script = EDIT + f"stat -c %a \"$1\" >{fleet.flag('mode')}"
    run = edited("fleet", "edit", env=editor(fleet, script))
    assert (run.code, run.err) == (0, "switchmanctl: nothing was changed\n")
    with open(fleet.flag("mode"), encoding="utf-8") as file:
        assert int(file.read(), 8) == stat.S_IRUSR | stat.S_IWUSR
    assert drafts(fleet) == []


def test_what_no_run_could_read_is_not_written_and_not_lost(edited, fleet):
    before = fleet.get()
    run = edited("fleet", "edit", env=editor(fleet, EDIT + "echo '{\"groups\": [7]}' >\"$1\""))
    assert run.code == 65 and fleet.get() == before
    kept, why = run.err.splitlines()
    assert "nothing was written: " in why and "groups" in why
    words = kept.partition(": switchmanctl ")[2].split()
    assert os.path.basename(words[-1]) in drafts(fleet)
    with open(words[-1], "w", encoding="utf-8") as file:
        json.dump(GROUPS, file)
    assert edited(*words).code == 0 and data(fleet) == GROUPS


def test_what_is_advised_overwrites_nobodys_edit(edited, fleet):
    run = edited("fleet", "edit", env=editor(fleet, EDIT + "echo '{' >\"$1\""))
    words = run.err.splitlines()[0].partition(": switchmanctl ")[2].split()
    with open(words[-1], "w", encoding="utf-8") as file:
        file.write("{}")
    assert_silent_yes(edited("pause", "billing"))
    assert_refused(edited(*words), 1, "somebody has changed the data", "nothing was written")
    assert data(fleet)["paused"] == ["billing"]
    assert edited("fleet", "edit", "--file", words[-1]).code == 0 and data(fleet) == {}, "who says so replaces it"


@pytest.mark.parametrize("how", ["file", "pipe", "editor"])
def test_nothing_at_all_is_not_written(edited, fleet, how):
    """A generator that has failed, an editor on a full disk: what is paused stays so."""
    before = fleet.get()
    if how == "editor":
        run = edited("fleet", "edit", env=editor(fleet, EDIT + ": >\"$1\""))
    else:
        with open("/dev/null", "rb") as nothing:
            run = edited("fleet", "edit", "--file", "/dev/null" if how == "file" else "-", stdin=nothing)
    assert run.code == 65 and "it is empty" in run.err and fleet.get() == before


def test_a_draft_that_cannot_be_read_is_kept(edited, fleet):
    run = edited("fleet", "edit", env=editor(fleet, EDIT + "head -c 2000000 /dev/zero >\"$1\""))
    assert run.code == 65 and len(drafts(fleet)) == 1 and "longer than 1 MB" in run.err


def test_a_signal_ends_the_wait_for_a_pipe(edited, fleet):
    reader, writer = os.pipe()
    try:
        run = edited.start("fleet", "edit", "--file", "-", stdin=reader)
        eventually(lambda: "pipe_r" in open(f"/proc/{run.front}/wchan", encoding="ascii").read(), what="it reads")
        run.send(signal.SIGTERM)
        assert run.wait() in (-signal.SIGTERM, 128 + signal.SIGTERM)
    finally:
        os.close(reader)
        os.close(writer)


def test_broken_data_is_edited_as_it_is(edited, fleet):
    fleet.prefix_data('{"groups": {"web": ["h1",]}}')
    run = edited("fleet", "edit", env=editor(fleet, EDIT + "sed -i s/,]/]/ \"$1\""))
    assert (run.code, run.out) == (0, "what was there could not be read\n")
    assert data(fleet) == GROUPS


def test_somebody_elses_edit_is_not_overwritten(edited, fleet):
    script = EDIT + f"""touch {fleet.flag('open')}
        while ! test -e {fleet.flag('go')}; do sleep 0.02; done
        echo '{{}}' >"$1\""""
    run = edited.start("fleet", "edit", env=editor(fleet, script))
    eventually(lambda: os.path.exists(fleet.flag("open")), what="the editor is open")
    assert_silent_yes(edited("groups", "add", "other", "h9"))
    fleet.raise_flag(fleet.flag("go"))
    run.finished()
    assert run.code == 1 and "somebody has changed" in run.err and "what you have edited is kept" in run.err
    assert "other" in data(fleet)["groups"] and len(drafts(fleet)) == 1


@pytest.mark.parametrize("script, code, words", [
    ("exit 3", 1, "the editor ended with 3"), ("kill -9 $$", 1, "the editor ended with 137"),
    ("exec /no/such/editor", 1, "the editor ended with 127")])
def test_an_editor_that_fails(edited, fleet, script, code, words):
    before = fleet.get()
    run = edited("fleet", "edit", env=editor(fleet, EDIT + script))
    assert run.code == code and words in run.err and fleet.get() == before and drafts(fleet) == []


def test_a_file_and_standard_input(ctl, fleet):
    fleet.prefix_data({})
    with open(f"{fleet.folder}/new", "w", encoding="utf-8") as file:
        json.dump(GROUPS, file, indent=4)
    with open(f"{fleet.folder}/new", encoding="utf-8") as file:
        run = ctl("fleet", "edit", "--file", "-", stdin=file)
    assert (run.code, run.out, run.err) == (0, 'groups: {"web":["h1"]}, was nothing\n', "") and data(fleet) == GROUPS
    assert_refused(ctl("fleet", "edit", "--file", "/no/such/file"), 71, "/no/such/file")
    assert_refused(ctl("fleet", "edit", "--file", "/dev/zero"), 65, "longer than 1 MB")


def test_it_takes_what_is_there_already(ctl, fleet):
    """So that it may be run twice."""
    fleet.prefix_data({})
    with open(f"{fleet.folder}/new", "w", encoding="utf-8") as file:
        json.dump(GROUPS, file)
    assert ctl("fleet", "edit", "--file", f"{fleet.folder}/new").code == 0
    assert_silent_yes(ctl("fleet", "edit", "--file", f"{fleet.folder}/new"))
    assert fleet.stat().version == 2, "the second wrote nothing"


# restore and undo

def test_what_was_broken_by_hand_is_put_back(edited, fleet):
    good = fleet.get()
    fleet.prefix_data('{"groups": {"web": ["h1",]}}')
    assert "would be as the edit of" in edited("fleet", "restore", "--dry-run").out and fleet.get() != good
    run = edited("fleet", "restore")
    assert run.code == 0 and "is as the edit of" in run.out and "could not be read" in run.out
    assert fleet.get() == good


def test_an_edit_is_taken_back_and_made_again(edited, fleet):
    both = data(fleet)
    for found, made, change in (
            (both, GROUPS, 'groups db: nothing, was ["h2"]'), (GROUPS, both, 'groups db: ["h2"], was nothing')):
        dry = edited("fleet", "undo", "--dry-run")
        assert data(fleet) == found and "would be as it was before the edit of" in dry.out
        run = edited("fleet", "undo")
        assert run.code == 0 and data(fleet) == made
        assert run.out.splitlines()[1:] == dry.out.splitlines()[1:] == [f"  {change}"]


def test_restore_takes_no_edit_back(edited, fleet):
    """Of two who see broken data and both put it back, the second finds nothing to do."""
    good = fleet.get()
    assert_refused(edited("fleet", "restore"), 1, "nothing has changed", "switchmanctl fleet undo")
    fleet.prefix_data(BROKEN)
    assert edited("fleet", "restore").code == 0
    assert_refused(edited("fleet", "restore"), 1, "nothing has changed")
    assert fleet.get() == good


def test_a_good_change_by_hand_is_seen_and_taken_back(edited, fleet):
    both, by_hand = data(fleet), {"groups": {"web": ["h1"], "db": ["h2"], "hand": ["h7"]}}
    fleet.prefix_data(by_hand)
    assert_refused(edited("fleet", "undo"), 1, "something else has changed", "fleet restore --dry-run")
    assert edited.json("fleet", "restore", "--dry-run")["changes"] == ['groups hand: nothing, was ["h7"]']
    assert data(fleet) == by_hand
    assert edited("fleet", "restore").code == 0 and data(fleet) == both
    assert edited("fleet", "undo").code == 0 and data(fleet) == by_hand, "that was an edit as well"


def test_what_something_else_took_away_before_an_edit_can_be_had_back(edited, fleet):
    """Valid, and not what it was: a run says that a group is not described, and who follows its advice loses nothing."""
    both = data(fleet)
    fleet.prefix_data({})
    run = edited("groups", "add", "web", "h1")
    assert run.code == 0 and run.err.count("something else had changed the data") == 1 and "restore --dry-run" in run.err
    assert edited.json("fleet", "restore", "--dry-run")["changes"] == ['groups db: ["h2"], was nothing']
    run = edited("fleet", "restore")
    assert (run.code, run.err) == (0, "") and data(fleet) == both and "as the edit before that of" in run.out
    assert_refused(edited("fleet", "restore"), 1, "nothing has changed", "switchmanctl fleet undo")
    assert_silent_yes(edited("groups", "add", "other", "h3"))
    assert_refused(edited("fleet", "restore"), 1, "nothing has changed", "switchmanctl fleet undo")


@pytest.mark.parametrize("by", ["edit", "restore"])
def test_undo_after_broken_data_was_mended_goes_back_to_the_edit_before(edited, fleet, by):
    """Broken data is never kept; in its place stands what the last edit had left, with what was paused."""
    assert_silent_yes(edited("pause", "nightly"))
    good = data(fleet)
    fleet.prefix_data(BROKEN)
    if by == "restore":
        assert edited("fleet", "restore").code == 0
        assert_refused(edited("fleet", "undo"), 1, "no edit by switchmanctl is kept")
    else:
        assert edited("fleet", "edit", env=editor(fleet, EDIT + "echo '{}' >\"$1\"")).code == 0
        assert edited("fleet", "undo").code == 0
    assert data(fleet) == good


def test_hostile_names_do_nothing_to_who_reads_the_change(ctl, fleet):
    fleet.prefix_data({})
    assert_silent_yes(ctl("groups", "add", "web", "h1"))
    fleet.prefix_data({"groups": {"web\x1b[31m": ["\u202eh"]}, "x": "\n" * 3})
    run = ctl("fleet", "restore", "--dry-run")
    assert run.code == 0 and "\x1b" not in run.out and "\u202e" not in run.out and len(run.out.splitlines()) == 4, run.out


@pytest.mark.parametrize("given", [b"{}", BROKEN])
def test_nothing_is_kept(ctl, fleet, given):
    fleet.prefix_data(given)
    for verb in ("restore", "undo"):
        assert_refused(ctl("fleet", verb), 1, "no edit by switchmanctl is kept")


@pytest.mark.parametrize("copy", [b"", BROKEN, b"[]"])
def test_copies_that_nobody_can_read_are_left_alone(edited, fleet, copy):
    good = fleet.get("fleet", "before")
    fleet.client.set(fleet.path("fleet", "after"), copy)
    fleet.prefix_data(BROKEN)
    assert edited("fleet", "restore").code == 0
    assert fleet.get() == good


def test_an_edit_without_the_right_to_keep_copies_is_made_with_a_warning(ctl, fleet):
    assert_silent_yes(ctl("init"))
    fleet.client.set_acls(fleet.path("fleet"), [make_acl("world", "anyone", read=True)])
    run = ctl("groups", "add", "web", "h1")
    assert run.code == 0 and data(fleet)["groups"] == {"web": ["h1"]}
    assert run.err.startswith("switchmanctl: warning: switchmanctl fleet restore will not know this edit")
    assert fleet.path("fleet") in run.err


def test_copies_that_may_not_be_read_are_in_nobodys_way(edited, fleet):
    copies = [fleet.path("fleet", name) for name in ("before", "after")]
    for path in copies:
        fleet.client.set_acls(path, [make_acl("world", "anyone", admin=True)])
    try:
        run = edited("pause", "backup")
        assert run.code == 0 and data(fleet)["paused"] == ["backup"] and "will not know this edit" in run.err
        assert_refused(edited("fleet", "undo"), 1, "no edit by switchmanctl is kept")
    finally:
        for path in copies:
            fleet.client.set_acls(path, [make_acl("world", "anyone", all=True)])


def test_an_edit_that_changes_nothing_keeps_what_was_kept(edited, fleet):
    kept = fleet.get("fleet", "before")
    assert_silent_yes(edited("groups", "add", "db", "h2"))
    assert fleet.get("fleet", "before") == kept and json.loads(kept) == GROUPS


# status

def test_status_is_of_use_without_the_data(ctl, fleet):
    fleet.run("--lockname", "done", "--", "true")
    fleet.start_job("busy")
    fleet.records.started("busy")
    fleet.prefix_data(BROKEN)
    run = ctl("status")
    assert (run.code, run.err) == (65, "")
    first, second = run.out.splitlines()[:2]
    assert first.startswith(f"the data of {fleet.prefix}: prefix data is not valid JSON") and "are unknown" in second
    assert "busy" in run.out
    status = ctl.json("status", code=65)
    assert status["data_error"] == first and [lock["lockname"] for lock in status["locks"]] == ["busy"]
    assert ctl("status", "busy").code == 0
    fleet.end_job("busy")
