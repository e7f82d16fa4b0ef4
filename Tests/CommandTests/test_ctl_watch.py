"""status --watch and colours, on a real terminal: it shows changes by watches, and leaves the terminal as it was."""

import json
import signal

import pytest
from kazoo.security import make_acl

from Support.control import assert_refused, checked
from Support.eventually import elapsed, eventually, now
from Support.holder import Holder
from Support.tmux import Tmux

AS_IT_WAS = "0 1 1"


@pytest.fixture
def terminal(ctl):
    terminal = Tmux()
    terminal.line(f"export SWITCHMAN_CONFIG={ctl.fleet.config('operator.conf')}")
    yield terminal
    terminal.close()


@pytest.fixture
def watch(terminal, ctl):
    """Under way, with a line of an earlier command behind it."""
    terminal.line("echo before; stty -g > " + ctl.fleet.flag("stty.before"))
    terminal.line(ctl.program, "status", "--watch")
    terminal.shows("q: quit")
    assert terminal.state() == "1 0 0" and "before" not in terminal.screen()
    return terminal


def is_as_it_was(terminal, ctl):
    eventually(lambda: terminal.state() == AS_IT_WAS, what="the terminal is as it was")
    assert "before" in terminal.screen()
    terminal.line("stty -g > " + ctl.fleet.flag("stty.after") + "; echo end-$((1+1))")
    terminal.shows("end-2")
    before, after = (open(ctl.fleet.flag(f"stty.{when}"), encoding="ascii").read() for when in ("before", "after"))
    assert before == after


def test_changes_are_shown_as_they_happen(watch, fleet):
    watch.shows("nothing runs")
    holder = Holder(fleet.client, fleet.prefix, "backup")
    watch.shows("backup  running  host7.example.org   77")
    fleet.client.ensure_path(fleet.path("waiters", "backup"))
    place = fleet.client.create(fleet.path("waiters", "backup", "backup-"), b"host8 8", ephemeral=True, sequence=True)
    watch.shows("1: host8")
    fleet.client.delete(place)
    watch.hides("1: host8")
    holder.release()
    watch.hides("backup")
    fleet.prefix_data({"groups": {"web": "a"}, "paused": ["night"]})
    watch.shows("night  free, paused")
    fleet.client.create(fleet.path("semaphores/slots/leases/1_2_0000000001"), b"h 1", ephemeral=True, makepath=True)
    watch.shows("1 of 2")
    watch.key("q")


def test_one_lock_is_watched_from_before_its_beginning(ctl, fleet):
    stream = ctl.start("status", "--watch", "--json", "backup")
    def last():
        return json.loads(stream.out.splitlines()[-1])["locks"][0]
    eventually(lambda: stream.out and last()["state"] == "free", what="the first document")
    holder = Holder(fleet.client, fleet.prefix, "backup")
    eventually(lambda: last()["state"] == "running", what="its beginning is seen")
    holder.release()
    eventually(lambda: last()["state"] == "free", what="and its end")
    fleet.client.ensure_path(fleet.path("waiters", "backup"))
    place = fleet.client.create(fleet.path("waiters", "backup", "backup-"), b"h 8", ephemeral=True, sequence=True)
    eventually(lambda: len(last()["waiting"]) == 1, what="who waits is seen")
    fleet.client.delete(place)
    stream.send(signal.SIGTERM)
    stream.wait()


def test_a_resource_is_watched_from_before_its_beginning(ctl, fleet):
    """Its nodes are made one by one, each time after a look at those that were there."""
    stream = ctl.start("status", "--watch", "--json")
    def resources():
        return stream.out and json.loads(stream.out.splitlines()[-1])["resources"]
    eventually(lambda: stream.out, what="the first document")
    fleet.client.ensure_path(fleet.path("semaphores", "slots"))
    eventually(resources, what="the resource is seen")
    fleet.client.ensure_path(fleet.path("semaphores", "slots", "leases"))
    lease = fleet.client.create(fleet.path("semaphores/slots/leases/1_2_0000000001"), b"h 1", ephemeral=True)
    eventually(lambda: resources()[0]["used"] == 1, what="the lease is seen")
    fleet.client.delete(lease)
    stream.send(signal.SIGTERM)
    stream.wait()


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_a_key_ends_it(watch, ctl, key):
    watch.key(key)
    is_as_it_was(watch, ctl)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it(watch, ctl, number):
    watch.signal("switchmanctl", number)
    is_as_it_was(watch, ctl)


def test_data_that_cannot_be_read_is_no_end(watch, fleet):
    fleet.prefix_data("rubbish")
    watch.shows("until that is mended, groups, pauses")
    fleet.prefix_data({"groups": {"web": ["h1.example.org"]}})
    watch.shows("h1.example.org")
    fleet.prefix_data({})


def test_an_error_ends_it_and_is_seen(watch, ctl, fleet):
    for folder in ("locks", "jobs"):
        fleet.client.ensure_path(fleet.path(folder))
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", admin=True)])
    try:
        # Whatever happens next, the whole is read anew.
        Holder(fleet.client, fleet.prefix, "backup").release()
        watch.shows("switchmanctl: no permission")
        is_as_it_was(watch, ctl)
    finally:
        fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", all=True)])


def test_it_stops_and_goes_on(watch, ctl):
    watch.key("C-z")
    eventually(lambda: watch.state() == AS_IT_WAS, what="stopped, with the terminal as it was")
    watch.line("fg")
    watch.shows("q: quit")
    assert watch.state() == "1 0 0"
    watch.key("q")
    is_as_it_was(watch, ctl)


def test_it_fits_itself_to_another_size(watch, fleet):
    fleet.client.ensure_path(fleet.path("locks"))
    for number in range(40):
        fleet.client.create(fleet.path("locks", f"a-rather-long-lockname-{number:02}"), b"host1.example.org 1", ephemeral=True)
    watch.shows("... 19 more lines")
    watch.resize(60, 12)
    screen = watch.shows("... 31 more lines")
    assert "a-rather-lo~" in screen and max(len(line) for line in screen.splitlines()) <= 60
    watch.resize(100, 50)
    watch.shows("a-rather-long-lockname-39")
    watch.key("q")
    for number in range(40):
        fleet.client.delete(fleet.path("locks", f"a-rather-long-lockname-{number:02}"))


def test_it_asks_nothing_while_nothing_changes(own_ctl, own_fleet, server):
    stream = own_ctl.start("status", "--watch", "--json")
    eventually(lambda: stream.out, what="the first document")
    def received():
        return int(next(line for line in server.ask("srvr").splitlines() if line.startswith("Received")).split()[1])
    elapsed(now() + 1)  # What the first look was followed by is over.
    before = received()
    elapsed(now() + 3)  # Time itself is tested: a poll would show.
    assert received() - before <= 6  # The pings of two sessions, and our own questions.
    stream.send(signal.SIGTERM)
    assert stream.wait() == -signal.SIGTERM


def test_for_programs_it_prints_a_document_for_each_change(ctl, fleet):
    stream = ctl.start("status", "--watch", "--json")
    eventually(lambda: stream.out.count("\n") == 1, what="the first document")
    holder = Holder(fleet.client, fleet.prefix, "backup")
    eventually(lambda: '"running"' in stream.out.splitlines()[-1], what="the lock is seen")
    holder.release()
    eventually(lambda: not json.loads(stream.out.splitlines()[-1])["locks"], what="its end is seen")
    for line in stream.out.splitlines():
        checked(line, "status")
    stream.send(signal.SIGINT)
    assert stream.wait() == -signal.SIGINT


def test_without_a_terminal_it_is_a_mistake(ctl):
    assert_refused(ctl("status", "--watch"), 64, "--watch needs a terminal")


def test_servers_that_were_never_there_are_69(ctl, fleet):
    away = fleet.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_refused(ctl("status", "--watch", "--json", config=away, within=10), 69, "no answer from ZooKeeper at 127.0.0.1:1")


# An outage. Two seconds of patience, so that a question ends in the midst of it, with its session.

def make_lock(fleet, lockname):
    """It goes with the tests' own session, which may have been away as well."""
    fleet.client.retry(fleet.client.create, fleet.path("locks", lockname), b"host7.example.org 77", ephemeral=True, makepath=True)


def test_for_programs_an_outage_is_told_and_outlived(own_ctl, own_fleet, server):
    """Also a second one: each session is as good as the first."""
    stream = own_ctl.start("status", "--watch", "--json", config=own_fleet.config("short.conf", connect_timeout=2))
    def last():
        return json.loads(stream.out.splitlines()[-1])
    eventually(lambda: stream.out, what="the first document")
    for lockname in ("backup", "report"):
        server.kill()
        eventually(lambda: "no answer from ZooKeeper" in last().get("old", {}).get("reason", ""), what="that it is old")
        server.restart()
        eventually(lambda: "old" not in last(), what="news after the outage")
        make_lock(own_fleet, lockname)
        eventually(lambda name=lockname: [lock for lock in last()["locks"] if lock["lockname"] == name], what="a change after it")
    documents = [checked(line, "status") for line in stream.out.splitlines()]
    old = [document for document in documents if "old" in document]
    assert "connection with ZooKeeper is lost" in old[0]["old"]["reason"], "told at once, and not after the connect timeout"
    assert len({document["old"]["since"] for document in old}) == 2, "one since for each outage"
    first = {key: value for key, value in old[0].items() if key != "old"}
    assert first == documents[0], "what is old is told as it was"
    assert stream.running and stream.err == ""
    stream.send(signal.SIGTERM)
    assert stream.wait() == -signal.SIGTERM


@pytest.fixture
def outage(own_ctl, own_fleet, server):
    """A picture of one lock, and then no server."""
    terminal = Tmux()
    terminal.line(f"export SWITCHMAN_CONFIG={own_fleet.config('short.conf', connect_timeout=2)}")
    terminal.line(f"echo before; {own_ctl.program} status --watch; echo ended with $?")
    make_lock(own_fleet, "backup")
    terminal.shows("backup  original  host7.example.org")
    server.kill()
    terminal.shows("old since 20")
    terminal.shows("trying again: no answer from ZooKeeper")
    assert "backup  original  host7.example.org" in terminal.screen(), "what is old stays"
    yield terminal
    terminal.close()
    server.restart()


def test_what_is_drawn_is_marked_as_old_until_the_servers_are_back(outage, own_fleet, server):
    outage.resize(60, 12)
    def fits():
        lines = outage.screen().splitlines()
        return "old since" in lines[0] and "q: quit" in lines[11]
    eventually(fits, what="it fits another size meanwhile")
    server.restart()
    outage.hides("old since")
    make_lock(own_fleet, "report")
    outage.shows("report")
    outage.key("q")
    outage.shows("ended with 0")


def test_q_ends_it_while_no_server_answers(outage):
    outage.key("q")
    outage.shows("ended with 0", within=4)
    assert "old since" not in outage.screen() and "before" in outage.screen()


def test_a_signal_ends_it_while_no_server_answers(outage):
    outage.signal("switchmanctl", signal.SIGTERM)
    outage.shows("ended with 143", within=4)


# Colours.

def test_colours_are_for_terminals_only_and_not_with_NO_COLOR(terminal, ctl, fleet):
    holder = Holder(fleet.client, fleet.prefix, "backup")
    terminal.line(ctl.program, "status")
    terminal.shows("running")
    assert "\x1b[32mrunning" in terminal.screen(escapes=True)
    terminal.line(f"clear; NO_COLOR=1 {ctl.program} status; echo end-$((1+1))")
    terminal.shows("end-2")
    assert "\x1b[3" not in terminal.screen(escapes=True) and "\x1b[1m" not in terminal.screen(escapes=True)
    terminal.line(f"clear; {ctl.program} status | cat; echo end-$((1+2))")
    terminal.shows("end-3")
    assert "\x1b[3" not in terminal.screen(escapes=True)
    assert "\x1b" not in ctl("status").out
    holder.release()


def test_a_table_fits_the_terminal(terminal, ctl, fleet):
    name = "a-lockname-" + 80 * "x"
    fleet.client.create(fleet.path("locks", name), b"host1.example.org 4711", ephemeral=True, makepath=True)
    terminal.line("clear")
    terminal.line(ctl.program, "status")
    screen = terminal.shows("4711")
    lines = [line for line in screen.splitlines() if "a-lockname" in line]
    assert len(lines) == 1 and "~" in lines[0] and "4711" in lines[0]
    assert name in ctl("status").out, "nothing is cut where no terminal is"
    fleet.client.delete(fleet.path("locks", name))
