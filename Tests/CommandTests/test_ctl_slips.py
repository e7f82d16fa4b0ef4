"""Names, verbs and options that nobody knows: a warning, with the one that was probably meant."""

import pytest
from kazoo.security import make_acl

from Support.control import assert_refused, assert_silent_yes


def assert_warned(run, *mentions, code=0):
    """Done all the same, with one line of warning."""
    lines = run.err.splitlines()
    assert run.code == code and len(lines) == 1 and lines[0].startswith("switchmanctl: warning: "), run.err
    for mention in mentions:
        assert mention in lines[0], lines[0]
    return lines[0]


@pytest.fixture
def backup(fleet):
    assert fleet.run("--lockname", "backup", "--", "true").code == 0


@pytest.mark.parametrize("name, meant", [
    ("bakcup", "backup"), ("Backup", "backup"), ("backups", "backup"), ("nightly-report", None), ("x", None), ("backup-20", None)])
def test_a_job_that_nobody_has_run(ctl, fleet, backup, name, meant):
    for words, code in ((("pause", name), 0), (("status", name), 1)):
        line = assert_warned(ctl(*words), f'no run of "{name}" is known', code=code)
        assert line.endswith(f'; did you mean "{meant}"?' if meant else "is known"), line
    assert name in fleet.get(), "it is paused all the same"
    assert_silent_yes(ctl("resume", name))


@pytest.mark.parametrize("verb, said", [("history", "nothing is known of bakcup"), ("stop", "nobody holds the lock bakcup")])
def test_a_job_that_is_asked_for(ctl, fleet, backup, verb, said):
    assert_refused(ctl(verb, "bakcup"), 1, f'{said}; did you mean "backup"?')
    assert "did you mean" not in ctl(verb, "something-else").err
    # Nobody holds it, but it is one.
    assert "did you mean" not in ctl("stop", "backup").err


def test_a_job_that_is_known_by_its_lock_or_its_queue(ctl, fleet, backup):
    fleet.client.create(f"{fleet.prefix}/locks/held", b"h 1")
    fleet.client.create(f"{fleet.prefix}/waiters/awaited", b"", makepath=True)
    for name in ("held", "awaited", "backup"):
        assert_silent_yes(ctl("pause", name))
    fleet.client.delete(f"{fleet.prefix}/locks/held")


def test_where_nothing_is_known_nothing_is_said(ctl, fleet):
    assert_silent_yes(ctl("pause", "new"))
    assert ctl("status", "other").err == ""
    assert_silent_yes(ctl("drain", "h1"))
    assert_silent_yes(ctl("groups", "add", "web", "h1"))


def test_where_the_names_are_hidden_nothing_is_said(ctl, fleet, backup):
    jobs = f"{fleet.prefix}/jobs"
    fleet.client.set_acls(jobs, [make_acl("world", "anyone", admin=True)])
    try:
        assert_silent_yes(ctl("pause", "other"))
        assert_silent_yes(ctl("drain", "h7"))
    finally:
        fleet.client.set_acls(jobs, [make_acl("world", "anyone", all=True)])


def test_beside_originals_a_name_may_be_theirs(ctl, fleet, backup):
    mixed = fleet.config("mixed.conf", mixed_fleet=True, session_timeout=30)
    assert_warned(ctl("pause", "other", config=mixed), "an original's runs leave no record")


def test_a_strangers_name_hides_nothing(ctl, fleet):
    fleet.client.create(f"{fleet.prefix}/jobs/rep\u00adort", b"", makepath=True)
    assert_warned(ctl("pause", "report"), 'did you mean "rep?ort"?')
    fleet.client.delete(f"{fleet.prefix}/jobs/rep\u00adort")


def test_hosts_that_are_in_no_group_and_have_run_nothing(ctl, fleet, backup):
    fleet.prefix_data({"groups": {"web": ["web1.example.org", "inner"], "inner": ["db.example.org"]}})
    for known in ("web1.example.org", "db.example.org", "host1.example.org", "web?.example.org", "*"):
        assert_silent_yes(ctl("drain", known))
    assert_warned(ctl("drain", "web1.exmaple.org"), 'no host "web1.exmaple.org" is known; did you mean "web1.example.org"?')
    assert assert_warned(ctl("drain", "web7.example.org")).endswith("is known"), "another number is another host"
    assert_warned(ctl("drain", "web"), '"web" is a group here')
    assert_warned(ctl("drain", "guest*"), 'no host is known that "guest*" matches')


@pytest.mark.parametrize("group, member, mention", [
    ("wbe", "web2.example.org", 'group "wbe" is new; did you mean "web"?'),
    ("web", "web2.exmaple.org", 'no host of "exmaple.org" is known; did you mean "web2.example.org"?'),
    ("web", "inenr", '"inenr" is no group, and other hosts have a domain; did you mean "inner"?'),
])
def test_slips_in_a_group(ctl, fleet, group, member, mention):
    fleet.prefix_data({"groups": {"web": ["web1.example.org"], "inner": ["db.example.org"]}})
    assert_warned(ctl("groups", "add", group, member), mention)


@pytest.mark.parametrize("group, member", [
    ("web", "web2.example.org"), ("web", "cache.example.com.au"), ("web", "inner"), ("web", "x*"), ("web2", "web2.example.org"),
    ("databases", "db2.example.org")])
def test_what_is_new_in_a_group_is_no_slip(ctl, fleet, group, member):
    fleet.prefix_data({"groups": {"web": ["web1.example.org"], "inner": ["db.example.org"]}})
    assert_silent_yes(ctl("groups", "add", group, member))


@pytest.mark.parametrize("words, name, meant", [
    (("hold",), "databse", "database"), (("hold",), "other", None), (("remove",), "Database", "database"),
    (("remove",), "db", None),
    (("release",), "dtaabase", "database"), (("release",), "chache", None), (("hold",), "host1.example.org_cpu", None)])
def test_a_resource_that_nobody_knows(ctl, fleet, words, name, meant):
    fleet.resources("database", "cache", "web1_cpu", holds={"database": {}})
    run = ctl("resources", *words, name)
    assert_refused(run, 1, name)
    assert f'; did you mean "{meant}"?' in run.err if meant else "did you mean" not in run.err


def test_a_new_resource_that_is_nearly_called_as_another(ctl, fleet):
    fleet.resources("database")
    assert_warned(ctl("resources", "add", "databse", "--total", 3), 'resource "databse" is new; did you mean "database"?')
    for known in ("databse", "cache"):
        assert_silent_yes(ctl("resources", "add", known, "--total", 4))
    assert "databse" in fleet.get(), "it is added all the same"


@pytest.mark.parametrize("words, meant", [
    (("stauts",), "status"), (("puase", "a"), "pause"), (("groups", "remvoe", "web"), "remove"),
    (("resourcse", "list"), "resources")])
def test_a_verb(ctl, words, meant):
    assert_refused(ctl(*words), 64, f'; did you mean "{meant}"?')


def test_a_verb_of_a_stranger_is_not_taken_for_another(ctl):
    for words in (("frobnicate",), ("groups", "frobnicate"), ("status", "a", "b")):
        assert "did you mean" not in ctl(*words).err


def test_a_check(ctl):
    run = ctl("check", "crontba", "x")
    assert run.code == 3 and 'did you mean "crontab"?' in run.out


@pytest.mark.parametrize("word, meant", [
    ("--wiat", "--wait"), ("--lokname", "--lockname"), ("-lease-wiat", "--lease-wait"), ("--min-intervall=3", "--min-interval")])
def test_an_option_of_switchman(fleet, word, meant):
    run = fleet.bare(word, "5m", "true").finished()
    assert run.code == 64 and f"did you mean {meant}?" in run.err and len(run.err.splitlines()) == 1, run.err


def test_an_option_of_a_stranger(fleet):
    assert "did you mean" not in fleet.bare("--frobnicate", "true").finished().err
