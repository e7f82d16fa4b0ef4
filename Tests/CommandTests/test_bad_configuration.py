"""A configuration that is missing, malformed or of wrong types: 78, in one line that names the file or the key."""

import json
import os

import pytest

from Support.control import assert_refused
from Support.fleet import assert_one_line, assert_silent


def refuse(fleet, config, *mentions):
    assert_one_line(fleet.run("--lockname", "a", "--", "false", config=config), 78, *mentions)
    assert not fleet.client.exists(fleet.prefix)


def test_missing(fleet):
    refuse(fleet, "/no/such/switchman.conf", "/no/such/switchman.conf")


def test_a_directory(fleet):
    refuse(fleet, fleet.folder, fleet.folder)


@pytest.fixture(params=[False, True])
def silent_pipe(request, fleet):
    """A pipe that nobody writes to, or nobody to the end."""
    path = fleet.flag("pipe")
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR) if request.param else -1
    if request.param:
        os.write(held, b"{")
    yield path
    if request.param:
        os.close(held)


def test_a_pipe_that_does_not_end(fleet, silent_pipe):
    refuse(fleet, silent_pipe, silent_pipe, "pipe")


def test_a_pipe_that_does_not_end_keeps_no_operator(ctl, silent_pipe):
    assert_refused(ctl("status", config=silent_pipe), 78, silent_pipe, "pipe")


def test_a_device(fleet):
    refuse(fleet, "/dev/zero", "/dev/zero", "device")


def test_a_terminal_that_nobody_types_at(fleet):
    ends = os.openpty()
    path = os.ttyname(ends[1])
    refuse(fleet, path, path, "device")
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("script", [
    'exec "$0" --config <(cat "$2") "${@:3}"', 'exec "$0" --config <(sleep 1; head -c 9 "$2"; sleep 1; tail -c +10 "$2") "${@:3}"',
    'cat "$2" | "$0" --config /dev/stdin "${@:3}"', 'exec "$0" --config /dev/stdin "${@:3}" < "$2"',
])
def test_a_pipe_that_ends_is_as_good_as_a_file(fleet, script):
    assert_silent(fleet.run("--lockname", "a", "--", "true", prefixed=("bash", "-c", script)), 0)


@pytest.mark.parametrize("content", [
    "", "{", "prefix=/x", "[]", '"x"', "7", "null", "{} {}", '{"prefix": "/x",}', "{'prefix': '/x'}", b"\xff\xfe\x00",
    b"\x00" * 100, "[" * 100000,
])
def test_malformed(fleet, content):
    path = fleet.write("broken.conf", content)
    refuse(fleet, path, path)


@pytest.mark.parametrize("key", ["prefix", "zkhosts"])
def test_a_needed_key_is_absent(fleet, key):
    refuse(fleet, fleet.config(**{key: None}), key)


@pytest.mark.parametrize("key", ["prefix", "zkhosts"])
def test_null_counts_as_absent(fleet, key):
    settings = {**fleet.settings, key: None}
    refuse(fleet, fleet.write("null.conf", json.dumps(settings)), key)


@pytest.mark.parametrize("key, value", [
    ("prefix", 7), ("prefix", True), ("prefix", ["/x"]), ("prefix", {}),
    ("zkhosts", 7), ("zkhosts", ["127.0.0.1:2181"]), ("zkhosts", {}), ("zkhosts", ""), ("zkhosts", " , "),
    ("logfile", 7), ("logfile", []), ("loglevel", "loud"), ("loglevel", []), ("loglevel", {}),
    ("data_read_len", "x"), ("data_read_len", []), ("data_read_len", -1), ("data_read_len", 1.5),
    ("resources_wait_timeout", "x"), ("resources_wait_timeout", -1), ("resources_wait_timeout", []),
    ("resources_wait_timeout", "1.5s"),
    ("termination_timeout", "x"), ("termination_timeout", -1), ("termination_timeout", 1.5),
    ("termination_timeout", "1m30s"), ("termination_timeout", True),
    ("session_timeout", "x"), ("session_timeout", -1), ("session_timeout", 0), ("session_timeout", {}),
    ("session_timeout", "forever"),
    ("ownership_term", "x"), ("ownership_term", 0), ("ownership_term", -1), ("ownership_term", "forever"),
    ("ownership_term", 1e30), ("ownership_term", 99999999999999999999),
    ("connect_timeout", "x"), ("connect_timeout", -1), ("connect_timeout", "99999999999999999999"),
    ("mixed_fleet", "yes"), ("mixed_fleet", 1), ("mixed_fleet", []),
    ("server_tick", "x"), ("server_tick", -1),
    ("fqdn", 7), ("fqdn", []),
    ("log_format", "xml"), ("log_format", "JSON"), ("log_format", 7), ("log_format", {}),
    ("syslog", 7), ("syslog", []), ("syslog", "loud"), ("syslog", "kern"), ("syslog", "cron:"), ("syslog", "cron:dev/log"),
    ("syslog", ":/dev/log"), ("syslog", "loud:/dev/log"), ("syslog", "/" + "x" * 107),
])
def test_a_wrong_type_or_value_names_the_key(fleet, key, value):
    refuse(fleet, fleet.config(**{key: value}), key)


@pytest.mark.parametrize("prefix", [
    "/", "", "noslash", "fleet/x", "//", "//x", "/x//y", "/x//", "/x/./y", "/x/../y", "/.", "/..", "/x\ny", "/x\0y",
])
def test_a_bad_prefix(fleet, prefix):
    refuse(fleet, fleet.config(prefix=prefix), "prefix")


@pytest.mark.parametrize("hosts", [
    "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:port", "127.0.0.1:2181:2181", ":2181", "127.0.0.1:-1",
    "127.0.0.1:2181,:", "127.0.0.1:2181/a//b", "127.0.0.1:", "host name:2181",
])
def test_hosts_that_cannot_be(fleet, hosts):
    refuse(fleet, fleet.config(zkhosts=hosts), "zkhosts")


def test_a_bad_value_in_the_environment_names_the_variable(fleet):
    run = fleet.run("--lockname", "a", "--", "false", env={"SWITCHMAN_SESSION_TIMEOUT": "x"})
    assert_one_line(run, 78)
    assert "SWITCHMAN_SESSION_TIMEOUT" in run.err or "session_timeout" in run.err


def test_an_unknown_key_is_named_with_the_nearest_known_and_nothing_more(fleet):
    config = fleet.config(sesion_timeout=5)
    run = fleet.run("--verbose", "--lockname", "a", "--", "true", config=config)
    assert run.code == 0
    line = next(line for line in run.err.splitlines() if "sesion_timeout" in line)
    assert "session_timeout" in line.replace("sesion_timeout", "")


@pytest.mark.parametrize("key, meant", [
    ("TLS", "tls"), ("tls_ca_file", "tls"), ("ssl", "tls"), ("certificate", "tls"), ("auht", "auth"), ("Auth", "auth"),
    ("acls", "acl"),
])
def test_a_misspelt_key_that_would_protect_is_refused(fleet, ctl, key, meant):
    """Another unknown key is a warning; with one of these, runs would go on in the open."""
    config = fleet.config(**{key: "/etc/switchman/file"})
    refuse(fleet, config, config, f'unknown key "{key}"; did you mean "{meant}"?', "protects nothing")
    assert_refused(ctl("status", config=config), 78, config, f'did you mean "{meant}"?')
    told = ctl("check", "config", config)
    assert told.code == 2 and f'did you mean "{meant}"?' in told.out


def test_a_misspelt_variable_that_would_protect_is_refused(fleet):
    run = fleet.run("--lockname", "a", "--", "false", env={"SWITCHMAN_AUTH_FILE": "/etc/switchman/auth"})
    assert_one_line(run, 78, "environment variable SWITCHMAN_AUTH_FILE", 'did you mean "auth"?')


@pytest.mark.parametrize("changes", [
    {"session_timeout": "6"}, {"session_timeout": "6s"}, {"ownership_term": "1m"}, {"termination_timeout": "2"},
    {"resources_wait_timeout": 0}, {"resources_wait_timeout": "0"}, {"resources_wait_timeout": "forever"},
    {"data_read_len": "32768"}, {"loglevel": "critical"}, {"loglevel": "err"}, {"loglevel": 3}, {"loglevel": "4"},
    {"logfile": ""}, {"mixed_fleet": False}, {"connect_timeout": "1h"}, {"log_format": "text"},
    {"syslog": False}, {"syslog": "0"},
])
def test_what_is_accepted(fleet, changes):
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(**changes))
    assert (run.code, run.out) == (0, ""), run.err


def test_null_is_as_good_as_absent(fleet):
    settings = {**fleet.settings, "loglevel": None, "logfile": None, "termination_timeout": None, "fqdn": None}
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.write("c", json.dumps(settings))), 0)


def test_hosts_may_have_spaces_and_a_trailing_slash(fleet):
    for hosts in (f"{fleet.address}, {fleet.address}", f"{fleet.address}/", f" {fleet.address} ,{fleet.address}/"):
        assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(zkhosts=hosts)), 0)


def test_a_trailing_slash_of_the_prefix_is_accepted(fleet):
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(prefix=fleet.prefix + "/")), 0)
    assert fleet.record("a")["state"] == "ended"


def test_a_chroot_suffix_is_accepted(fleet):
    fleet.client.ensure_path(f"{fleet.prefix}/root")
    config = fleet.config(zkhosts=f"{fleet.address}{fleet.prefix}/root", prefix="/inner")
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=config), 0)
    assert "ended" in fleet.get("root", "inner", "jobs", "a")


def test_the_environment_comes_before_the_file(fleet):
    config = fleet.config(zkhosts="127.0.0.1:1")
    environment = {"SWITCHMAN_ZKHOSTS": fleet.address}
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=config, env=environment), 0)


def test_the_environment_can_name_the_file(fleet):
    run = fleet.bare("--lockname", "a", "--", "true", env={"SWITCHMAN_CONFIG": fleet.config()}).finished()
    assert_silent(run, 0)


def test_the_option_comes_before_the_environment(fleet):
    environment = {"SWITCHMAN_CONFIG": "/no/such/switchman.conf"}
    assert_silent(fleet.run("--lockname", "a", "--", "true", env=environment), 0)


def test_a_nested_prefix_is_created_with_its_parents(fleet):
    prefix = f"{fleet.prefix}/deep/er"
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(prefix=prefix)), 0)
    assert fleet.get("deep", "er") == "{}"


@pytest.mark.parametrize("text, is_begun", [
    ('{"prefix": "/p", "zkhosts": "zk1:2181",}', True), ("", False), ("prefix = /p", False)])
def test_settings_that_somebody_has_written_are_to_be_mended(fleet, text, is_begun):
    run = fleet.run("--lockname", "a", "--", "false", config=fleet.write("broken.conf", text))
    assert_one_line(run, 78, "broken.conf", "correct it")
    assert ("starting from" in run.err) != is_begun, run.err
