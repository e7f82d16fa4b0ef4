"""Slots: each permit has a number from 1 to TOTAL, no two that are in use the same; judged from the commands' own records."""

import os
import random
import re
import signal

import pytest

from Support.eventually import always, eventually
from Support.fleet import assert_silent
from Support.original import Original
from Support.server import expire_session

# Writes down what it is told, and claims each of its numbers: the kernel gives it to one tree at a time (job.c).
SCRIPT = """echo "${SWITCHMAN_SLOT-none} ${SWITCHMAN_SLOTS-none}" >>"$0"
for range in $(echo "${SWITCHMAN_SLOTS#*=}" | tr , ' '); do
    for number in $(seq "${range%-*}" "${range#*-}"); do set -- "$@" --claim "slot$number:1:1"; done
done
exec "$@"
"""


class Numbered:
    """Runs whose commands write their numbers down."""

    def __init__(self, fleet, total):
        self.fleet, self.total = fleet, total

    def launch(self, label, *options, count=1, lease=None, words=(), until=True, **more):
        lease = lease or f"r={count}:{self.total}"
        ending = ("--until", self.fleet.flag(f"end.{label}")) if until else ()
        return self.fleet.start("--no-lock", "--lockname", label, "--lease", lease, *words, "--", "sh", "-c", SCRIPT,
                                self.fleet.flag(f"slots.{label}"), *self.fleet.job(label, *ending, *options), **more)

    def start(self, label, *options, **more):
        """Its numbers, as SWITCHMAN_SLOTS has them, once it runs."""
        self.launch(label, *options, **more)
        self.fleet.records.started(label)
        return self.told(label)[-1][1].removeprefix("r=")

    def told(self, label):
        """SWITCHMAN_SLOT and SWITCHMAN_SLOTS, at each start."""
        with open(self.fleet.flag(f"slots.{label}"), encoding="ascii") as file:
            return [line.split(maxsplit=1) for line in file.read().splitlines()]

    def end(self, *labels):
        for label in labels:
            self.fleet.end_job(label)
        for label in labels:
            eventually(lambda label=label: self.fleet.records.events("end", label), what=f"{label} ends")


@pytest.fixture
def four(fleet):
    fleet.resources("r")
    return Numbered(fleet, 4)


def lost_soon(fleet, **changes):
    return fleet.config("short.conf", **{"session_timeout": 4, "ownership_term": 4, **changes})


def settled(fleet):
    """What has ended has given its permits back."""
    eventually(lambda: len(fleet.leases("r")) == sum(run.running for run in fleet.runs), what="releases")


def test_each_permit_has_the_lowest_number_that_nobody_has(fleet, four):
    assert [four.start(label) for label in "abc"] == ["1", "2", "3"]
    assert four.told("b") == [["2", "r=2"]]
    four.end("b")
    settled(fleet)
    assert four.start("d") == "2" and four.start("e") == "4"
    four.end("a", "c", "d", "e")
    settled(fleet)
    assert four.start("f") == "1"
    four.end("f")
    fleet.records.assert_no_violation()


def test_several_permits_have_a_number_each(fleet):
    fleet.resources("r")
    eight = Numbered(fleet, 8)
    assert [eight.start("a"), eight.start("b", count=2), eight.start("c")] == ["1", "2-3", "4"]
    eight.end("a", "c")
    settled(fleet)
    assert eight.start("d", count=4) == "1,4-6"
    # Each range of its numbers has a mark of its own, and all go with the release.
    assert len(fleet.leases("r")) == 2 and len(fleet.marks("r")) == 3
    assert eight.start("e", count=2) == "7-8"
    eight.end("b", "d", "e")
    settled(fleet)
    assert fleet.marks("r") == []
    fleet.records.assert_no_violation()


SHOW = 'echo "${SWITCHMAN_SLOT-none} ${SWITCHMAN_SLOTS-none}"'


@pytest.mark.parametrize("leases, told", [
    (["r=1:4"], "1 r=1"), (["r=3:4"], "none r=1-3"), (["r=1:1", "s=1:2"], "none r=1 s=1"), (["s=2:2", "r=1:4"], "none r=1 s=1-2"),
    (["r=1:1000000000"], "1 r=1"), (["r=1:1000000001"], "none none"), (["r=1:1000000001", "s=1:2"], "none s=1"), ([], "none none"),
])
def test_what_the_command_is_told(fleet, leases, told):
    """What a switchman around this one has told is forgotten."""
    fleet.resources("r", "s")
    words = [word for lease in leases for word in ("--lease", lease)]
    run = fleet.run("--lockname", "a", *words, "--", "sh", "-c", SHOW, env={"SWITCHMAN_SLOT": "9", "SWITCHMAN_SLOTS": "q=9"})
    assert (run.code, run.out) == (0, f"{told}\n")


def test_an_inner_run_has_numbers_of_its_own(fleet):
    fleet.resources("r")
    inner = f'{SHOW}; {fleet.program} --config {fleet.config()} --no-lock --lockname b --lease r=1:4 -- sh -c "$0"'
    run = fleet.run("--lockname", "a", "--lease", "r=1:4", "--", "sh", "-c", inner, SHOW)
    assert run.out.splitlines() == ["1 r=1", "2 r=2"]


def all_end_but(fleet, lost):
    """These lose their hosts while they run, the others end well, and no number is ever shared."""
    for number in lost:
        fleet.records.started(f"job{number}", within=60)
        fleet.lose_host(fleet.runs[number])
    for number, run in enumerate(fleet.runs):
        if number not in lost:
            assert run.wait(90) == 0, run
    fleet.records.assert_no_violation()


@pytest.mark.parametrize("weights", [[1], [1, 1, 2, 3]])
def test_many_at_once_never_share_a_number(fleet, weights):
    """Sixty runs on five permits, as many as possible at once; some holders are killed with all that belongs to them."""
    fleet.resources("r")
    fleet.leaves_marks = True
    five, dice = Numbered(fleet, 5), random.Random(len(weights))
    config = lost_soon(fleet, ownership_term=8)
    for number in range(60):
        five.launch(f"job{number}", "--for", dice.randrange(30, 300), count=dice.choice(weights), until=False, config=config)
    all_end_but(fleet, (3, 17, 31))
    told = [five.told(f"job{number}")[0][1] for number in range(60)]
    numbers = {int(word) for text in told for word in re.findall("[0-9]+", text)}
    assert numbers == {1, 2, 3, 4, 5}, "all are given, and no others"
    fleet.records.assert_totals({f"job{number}": 1 for number in range(60)}, 5)


def test_the_number_of_a_holder_that_is_lost_is_nobodys_until_its_term_is_over(fleet, four, proxy):
    """Its command lives on behind a connection that is dead; its lease is gone, and there is room for others."""
    fleet.leaves_marks = True
    run = four.launch("lost", "--stubborn", config=lost_soon(fleet, zkhosts=proxy.address, ownership_term=8))
    fleet.records.started("lost")
    assert four.told("lost") == [["1", "r=1"]]
    proxy.hold()
    lease, = fleet.leases("r")
    expire_session(fleet.address, fleet.stat("semaphores", "r", "leases", lease).ephemeralOwner)
    assert fleet.leases("r") == []
    assert [four.start(label) for label in "bcd"] == ["2", "3", "4"]
    # A permit is free, and the number of the lost one is not.
    four.end("d")
    eventually(lambda: len(fleet.leases("r")) == 2, what="released")
    assert four.start("e") == "4"
    four.launch("next")
    fleet.queued("r", "next")
    fleet.records.started("next")
    assert four.told("next") == [["1", "r=1"]]
    fleet.records.assert_one_after_the_other("lost", "next")
    proxy.release()
    assert run.wait() == 81
    four.end("b", "c", "e", "next")
    fleet.records.assert_no_violation()


def test_the_number_of_a_killed_host_is_nobodys_until_its_term_is_over(fleet):
    """Beside it there is room enough; and then every one of several ranges is free again."""
    fleet.resources("r")
    six = Numbered(fleet, 6)
    assert [six.start("a"), six.start("b")] == ["1", "2"]
    run = six.launch("lost", count=1, config=lost_soon(fleet))
    fleet.records.started("lost")
    six.end("a")
    eventually(lambda: len(fleet.leases("r")) == 2)
    wide = six.launch("wide", count=2, config=lost_soon(fleet))
    fleet.records.started("wide")
    assert six.told("wide") == [["none", "r=1,4"]]
    for one in (run, wide):
        fleet.lose_host(one)
    eventually(lambda: len(fleet.leases("r")) == 1, what="their leases go with their sessions")
    assert len(fleet.marks("r")) == 4
    assert six.start("c", count=2) == "5-6"
    assert six.start("d", count=3, lease="r=3:6") == "1,3-4", "once the terms are over"
    six.end("b", "c", "d")
    eventually(lambda: fleet.marks("r") == [])


def test_another_attempt_keeps_its_number(fleet, four):
    four.start("a")
    run = four.launch("b", "--exit", 1, "--for", 1, words=("--retries", 2, "--retry-delay", "1s"), until=False)
    fleet.records.started("b")
    four.end("a")
    assert run.wait() == 1
    assert four.told("b") == [["2", "r=2"]] * 3


def test_a_run_that_begins_anew_has_a_number_that_nobody_has(fleet):
    """Its first session ends while it waits a lost holder of its lock out: that it has started nothing nobody can know."""
    fleet.resources("r")
    fleet.leaves_marks = True
    config = lost_soon(fleet, ownership_term=6)
    first = fleet.start_job("first", arguments=("--lockname", "a"), config=config)
    fleet.lose_host(first)
    eventually(lambda: not fleet.stat("locks", "a"), what="its lock goes with its session")
    second = fleet.start("--lockname", "a", "--lease", "r=1:3", "--", "sh", "-c", SHOW, config=config)
    mark, = eventually(lambda: fleet.marks("r"))
    assert mark.split("_")[3].startswith("1000000")
    lease, = fleet.leases("r")
    expire_session(fleet.address, fleet.stat("semaphores", "r", "leases", lease).ephemeralOwner)
    assert (second.wait(60), second.out) == (0, "2 r=2\n")


def test_a_total_that_shrinks_and_grows(fleet):
    """Numbers above it go with their holders; and each that is given out lies within the total of that moment."""
    declared = Numbered(fleet, 4)
    fleet.resources("r", totals={"r": 4})
    assert [declared.start(label, lease="r=1") for label in "abcd"] == ["1", "2", "3", "4"]
    fleet.resources("r", totals={"r": 2})
    declared.launch("e", lease="r=1")
    fleet.queued("r", "e")
    declared.end("a", "b")
    always(lambda: not fleet.records.events("start", "e"), during=0.5, what="3 and 4 are in use, and two are all there are")
    declared.end("d")
    fleet.records.started("e")
    assert declared.told("e") == [["1", "r=1"]]
    declared.end("c")
    assert declared.start("f", lease="r=1") == "2"
    fleet.resources("r", totals={"r": 6})
    assert declared.start("g", lease="r=3") == "3-5"
    declared.end("e", "f", "g")
    fleet.records.assert_no_violation()


# Others in the same tree.

def test_beside_originals(fleet, four, original):
    """Their permits count and have no number; a number is left for each of ours."""
    config = fleet.config(mixed_fleet=True, server_tick=500)
    theirs = original.lease("r", 1, 4)
    assert [four.start("a", config=config), four.start("b", config=config)] == ["1", "2"]
    assert all(re.fullmatch("1_4_[0-9a-f]+_[0-9]{10}", name) for name in fleet.leases("r") if name.count("_") == 3)
    more = original.lease("r", 1, 4)
    assert more and original.lease("r", 1, 4) is None, "it counts ours as ever"
    four.launch("c", config=config)
    fleet.queued("r", "c")
    original.client.delete(theirs)
    fleet.records.started("c")
    assert four.told("c") == [["3", "r=3"]]
    four.end("a", "b", "c")
    original.client.delete(more)


# What a version of ours before numbers takes for a mark: COUNT, TOTAL, SESSION, a whole number of 64 bits, TERM.
OLDER_MARK = re.compile("([1-9][0-9]{0,15})_([1-9][0-9]{0,15})_[0-9a-f]{1,16}_(-?[0-9]{1,18})_([0-9]{1,5})")


def older(fleet, count, total, session="abc"):
    """A holder of such a version: its lease, and its mark without numbers."""
    folder = fleet.path("semaphores", "r")
    fleet.client.ensure_path(f"{folder}/marks")
    fleet.client.ensure_path(f"{folder}/leases")
    mark = fleet.client.create(f"{folder}/marks/{count}_{total}_{session}_1_30", b"h 1")
    return mark, fleet.client.create(f"{folder}/leases/{count}_{total}_{session}_", b"h 1", ephemeral=True, sequence=True)


def test_beside_a_version_that_knows_of_no_numbers(fleet):
    fleet.resources("r")
    eight = Numbered(fleet, 8)
    nodes = older(fleet, 2, 8)
    assert [eight.start("a"), eight.start("b", count=2), eight.start("c")] == ["1", "2-3", "4"]
    eight.end("a", "c")
    eventually(lambda: len(fleet.leases("r")) == 2)
    assert eight.start("d", count=3) == "1,4-5"
    ours = [name for name in fleet.marks("r") if not name.endswith("_abc_1_30")]
    assert sorted(int(OLDER_MARK.fullmatch(name)[1]) for name in ours) == [1, 2, 2], "it counts them by what it knows"
    assert {OLDER_MARK.fullmatch(name)[4] for name in ours} == {"6"}, "and waits the same terms out"
    eight.launch("e", count=2)
    fleet.queued("r", "e")
    for node in nodes:
        fleet.client.delete(node)
    fleet.records.started("e")
    assert eight.told("e") == [["none", "r=6-7"]]
    eight.end("b", "d", "e")


OLDER = os.environ.get("SWITCHMAN_OLDER_BIN")


@pytest.mark.skipif(not OLDER, reason="SWITCHMAN_OLDER_BIN names no program of a version without numbers")
def test_beside_the_program_of_such_a_version(fleet):
    """Its runs and ours through one queue, with holders of both kinds lost: the totals hold, and so do the numbers."""
    fleet.resources("r")
    fleet.leaves_marks = True
    five, dice, program = Numbered(fleet, 5), random.Random(1), fleet.program
    config = lost_soon(fleet, ownership_term=8)
    for number in range(50):
        fleet.program = OLDER if number % 3 == 0 else program
        five.launch(f"job{number}", "--claim", "r:5:1", "--for", dice.randrange(30, 300), until=False, config=config)
    fleet.program = program
    all_end_but(fleet, (3, 16, 29))
    assert [five.told(f"job{number}") for number in range(0, 50, 3)] == [[["none", "none"]]] * 17
    assert all(re.fullmatch("[1-5]", five.told(f"job{number}")[0][0]) for number in range(50) if number % 3)


# Told.

def test_switchmanctl_tells_them(ctl, fleet, four):
    four.start("a")
    Original(fleet.client, fleet.prefix).lease("r", 1, 4)
    fleet.client.create(fleet.path("semaphores/r/marks/1_4_deadbeef_3000000001_30"), b"h 1")
    resource, = ctl.json("status")["resources"]
    assert {(one["original"], one.get("slots")) for one in resource["holders"]} == {(False, "1"), (True, None)}
    assert resource["orphaned_slots"] == "3"
    run = ctl("explain", "--no-lock", "--lockname", "b", "--lease", "r=1:4", "true")
    assert (run.code, run.out) == (0, "would start: all permits are free (slots: r=2)\n")
    four.end("a")
    fleet.client.delete(fleet.path("semaphores/r"), recursive=True)


def test_a_signal_in_the_wait_takes_no_number(fleet, four):
    four.start("a", count=4)
    run = four.launch("b")
    fleet.queued("r", "b")
    run.send(signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM
    four.end("a")
    settled(fleet)
    assert four.start("c") == "1"
    four.end("c")


def test_nothing_is_said(fleet):
    fleet.resources("r")
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:4", "--", "true"), 0)
