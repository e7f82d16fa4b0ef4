"""`totals` in the data of PREFIX: how many permits a resource has, declared once; who disagrees is refused."""

import os

import pytest

from Support.eventually import eventually
from Support.fleet import assert_one_line, assert_silent

with open("/proc/meminfo", encoding="ascii") as memory:
    HERE = {"CPU": os.sysconf("SC_NPROCESSORS_ONLN"), "MEMMB": int(memory.readline().split()[1]) // 1024}
CPU = HERE["CPU"]


def granted(fleet, resource, lease):
    """COUNT and TOTAL of the lease that a run gets."""
    fleet.start_job("a", arguments=("--lease", lease))
    names = [tuple(map(int, name.split("_")[:2])) for name in fleet.leases(resource)]
    fleet.end_job("a")
    assert_silent(fleet.runs[-1].finished(), 0)
    return names


@pytest.mark.parametrize("total, number", [
    (4, 4), ("4", 4), ("2*2", 4), ("CPU", CPU), ("max(4,CPU)", max(4, CPU)), (9007199254740991, 9007199254740991),
])
def test_a_declared_total_need_not_be_repeated(fleet, total, number):
    fleet.resources("r", totals={"r": total})
    assert granted(fleet, "r", "r=1") == [(1, number)]


def test_the_same_total_may_be_repeated(fleet):
    fleet.resources("r", totals={"r": 4})
    assert granted(fleet, "r", "r=2:3+1") == [(2, 4)]


@pytest.mark.parametrize("totals, lease, count", [
    ({"r": 4}, "r=TOTAL", 4), ({"r": 4}, "r=TOTAL/2", 2), ({"r": 4}, "r=TOTAL-1:4", 3), ({}, "r=TOTAL:4", 4),
    ({"r": "2*2"}, "r=max(1,TOTAL-CPU*9)", 1)])
def test_the_count_may_refer_to_the_total(fleet, totals, lease, count):
    fleet.resources("r", totals=totals)
    assert granted(fleet, "r", lease) == [(count, 4)]


@pytest.mark.parametrize("totals, lease, code, mention", [
    ({}, "r=TOTAL", 65, "r=TOTAL: no total; write r=TOTAL:8"), ({"r": 3}, "r=TOTAL/2", 65, "COUNT is 1.5, a fraction"),
    ({"r": 3}, "r=TOTAL+1", 65, "asks for 4 of the 3"), ({"r": 3}, "r=1:TOTAL", 64, "TOTAL cannot stand in TOTAL"),
    ({"r": 3}, "r=TOTAL*2:3", 64, "asks for 6 of 3"), ({"r": 1}, "r=1/(TOTAL-1)", 65, "division by zero"),
])
def test_a_count_that_no_total_allows_is_named(fleet, totals, lease, code, mention):
    fleet.resources("r", totals=totals)
    assert_one_line(fleet.run("--lockname", "a", "--lease", lease, "--", "false"), code, mention)
    fleet.assert_no_trace()


def test_all_of_it_is_all_of_what_is_declared_by_then(fleet):
    fleet.resources("r", totals={"r": 2})
    fleet.start_job("a", arguments=("--lease", "r=1"))
    waiting = fleet.launch_job("all", arguments=("--lease", "r=TOTAL"))
    fleet.queued("r", "all")
    fleet.resources("r", totals={"r": 5})
    fleet.end_job("a")
    fleet.records.started("all")
    assert [name.split("_")[:2] for name in fleet.leases("r")] == [["5", "5"]]
    fleet.end_job("all")
    assert waiting.wait() == 0


def test_macros_in_the_names_of_totals(fleet):
    fleet.resources("FQDN_cpu", totals={"FQDN_cpu": "CPU"})
    assert granted(fleet, "host1.example.org_cpu", "FQDN_cpu=1") == [(1, CPU)]


@pytest.mark.parametrize("lease", ["r=1:3", "r=1:5", "r=5:5"])
def test_who_disagrees_is_refused(fleet, lease):
    fleet.resources("r", totals={"r": 4})
    assert_one_line(fleet.run("--lockname", "a", "--lease", lease, "--", "false"), 65, "r", "totals", fleet.prefix, "4")
    fleet.assert_no_trace()


def test_more_than_there_is_would_wait_for_ever(fleet):
    fleet.resources("r", totals={"r": 4})
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=5", "--", "false"), 65, "5", "4", "totals")
    fleet.assert_no_trace()


@pytest.mark.parametrize("totals", [None, {}, {"other": 4}, {"r": None}], ids=str)
def test_without_a_total_anywhere(fleet, totals):
    fleet.resources("r", totals=totals)
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1", "--", "false"), 65, "r=1:TOTAL", "totals")
    fleet.assert_no_trace()


@pytest.mark.parametrize("totals", [
    {"r": 0}, {"r": -1}, {"r": 1.5}, {"r": "CPU/3.7"}, {"r": "`id`"}, {"r": ""}, {"r": []}, {"r": True}, {"r": 2 ** 53},
    {"r": "1e400"}, {"r": "x"}, [], "r", 4,
], ids=str)
def test_a_bad_total_is_bad_data_and_named(fleet, totals):
    fleet.resources("r", totals=totals)
    for lease in ("r=1", "r=1:4"):
        assert_one_line(fleet.run("--lockname", "a", "--lease", lease, "--", "false"), 65, fleet.prefix, "total")
    fleet.assert_no_trace()


def test_the_total_of_another_resource_is_nobodys_business(fleet):
    fleet.resources("r", totals={"r": 4, "s": "nonsense"})
    assert granted(fleet, "r", "r=1") == [(1, 4)]


def test_the_command_is_told_the_declared_total(fleet):
    fleet.resources("s", "r", totals={"r": 4, "s": 7})
    run = fleet.run("--lockname", "a", "--lease", "r=1", "--lease", "s=2", "--", "sh", "-c", "echo $SWITCHMAN_LEASES")
    assert run.out in ("r=1:4 s=2:7\n", "s=2:7 r=1:4\n")


def test_the_same_resource_with_and_without_a_total_is_asked_for_twice(fleet):
    run = fleet.run("--lockname", "a", "--lease", "r=1", "--lease", "r=1:4", "--", "false")
    assert_one_line(run, 64, '"r"', "1 and 1:4")


def test_runs_with_and_without_it_share_the_permits(fleet):
    fleet.resources("r", totals={"r": 2})
    fleet.start_job("a", arguments=("--lease", "r=1"))
    fleet.start_job("b", arguments=("--lease", "r=1:2"))
    third = fleet.launch_job("c", arguments=("--lease", "r=1"))
    fleet.queued("r", "c")
    fleet.end_job("a")
    fleet.records.started("c")
    fleet.end_job("b")
    fleet.end_job("c")
    assert third.wait() == 0
    eventually(lambda: fleet.leases("r") == [])


def test_who_is_not_needed_has_nothing_to_complain_of(fleet):
    """The lock comes before the resources: a resource that is gone concerns its holder's successor."""
    fleet.resources("db")
    fleet.start_job("a", arguments=("--lockname", "a", "--lease", "db=1:4"))
    fleet.resources()
    assert_silent(fleet.run("--lockname", "a", "--lease", "db=1:4", "--", "false"), 0)
    fleet.end_job("a")
    eventually(lambda: not fleet.list("locks"))
    assert_one_line(fleet.run("--lockname", "a", "--lease", "db=1:4", "--", "false"), 65, "db")


# Totals that change while they are used.


def test_fewer_permits_hold_for_those_who_wait_already(fleet):
    fleet.resources("r", totals={"r": 4})
    fleet.start_job("big", arguments=("--lease", "r=4"))
    for name in "abcd":
        fleet.launch_job(name, arguments=("--lease", "r=1"))
        fleet.queued("r", name)
    fleet.resources("r", totals={"r": 1})
    late = fleet.launch_job("late", arguments=("--lease", "r=1"))
    fleet.queued("r", "late")
    fleet.end_job("big")
    for name in ("a", "b", "c", "d", "late"):
        fleet.records.started(name)
        assert [lease.split("_")[:2] for lease in fleet.leases("r")] == [["1", "1"]], "one at a time"
        fleet.end_job(name)
    assert late.wait() == 0


def test_more_permits_are_for_those_who_wait_already(fleet):
    fleet.resources("r", totals={"r": 1})
    fleet.start_job("a", arguments=("--lease", "r=1"))
    fleet.launch_job("b", arguments=("--lease", "r=1"))
    fleet.queued("r", "b")
    fleet.resources("r", totals={"r": 2})
    fleet.records.started("b")
    fleet.end_job("a")
    fleet.end_job("b")


@pytest.mark.parametrize("lease, words", [("r=2", "asks for 2 of the 1"), ("r=1:4", "4 here, but 1 declared")])
def test_who_waits_for_what_is_no_more_is_told(fleet, lease, words):
    fleet.resources("r", totals={"r": 4})
    fleet.start_job("big", arguments=("--lease", "r=4"))
    run = fleet.launch_job("b", arguments=("--lease", lease))
    fleet.queued("r", "b")
    fleet.resources("r", totals={"r": 1})
    assert run.wait() == 65 and words in run.err
    fleet.end_job("big")


def test_a_total_that_changes_as_the_permits_are_taken(fleet, proxy):
    """Between the count and the take: the take itself finds out."""
    fleet.resources("r", totals={"r": 2})
    fleet.start_job("a", arguments=("--lease", "r=1"))
    left = [1]

    def lower(request):
        if left and any("/leases/" in path for _, path in request.parts):
            left.pop()
            fleet.resources("r", totals={"r": 1})
    proxy.on_request = lower
    run = fleet.launch_job("b", arguments=("--lease", "r=1"), config=fleet.config("behind.conf", zkhosts=proxy.address))
    eventually(lambda: not left)
    fleet.queued("r", "b")
    assert len(fleet.leases("r")) == 1
    fleet.end_job("a")
    fleet.records.started("b")
    fleet.end_job("b")
    assert run.wait() == 0


@pytest.mark.parametrize("macro", HERE)
def test_processors_or_memory_that_have_come_or_gone(fleet, macro):
    """Of this host's own resource: hotplug. Of a shared one another number means that hosts do not agree."""
    count = HERE[macro]
    name, other = "host1.example.org_own", f"1_{count + 6}_100000000000001_0000000000"
    fleet.resources("FQDN_own", "db")
    for resource in (name, "db"):
        fleet.client.create(fleet.path("semaphores", resource, "leases", other), b"", makepath=True, ephemeral=True)
    assert sorted(granted(fleet, name, f"FQDN_own=1:{macro}")) == [(1, count), (1, count + 6)]
    run = fleet.run("--lockname", "b", "--lease", f"db=1:{macro}", "--", "false")
    assert_one_line(run, 65, f"total {count} here", other)
