"""`switchmanctl check config`: what a run would say of its configuration, before it is installed, and without a server."""

import itertools
import json
import re

import pytest

from Support.verdict import assert_one_line, assert_says


def check(ctl, *words, **options):
    return ctl("check", "config", *words, **options)


@pytest.fixture
def offline(fleet):
    """A configuration whose server is nowhere."""
    return lambda **changes: fleet.config("other.conf", **{"zkhosts": "no-such-host.invalid:2181", **changes})


def test_a_good_file_is_fine_without_a_server(ctl, fleet, offline):
    assert_one_line(check(ctl, offline()), "OK", "config", f"prefix {fleet.prefix} at no-such-host.invalid:2181")


@pytest.mark.parametrize("changes", [
    {"session_timeout": "x"}, {"prefix": "noslash"}, {"prefix": None}, {"zkhosts": None}, {"zkhosts": "a:0"}, {"zkhosts": "a/b//c"},
    {"mixed_fleet": True, "session_timeout": 5}, {"fqdn": "a b"}, {"ownership_term": "forever"}, {"loglevel": "loud"},
])
def test_an_error_is_the_runs_own_line(ctl, fleet, offline, changes):
    path = offline(**changes)
    run = fleet.run("--lockname", "a", "--", "true", config=path)
    assert run.code == 78
    assert_one_line(check(ctl, path), "CRITICAL", "config", path, run.err.removeprefix("switchman: ").strip())


BROKEN = {"prefix": None, "prefx": "/x", "zkhosts": "a:0", "loglevel": "loud", "hooks": {"fail": "x"}, "session_timeout": 0,
          "mixed_fleet": True, "fqdn": "a b", "tls": 5, "acl": "creator", "auth": "digest:team:word"}


def test_all_errors_are_told_and_a_run_tells_the_first(ctl, fleet, offline):
    """But for those that may be gone once another is mended: of a mixed fleet's times, and of who a run is to the servers."""
    path = offline(**BROKEN)
    said = check(ctl, path)
    lines = said.out.splitlines()
    assert (said.code, lines[0].split()[0]) == (2, "CRITICAL:")
    keys = ["prefix", "zkhosts", "loglevel", "hooks", "session_timeout", "fqdn", "tls", "auth", "acl"]
    assert [re.search(r'key "(\w+)"', line)[1] for line in lines] == [*keys, "prefx"]
    assert all(line.startswith("critical: ") for line in lines[1:9]) and lines[9].startswith("warning: "), lines
    run = fleet.run("--lockname", "a", "--", "true", config=path)
    first = lines[0].removeprefix("CRITICAL: config: ")
    assert (run.code, run.err) == (78, f"switchman: {first} (and 8 more; switchmanctl check config {path} lists them)\n")


def test_the_command_that_lists_them_lists_them(ctl, fleet, offline):
    """Also those of the environment."""
    environment = {"SWITCHMAN_CONNECT_TIMEOUT": "x"}
    said = ctl("status", config=offline(loglevel="loud"), env=environment)
    assert said.code == 78 and 'key "loglevel"' in said.err
    command = re.search(r"\(and 1 more; switchmanctl (.*) lists them\)$", said.err.strip())[1]
    assert_says(ctl(*command.split(), env=environment), "CRITICAL", "config", 'key "loglevel"', "SWITCHMAN_CONNECT_TIMEOUT")


def test_all_errors_are_there_for_programs(ctl, offline):
    found = ctl.json("check", "config", offline(loglevel="loud", fqdn="a b"), code=2)["findings"]
    assert [one["severity"] for one in found] == ["critical"] * 2 and "fqdn" in found[1]["message"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{'prefix': '/x'}", b"\xff\xfe\x00", "\x1b[2J"])
def test_what_is_no_json(ctl, fleet, content):
    path = fleet.write("broken.conf", content)
    assert_one_line(check(ctl, path), "CRITICAL", "config", path)


@pytest.mark.parametrize("variable, meant", [
    ("SWITCHMAN_ZKHOST", "SWITCHMAN_ZKHOSTS"), ("SWITCHMAN_PREFX", "SWITCHMAN_PREFIX"), ("SWITCHMAN_CONFG", "SWITCHMAN_CONFIG"),
    ("SWITCHMAN_LOKNAME", None)])
def test_an_unknown_variable(ctl, fleet, offline, variable, meant):
    """The file's servers are asked, and not those that were meant."""
    hint = f'; did you mean "{meant}"?' if meant else ""
    said = check(ctl, "--environment", offline(), env={variable: "x"})
    assert_one_line(said, "WARNING", "config", f"environment variable {variable} sets no key{hint}")
    assert_one_line(check(ctl, offline(), env={variable: "x"}), "OK", "config")
    assert fleet.run("--lockname", "a", "--", "true", env={variable: "x"}).err == "", "it may be somebody else's"


def test_what_a_run_and_its_hooks_are_told_sets_no_key_and_is_no_slip(ctl, fleet, tmp_path):
    said = tmp_path / "said"
    words = f"{ctl.program} check config --environment {fleet.config('plain.conf')}"
    path = fleet.config("hooked.conf", hooks={"failed": f"{words} > {said} 2>&1"})
    options = ("--lease", "r=1:4", "--once-per", "hour", "--lockname", "a")
    fleet.resources("r")
    run = fleet.run(*options, "--", "sh", "-c", f"{words}; exit 1", config=path)
    for text in (run.out, said.read_text()):
        assert text.startswith("OK: ") and len(text.splitlines()) == 1, text


def test_a_misspelt_key_that_would_protect_is_told_once(ctl, offline):
    assert_one_line(check(ctl, offline(auht="/a")), "CRITICAL", "config", 'unknown key "auht"; did you mean "auth"?')


def test_an_unknown_key_is_a_warning_and_strictly_an_error(ctl, offline):
    path = offline(sesion_timeout=5)
    for words, status in ((), "WARNING"), (("--strict",), "CRITICAL"):
        assert_one_line(check(ctl, *words, path), status, "config", 'unknown key "sesion_timeout"; did you mean "session_timeout"?')


def test_all_warnings_are_told(ctl, offline):
    run = check(ctl, offline(foo=1, logfile="run.log", zkhosts="a:1,a:1", connect_timeout=0, termination_timeout=60))
    assert_says(run, "WARNING", "config", "unknown key", '"logfile" is "run.log"', "a:1 twice", '"connect_timeout" is 0',
                "less than termination_timeout (60 s)")
    assert len(run.out.splitlines()) == 5


@pytest.mark.parametrize("number, name", [(0, "debug"), ("1", "info"), (3, "warning"), (7, "debug")])
def test_a_log_level_that_is_a_number_is_a_warning(ctl, fleet, offline, number, name):
    """It means the opposite to the original, which may read the same file."""
    path = offline(loglevel=number)
    said = (f'key "loglevel" is {number}', f'"{name}" is used', "write the level's name")
    assert_one_line(check(ctl, path), "WARNING", "config", *said)
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(loglevel=number))
    assert run.code == 0 and 'key "loglevel"' in run.err and len(run.err.splitlines()) == 1


def test_the_defaults_are_without_a_warning(ctl, fleet):
    path = fleet.write("small.conf", json.dumps({"prefix": "/x", "zkhosts": "a"}))
    assert_one_line(check(ctl, path), "OK", "config", "a:2181")


def test_the_environment_counts_only_when_asked_for(ctl, offline):
    environment = {"SWITCHMAN_ZKHOSTS": "elsewhere:1", "SWITCHMAN_SESSION_TIMEOUT": "x"}
    assert_one_line(check(ctl, offline(), env=environment), "OK", "config", "no-such-host")
    assert_one_line(check(ctl, "--environment", offline(), env=environment), "CRITICAL", "config", "SWITCHMAN_SESSION_TIMEOUT")
    del environment["SWITCHMAN_SESSION_TIMEOUT"]
    assert_one_line(check(ctl, "--environment", offline(), env=environment), "OK", "config", "elsewhere:1")


def test_without_a_file_it_is_the_one_that_the_environment_names(ctl, offline):
    assert_one_line(check(ctl, config=offline()), "OK", "config", "no-such-host")
    assert_one_line(check(ctl, config="/no/such"), "CRITICAL", "config", "/no/such: no such configuration file")


def test_files_that_cannot_be_read(ctl, fleet):
    assert_one_line(check(ctl, "/no/such"), "CRITICAL", "config", "/no/such: no such configuration file")
    assert_one_line(check(ctl, fleet.folder), "CRITICAL", "config", "cannot be read")


def test_json(ctl, offline):
    said = ctl.json("check", "config", offline(foo=1), code=1)
    assert (said["status"], said["facts"]["servers"]) == ("warning", ["no-such-host.invalid:2181"])
    assert "facts" not in ctl.json("check", "config", "/no/such", code=2)


@pytest.mark.parametrize("words, mention", [(("a", "b"), "b"), (("--frobnicate",), "--frobnicate")])
def test_bad_input_is_unknown_and_3(ctl, words, mention):
    assert_one_line(check(ctl, *words), "UNKNOWN", "config", mention)


@pytest.mark.parametrize("changes, words", [
    ({"metrics_directory": "/nowhere"}, "/nowhere"), ({"logfile": "/nowhere/log"}, "/nowhere/log"),
    ({"logfile": "/proc/self/log"}, "/proc/self/log"), ({"syslog": "cron:/nowhere/log"}, "/nowhere/log"),
    ({"server_tick": 4}, "taken as 4000 ms; write the servers' tickTime"),
    ({"mixed_fleet": True, "session_timeout": 12, "ownership_term": 120, "termination_timeout": 10}, "1.7 s is left"),
    # By the hair that one of three spellings of the formula did not see.
    ({"mixed_fleet": True, "session_timeout": 12, "ownership_term": 120, "termination_timeout": 3}, "1.7 s is left"),
    ({"mixed_fleet": True, "session_timeout": 9, "ownership_term": 30, "termination_timeout": 1}, "0.3 s is left"),
], ids=str)
def test_it_warns_of_what_each_run_would_warn_of(ctl, fleet, changes, words):
    path = fleet.config("doubtful.conf", **changes)
    run = fleet.run("--verbose", "--lockname", "a", "--", "true", config=path)
    assert run.code == 0 and words in run.err
    assert_says(check(ctl, path), "WARNING", "config", words)


def test_it_warns_of_a_log_that_is_somebody_elses(ctl, fleet, tmp_path):
    log = tmp_path / "log"
    log.touch(0o644)
    path = fleet.config("theirs.conf", logfile=str(log))
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    other = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    assert_says(ctl("check", "config", path, prefixed=other), "WARNING", "config", "this user may not write to on this host")


@pytest.mark.parametrize("mixed", [{}, {"mixed_fleet": True}], ids=str)
@pytest.mark.parametrize("session, term, grace", itertools.product((9, 12, 30), (5, 12, 30), (0, 1, 5, 10)))
def test_the_grace_is_a_runs_own_words(ctl, fleet, session, term, grace, mixed):
    path = fleet.config("grace.conf", session_timeout=session, ownership_term=term, termination_timeout=grace, **mixed)
    told = [line.partition("if ownership is lost, ")[2] for line in (
        *fleet.run("--verbose", "--lockname", "a", "--", "true", config=path).err.splitlines(),
        *check(ctl, path).out.splitlines()) if "if ownership is lost" in line]
    assert len(told) in (0, 2) and len(set(told)) == min(1, len(told)), told
