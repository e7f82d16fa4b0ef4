"""switchmanctl's command line: one line for a mistake, the code that says whose mistake it is."""

import os
import re
import shlex
import signal

import pytest
from kazoo.security import make_acl

from Support.control import assert_refused
from Support.holder import Holder


@pytest.mark.parametrize("words, mention", [
    ((), "no verb"),
    (("frobnicate",), "frobnicate"),
    (("--frobnicate",), "--frobnicate"),
    (("status", "--frobnicate"), "--frobnicate"),
    (("status", "-c"), "-c"),
    (("status", "a", "\x1b[2Jb"), "?[2Jb"),
])
def test_a_mistake_is_one_line_and_64(ctl, words, mention):
    assert_refused(ctl(*words), 64, mention)


def test_a_missing_configuration_is_78(ctl, fleet):
    assert_refused(ctl("status", "-c", f"{fleet.folder}/none"), 78, "none: no such configuration file")


def test_an_option_names_another_configuration_than_the_environment(ctl, fleet):
    right = fleet.config("right.conf")
    assert ctl("status", "-c", right, env={"SWITCHMAN_CONFIG": f"{fleet.folder}/none"}).code == 0


@pytest.mark.parametrize("words", [
    ["-c", "FILE", "--json", "groups", "list"], ["--config", "FILE", "groups", "list", "--json"],
    ["--config=FILE", "--json", "groups", "list"], ["-cFILE", "groups", "list", "--json"]], ids=" ".join)
def test_options_of_all_verbs_may_stand_before_the_verb(ctl, fleet, words):
    right = fleet.config("right.conf")
    run = ctl(*(word.replace("FILE", right) for word in words), env={"SWITCHMAN_CONFIG": f"{fleet.folder}/none"})
    assert (run.code, run.out) == (0, '{"groups":{}}\n')


def test_options_before_a_verb_that_is_none(ctl):
    assert_refused(ctl("-c", "/etc/none", "stauts"), 64, 'did you mean "status"?')
    assert ctl("-c", "/etc/none", "check", "config").code == 3, "as a check answers"
    assert_refused(ctl("-c"), 64, "-c")


def test_no_server_is_69_within_the_connect_timeout(ctl, fleet):
    away = fleet.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_refused(ctl("status", config=away, within=10), 69, "127.0.0.1:1", "within 1 s")


def test_prefix_data_that_is_none_is_65(ctl, fleet):
    fleet.prefix_data("[1]")
    assert_refused(ctl("groups", "list"), 65, fleet.prefix, "must be an object")


def test_what_zookeeper_does_not_allow_is_77(ctl, fleet):
    fleet.client.ensure_path(fleet.prefix)
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", admin=True)])
    try:
        for words in (("status",), ("pause", "a"), ("groups", "list")):
            assert_refused(ctl(*words), 77, fleet.prefix)
    finally:
        fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", all=True)])


def test_servers_that_lose_the_connection_are_asked_again(ctl, fleet, proxy):
    holder = Holder(fleet.client, fleet.prefix, "backup")
    through = fleet.config("through.conf", zkhosts=proxy.address, connect_timeout=5)
    stop = ctl.start("stop", "backup", config=through)
    holder.asked()
    proxy.cut()
    assert stop.running
    holder.release()
    assert stop.wait() == 0 and "outcome released" in stop.out


def test_a_full_disk_under_standard_output_is_71(ctl):
    with open("/dev/full", "wb") as full:
        run = ctl("status", stdout=full)
    assert (run.code, run.err) == (71, "switchmanctl: standard output: No space left on device\n")


@pytest.mark.parametrize("words", [
    ("--help",), ("status", "--help"), ("--version",), ("status", "--json"), ("history", "--json"), ("groups", "list"),
    ("--generate-completion-script", "bash"),
])
def test_whatever_is_printed_to_a_full_disk_is_71(ctl, words):
    with open("/dev/full", "wb") as full:
        run = ctl(*words, stdout=full)
    assert (run.code, run.err) == (71, "switchmanctl: standard output: No space left on device\n")


def test_a_check_that_cannot_be_told_is_unknown(ctl):
    with open("/dev/full", "wb") as full:
        run = ctl("check", "config", stdout=full)
    assert (run.code, run.err) == (3, "switchmanctl: standard output: No space left on device\n")


def test_standard_output_that_is_closed_is_no_other_file_of_ours(ctl):
    run = ctl("status", preexec_fn=lambda: os.close(1))
    assert (run.code, run.err) == (71, "switchmanctl: standard output: Bad file descriptor\n")


@pytest.mark.parametrize("words", [("--help",), ("status",), ("check", "config")])
@pytest.mark.parametrize("disposition, code", [(signal.SIG_DFL, -signal.SIGPIPE), (signal.SIG_IGN, 128 + signal.SIGPIPE)])
def test_a_reader_that_is_gone_is_no_news(ctl, words, disposition, code):
    reader, writer = os.pipe()
    os.close(reader)
    run = ctl(*words, stdout=writer, restore_signals=False, preexec_fn=lambda: signal.signal(signal.SIGPIPE, disposition))
    os.close(writer)
    assert (run.code, run.err) == (code, "")


@pytest.mark.parametrize("words", [("--help",), ("status", "--help"), ("help", "status")])
def test_help_goes_to_standard_output(ctl, words):
    run = ctl(*words)
    assert (run.code, run.err) == (0, "") and "USAGE: switchmanctl" in run.out


def examples(ctl, *parents):
    """The last line of the help of each verb, by its words."""
    shown = ctl(*parents, "--help").out
    if parents:
        yield parents, shown.splitlines()[-1]
    for name in re.findall(r"^  ([a-z]+) ", shown.partition("SUBCOMMANDS:")[2], re.M):
        yield from examples(ctl, *parents, name)


def test_each_verbs_help_ends_with_an_example_that_is_understood(ctl, fleet):
    """Without a configuration no verb comes further than to its arguments; the sandbox needs none."""
    found = dict(examples(ctl))
    assert len(found) >= 36
    # What a job finds in its environment.
    job = {"SWITCHMAN_LOCK_PATH": "/x/locks/a", "SWITCHMAN_FENCING_TOKEN": "7", "SWITCHMAN_SESSION_ID": "a"}
    # What an example reads first, and what another runs.
    here = {"fleet.json": fleet.write("fleet.json", "{}"), "/usr/share/doc/switchman/examples/first-steps": "true"}
    for verb, line in found.items():
        assert line.startswith(f"EXAMPLE: switchmanctl {' '.join(verb)}"), (verb, line)
        words = shlex.split(re.split(" > | [|]{2} ", line.removeprefix("EXAMPLE: switchmanctl "))[0])
        words = [here.get(word, word) for word in words]
        run = ctl(*words, config=f"{fleet.folder}/none", env=job)
        assert run.code in ((0,) if verb == ("sandbox",) else (1, 2, 3) if verb[0] == "check" else (78,)), (line, run.code, run.err)
        assert "--help)" not in run.out + run.err, (line, run.out, run.err)


def test_of_the_whole_no_example_is_told_and_of_a_verb_the_same_by_its_other_help(ctl):
    assert "EXAMPLE" not in ctl("--help").out + ctl("--version").out
    assert ctl("help", "groups", "add").out == ctl("groups", "add", "--help").out == ctl("groups", "add", "-h").out


def test_both_programs_are_of_one_version(ctl, fleet):
    assert ctl("--version").out.split()[1] == fleet.bare("--version").finished().out.split()[1]
