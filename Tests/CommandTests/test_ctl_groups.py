"""groups, resources, init: edits of PREFIX's data, validated first; and the wrapper reads what they wrote."""

import json

import pytest

from Support.control import assert_refused, assert_silent_yes


def data(fleet):
    return json.loads(fleet.get())


def test_a_group_is_made_shown_and_removed(ctl, fleet):
    assert_silent_yes(ctl("groups", "add", "web", "a.example.org", "b.example.org"))
    assert_silent_yes(ctl("groups", "add", "web", "b.example.org", "c.example.org"))
    assert data(fleet)["groups"] == {"web": ["a.example.org", "b.example.org", "c.example.org"]}
    assert ctl("groups", "show", "web").out == "a.example.org\nb.example.org\nc.example.org\n"
    assert_silent_yes(ctl("groups", "remove", "web", "a.example.org", "c.example.org"))
    assert ctl.json("groups", "list") == {"groups": {"web": ["b.example.org"]}}
    assert_silent_yes(ctl("groups", "remove", "web"))
    assert data(fleet)["groups"] == {}


def test_a_group_in_a_group_is_shown_by_its_hosts(ctl, fleet):
    fleet.prefix_data({"groups": {"all": ["web", "x"], "web": "a"}})
    assert ctl.json("groups", "show", "all") == {"group": "all", "members": ["web", "x"], "hosts": ["a", "x"]}
    assert "all    a, x" in ctl("groups", "list").out


def test_a_group_written_as_one_string_becomes_a_list(ctl, fleet):
    fleet.prefix_data({"groups": {"web": "a"}})
    assert_silent_yes(ctl("groups", "add", "web", "b"))
    assert data(fleet)["groups"]["web"] == ["a", "b"]


def test_the_last_host_leaves_an_empty_group(ctl, fleet):
    fleet.prefix_data({"groups": {"web": "a"}})
    assert_silent_yes(ctl("groups", "remove", "web", "a"))
    assert data(fleet)["groups"]["web"] == []


def test_what_is_not_there_is_a_no(ctl, fleet):
    fleet.prefix_data({"groups": {"web": "a", "all": ["web"]}})
    assert_refused(ctl("groups", "show", "wbe"), 1, "no group wbe")
    assert_refused(ctl("groups", "remove", "wbe"), 1, "no group wbe")
    assert_refused(ctl("groups", "remove", "web", "b"), 1, "b is not a member")
    assert_refused(ctl("groups", "remove", "web"), 1, "member of group all")
    assert_refused(ctl("resources", "remove", "slots"), 1, "no resource slots")


@pytest.mark.parametrize("words, mention", [
    (("groups", "add", "web"), "hosts"), (("groups", "add", "web", "a b"), "blank"), (("groups", "add", "", "a"), "is empty"),
    (("groups", "show"), "group"), (("groups", "remove", "a/b"), "'/'"), (("groups", "frobnicate"), "frobnicate"),
    (("groups",), "no verb"), (("resources",), "no verb"),
    (("resources", "add"), "resource"), (("resources", "add", "a=b"), "'='"),
    (("resources", "add", "r", "--total", "0"), "total"), (("resources", "add", "r", "--total", "system"), "total"),
    (("resources", "add", "r", "--total", "1.5"), "total"), (("resources", "remove", "a\tb"), "control character"),
    (("init", "--group", "web"), "="), (("init", "--group", "web=a b"), "blank"), (("init", "--resource", "r=x"), "TOTAL"),
])
def test_bad_words(ctl, words, mention):
    assert_refused(ctl(*words), 64, mention)


def test_resources_keep_their_order_and_may_have_totals(ctl, fleet):
    for words in (("db",), ("FQDN_cpu", "--total", "CPU-1"), ("api", "--total", "10"), ("db",)):
        assert_silent_yes(ctl("resources", "add", *words))
    assert data(fleet) == {"resources": ["db", "FQDN_cpu", "api"], "totals": {"FQDN_cpu": "CPU-1", "api": 10}}
    assert_silent_yes(ctl("resources", "add", "api", "--total", "12"))
    assert ctl.json("resources", "list") == {"resources": [
        {"resource": "db"}, {"resource": "FQDN_cpu", "total": "CPU-1"}, {"resource": "api", "total": 12}]}
    assert "FQDN_cpu  CPU-1" in ctl("resources", "list").out
    assert_silent_yes(ctl("resources", "remove", "api"))
    assert data(fleet) == {"resources": ["db", "FQDN_cpu"], "totals": {"FQDN_cpu": "CPU-1"}}


def test_init_makes_everything_and_twice_changes_nothing(ctl, fleet):
    words = ("init", "--group", "web=host1.example.org,b", "--resource", "slots=3", "--resource", "db")
    assert_silent_yes(ctl(*words))
    assert data(fleet) == {"groups": {"web": ["host1.example.org", "b"]}, "resources": ["slots", "db"], "totals": {"slots": 3}}
    assert "lets everybody take locks" in ctl("init", "--protect").out
    assert fleet.list() == ["fleet", "jobs", "locks", "outputs", "queues", "runs", "semaphores", "stops", "waiters"]
    before = [(path, fleet.client.exists(path).mzxid) for path in fleet.all_nodes()]
    assert_silent_yes(ctl(*words))
    assert [(path, fleet.client.exists(path).mzxid) for path in fleet.all_nodes()] == before


def test_the_wrapper_reads_what_was_written(ctl, fleet):
    assert_silent_yes(ctl("init", "--group", "web=host1.example.org", "--resource", "slots"))
    run = fleet.run("-g", "web", "--lockname", "a", "--lease", "slots=1:1", "--", "echo", "ran")
    assert (run.code, run.out) == (0, "ran\n")


def test_the_wrapper_takes_the_declared_total(ctl, fleet):
    assert_silent_yes(ctl("resources", "add", "slots", "--total", "CPU*2"))
    assert fleet.run("--lockname", "a", "--lease", "slots=1", "--", "echo", "ran").out == "ran\n"


def test_ten_operators_edit_different_things_at_once(ctl, fleet):
    runs = [ctl.start("groups", "add", f"group-{n}", "a") for n in range(5)]
    runs += [ctl.start("resources", "add", f"resource-{n}") for n in range(5)]
    assert [run.wait() for run in runs] == [0] * 10
    assert len(data(fleet)["groups"]) == len(data(fleet)["resources"]) == 5


def test_what_is_no_pattern_is_refused_since_it_matches_nobody(ctl):
    assert_refused(ctl("groups", "add", "g", "web[12].example.org"), 64, "web[12].example.org", "* and ?")
