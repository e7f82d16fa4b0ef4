"""Names, verbs and options that nobody knows: a warning, with the one that was probably meant."""

import re
import shutil

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


@pytest.mark.parametrize("code", [-3, -125])
def test_where_the_names_cannot_be_read_it_is_paused_all_the_same(ctl, fleet, backup, proxy, code):
    proxy.on_request = lambda one: code if one.name.startswith("getChildren") else None
    assert_silent_yes(ctl("pause", "bakcup", config=fleet.config("behind.conf", zkhosts=proxy.address)))
    assert '"paused":["bakcup"]' in fleet.get()


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


@pytest.mark.parametrize("words, mention", [
    (("groups", "add", "web", "web1.example.org", "web2.exmaple.org"), 'did you mean "web2.example.org"?'),
    (("groups", "add", "web", "HOST1.example.org"), 'capitals count in names; did you mean "host1.example.org"?'),
    (("init", "--group", "web=web1.example.org", "--group", "db=db1.exmaple.org"), 'did you mean "db1.example.org"?'),
])
def test_slips_beside_hosts_that_only_ran_something(ctl, fleet, backup, words, mention):
    assert_warned(ctl(*words), mention)


@pytest.mark.parametrize("words, mention", [
    (("groups", "add", "g2", "ww1.test.org", "ww2.tset.org"), 'nearly the same; did you mean "ww2.test.org"?'),
    (("init", "--group", "a=ww1.test.org", "--group", "b=ww2.tset.org"), 'nearly the same; did you mean "ww2.test.org"?'),
    (("groups", "add", "g2", "ww1.test.org", "WW2.test.org"), 'did you mean "ww2.test.org"?'),
])
def test_slips_in_one_command_where_nothing_is_known(ctl, fleet, words, mention):
    assert_warned(ctl(*words), mention)
    assert "ww2" in fleet.get().lower(), "added all the same"


def test_slips_where_the_names_are_hidden(ctl, fleet, backup):
    """What the groups say is said, and what is in the records is not."""
    fleet.prefix_data({"groups": {"web": ["web1.test.org"]}})
    jobs = f"{fleet.prefix}/jobs"
    fleet.client.set_acls(jobs, [make_acl("world", "anyone", admin=True)])
    try:
        assert_silent_yes(ctl("groups", "add", "web", "web1.exmaple.org"))
        assert_warned(ctl("groups", "add", "web", "web2.tset.org"), 'did you mean "web2.test.org"?')
    finally:
        fleet.client.set_acls(jobs, [make_acl("world", "anyone", all=True)])


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
    (("resume", "nigthly"), "nightly"), (("resume", "nightly", "bakcup"), "backup"),
    (("undrain", "web1.exmaple.org"), "web1.example.org"), (("groups", "show", "wbe"), "web"), (("groups", "remove", "wbe"), "web"),
    (("groups", "remove", "web", "dv1"), "db1"), (("groups", "show", "other"), None), (("resume", "other"), None),
    (("undrain", "other"), None), (("groups", "remove", "web", "x"), None)])
def test_a_refusal_says_what_was_meant(ctl, fleet, words, meant):
    fleet.prefix_data({"groups": {"web": ["db1"]}, "paused": ["nightly", "backup"], "drained": ["web1.example.org"]})
    before = fleet.get()
    run = ctl(*words)
    assert_refused(run, 1, words[-1])
    assert run.err.rstrip().endswith(f'; did you mean "{meant}"?') if meant else "did you mean" not in run.err, run.err
    assert fleet.get() == before


@pytest.mark.parametrize("words, meant", [
    (("stauts",), "status"), (("puase", "a"), "pause"), (("groups", "remvoe", "web"), "remove"),
    (("resourcse", "list"), "resources")])
def test_a_verb(ctl, words, meant):
    assert_refused(ctl(*words), 64, f'; did you mean "{meant}"?')


@pytest.mark.parametrize("words, meant", [
    (("unpause", "x"), "resume"), (("kill", "hang"), "stop"), (("log", "x"), "output"), (("logs",), "output"),
    (("list",), "status"), (("ls",), "status"), (("locks",), "status"), (("version",), "--version"), (("uncordon", "h"), "undrain"),
    (("enable", "x"), "resume"), (("disable", "x"), "pause"), (("gc",), "tidy"), (("why", "x"), "explain"),
    (("groups", "ls"), "list"), (("groups", "rm", "web"), "remove"), (("resources", "pause", "db"), "hold"),
    (("resources", "resume", "db"), "release"), (("fleet", "rollback"), "undo"), (("fleet", "get"), "show")])
def test_the_word_of_another_tool(ctl, words, meant):
    word = words[1] if words[0] in ("groups", "resources", "fleet") else words[0]
    run = ctl(*words)
    assert_refused(run, 64, f'no verb "{word}"; did you mean "{meant}"?')
    parent = () if word == words[0] else words[:1]
    assert meant.startswith("--") or ctl(*parent, meant, "--help").code == 0, "what is proposed is there"


@pytest.mark.parametrize("words", [
    ("frobnicate", "a", "b"), ("groups", "frobnicate", "a"), ("-c", "/x", "frobnicate"), ("--json", "frobnicate")])
def test_a_verb_that_there_is_not(ctl, words):
    assert_refused(ctl(*words), 64, 'no verb "frobnicate" (see switchmanctl')


@pytest.mark.parametrize("word, meant", [("cron", "crontab"), ("conf", "config"), ("servers", "ensemble"), ("frobnicate", None)])
def test_a_check_that_there_is_not(ctl, word, meant):
    run = ctl("check", word, "x", "y")
    assert run.code == 3 and f'there is no check "{word}"' in run.out, run.out
    assert f'; did you mean "{meant}"?' in run.out if meant else "did you mean" not in run.out


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


@pytest.mark.parametrize("word", ["--frobnicate", "-y", "--y"])
def test_an_option_of_a_stranger(fleet, word):
    err = fleet.bare(word, "--", "true").finished().err
    assert f"unknown option {word}" in err and "did you mean" not in err, err


def test_an_outcome(fleet):
    run = fleet.bare("--exit-code", "loked=3", "true").finished()
    assert run.code == 64 and run.err.endswith('unknown outcome "loked"; did you mean "locked"?\n'), run.err
    run = fleet.bare("--exit-code", "frobnicated=3", "true").finished()
    assert run.code == 64 and "it must be one of" in run.err, run.err


def test_a_group_and_a_resource_of_a_run(fleet):
    fleet.prefix_data({"groups": {"web": ["h"]}, "resources": ["database"]})
    for options, sentence in (
            (("-g", "wbe"), 'group "wbe" is not described (there are web); did you mean "web"? If not, add its hosts: '),
            (("--lease", "databse=1:4"), 'did you mean "database"? If not, declare it: switchmanctl resources add databse')):
        run = fleet.run(*options, "--", "true")
        assert run.code == 65 and sentence in run.err, run.err
    assert "did you mean" not in fleet.run("-g", "others", "--", "true").err


@pytest.mark.parametrize("words, mention", [
    (("-n", "/tmp/x.lock", "true"), "does not wait by default: leave out -n and the lock file"),
    (("--nonblock", "/tmp/x.lock", "true"), "leave out --nonblock and the lock file"),
    (("-x", "/tmp/x.lock", "true"), "leave out -x and the lock file"),
    (("-s", "/tmp/x.lock", "true"), "--lease RESOURCE=1:TOTAL"), (("-o", "/tmp/x.lock", "true"), "--descendants leave"),
    (("-F", "/tmp/x.lock", "true"), "leave it out"), (("-u", "9"), "leave it out"),
])
def test_an_option_of_flock(fleet, words, mention):
    run = fleet.bare(*words).finished()
    assert run.code == 64 and len(run.err.splitlines()) == 1, run.err
    assert words[0] in run.err and "flock" in run.err and mention in run.err, run.err


def test_a_verb_of_switchmanctl_behind_switchman(ctl, fleet):
    """It is a command that is not there: which program was meant is said, for each verb."""
    verbs = re.findall(r"^  (\w+) ", ctl("--help").out.partition("SUBCOMMANDS:\n")[2].partition("\n\n")[0], re.M)
    verbs = [verb for verb in verbs if not shutil.which(verb)]
    assert len(verbs) >= 15 and "status" in verbs
    for verb in verbs:
        run = fleet.run("--no-lock", verb)
        assert run.code == 127 and run.err.endswith(f"; did you mean switchmanctl {verb}?\n"), run.err
    for word in ("frobnicate", "/no/such/status"):
        assert "did you mean" not in fleet.run("--no-lock", word).err
