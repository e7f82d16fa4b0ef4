"""Options end at the first word that is not one; the original's options after the command are refused."""

import os
import re
import signal

import pytest

from Support import manual
from Support.fixtures import ROOT
from Support.fleet import assert_one_line, assert_silent

OPTIONS = manual.options()


@pytest.mark.parametrize("words", [
    ["--lockname", "other"], ["--lockname=other"], ["--lease", "r=1:1"], ["--lease=r=1:1"], ["--group", "g"],
    ["--group=g"], ["--config", "x"], ["--config=x"], ["--no-lock"], ["--nolock"],
])
def test_the_originals_options_after_the_command_are_refused(fleet, words):
    run = fleet.run("--lockname", "a", "true", "x", *words)
    assert_one_line(run, 64, words[0].split("=")[0], "--")
    fleet.assert_no_trace()


@pytest.mark.parametrize("words", [
    ["--lockname", "other"], ["--lease=r=1:1"], ["--no-lock"], ["--config", "x"], ["--group=g"],
])
def test_after_two_dashes_they_are_the_commands(fleet, words):
    run = fleet.run("--lockname", "a", "--", "echo", *words)
    assert (run.code, run.out, run.err) == (0, " ".join(words) + "\n", "")


@pytest.mark.parametrize("words", [
    ["--help"], ["-v"], ["-c", "x"], ["-g", "x"], ["--verbose"], ["-E", "9"], ["--", "x"], ["--lock"], ["--locknames"],
])
def test_other_words_after_the_command_are_passed_on(fleet, words):
    run = fleet.run("--lockname", "a", "echo", "x", *words)
    assert (run.code, run.out, run.err) == (0, " ".join(["x", *words]) + "\n", "")


def test_a_shell_takes_its_own_options(fleet):
    run = fleet.run("--lockname", "a", "bash", "-c", "echo $0", "--help")
    assert (run.code, run.out, run.err) == (0, "--help\n", "")


@pytest.mark.parametrize("words", [
    [], ["--"], ["--lockname", "a"], ["--lockname", "a", "--"], ["--nonsense", "--", "true"], ["-x", "true"],
    ["--lockname"], ["-g"], ["--lease-wait", "1.5", "--", "true"], ["--lease-wait", "1m30s", "--", "true"],
    ["--lease-wait", "-1", "--", "true"], ["--lease-wait", "soon", "--", "true"], ["--lease-wait", "", "--", "true"],
    ["--lease-wait", "99999999999999999999", "--", "true"],
    ["--descendants", "shoot", "--", "true"], ["--no-lock=1", "--", "true"], ["-g", "", "--", "true"],
    ["--verbose=3", "--", "true"],
])
def test_refused(fleet, words):
    run = fleet.run(*words)
    assert_one_line(run, 64)
    fleet.assert_no_trace()


def test_refused_before_the_configuration_is_looked_at(fleet):
    assert_one_line(fleet.run("--nonsense", "--", "true", config="/no/such/file"), 64, "--nonsense")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(fleet, option):
    run = fleet.bare(option).finished()
    assert (run.code, run.err) == (0, "")
    shown = {match[2]: match for match in re.finditer(r"^  (?:(-\w), |    )(--[a-z-]+)(?: (\S+))?(?=  |$)", run.out, re.M)}
    assert set(shown) == {option.name for option in OPTIONS} and "COMMAND" in run.out
    for option in OPTIONS:
        match = shown[option.name]
        assert match[1] == (option.spellings[0] if option.spellings[0][1] != "-" else None), option
        assert (match[3] or "").lower() == option.value, option
    assert max(map(len, run.out.splitlines())) <= 100


def test_the_help_has_groups_and_two_lines_of_a_crontab(fleet, ctl):
    shown = fleet.bare("--help").finished().out
    titles = re.findall(r"^([A-Z][a-z ,]+):\n  ", shown, re.M)
    assert titles == [*re.findall(r"^\.Ss (.*)$", (ROOT / "Docs/switchman.1").read_text().split(".Sh OPTIONS")[1].split(".Sh ")[0],
                                  re.M), "In a crontab, the same on every host"]
    lines = re.findall(r"^  (\S+ \S+ \* \* \*  +switchman .*)$", shown, re.M)
    assert len(lines) == 2
    run = ctl("check", "crontab", "--offline", fleet.write("tab", "PATH=/usr/local/bin:/usr/bin:/bin\n" + "\n".join(lines) + "\n"))
    assert run.code == 0 and "2 switchman lines" in run.out, run.out
    assert max(map(len, shown.splitlines())) <= 80


def test_the_manual_lists_all_kinds_of_options():
    assert len(OPTIONS) >= 25
    assert {"-c", "--config", "-E", "--conflict-exit-code", "--nolock", "--dry-run"} <= {
        spelling for option in OPTIONS for spelling in option.spellings}
    assert {"file", "time", "n", "fail|skip", "wait|kill|leave", "resource=count[:total]", ""} <= {
        option.value for option in OPTIONS}


GOOD = {"time": "5s", "n": "7", "outcome=n": "lost=7", "period": "hour", "codes": "1,3-5", "size": "8k"}


@pytest.mark.parametrize("spelling, option", [
    (spelling, option) for option in OPTIONS for spelling in option.spellings], ids=lambda it: it if isinstance(it, str) else "")
def test_every_spelling_in_the_manual_is_understood(fleet, spelling, option):
    """And takes a value, or none, as the manual says."""
    if option.name in ("--help", "--version"):
        return
    value = option.choices[0] if option.choices else GOOD.get(option.value, "some")
    words = [spelling, value] if option.value else [spelling]
    assert fleet.bare(*words, "--help").finished().code == 0
    if option.value:
        assert_one_line(fleet.bare(spelling).finished(), 64, f"option {option.name} needs a value")
    elif spelling.startswith("--"):
        assert_one_line(fleet.bare(f"{spelling}=1", "--", "true").finished(), 64, f"option {option.name} takes no value")


@pytest.mark.parametrize("option, expected", [
    ("--timeout", "a number with s, m, h or d"), ("--retries", "a number from"), ("--exit-code", "OUTCOME=N"),
    ("--on-group-exit", "one of")])
def test_a_value_that_was_forgotten(fleet, option, expected):
    run = fleet.bare(option, "--", "true").finished()
    assert_one_line(run, 64, f'option {option} needs a value before "--": expected', expected)


@pytest.mark.parametrize("option, word", [(option, word) for option in OPTIONS for word in option.choices],
                         ids=lambda it: it if isinstance(it, str) else it.name)
def test_every_choice_in_the_manual_is_one(fleet, option, word):
    assert fleet.bare(f"{option.name}={word}", "--help").finished().code == 0
    choices = ", ".join(option.choices)
    refused = fleet.bare(f"{option.name}={word}x", "--", "true").finished()
    assert_one_line(refused, 64, f"for {option.name}: expected one of", choices)


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_version(fleet, option):
    run = fleet.bare(option).finished()
    assert (run.code, run.err, len(run.out.splitlines())) == (0, "", 1)
    assert "switchman" in run.out and any(character.isdigit() for character in run.out)


PRINTING = (["--help"], ["--version"], ["--dry-run", "--lockname", "a", "--", "true"])


@pytest.mark.parametrize("words", PRINTING)
def test_what_cannot_be_printed_is_71_and_says_so(fleet, words):
    with open("/dev/full", "wb") as full:
        run = fleet.run(*words, stdout=full)
    assert (run.code, run.err) == (71, "switchman: standard output: No space left on device\n")
    run = fleet.run(*words, preexec_fn=lambda: os.close(1))
    assert (run.code, run.err) == (71, "switchman: standard output: Bad file descriptor\n")


def test_a_dry_run_that_cannot_be_printed_has_the_chosen_code(fleet):
    with open("/dev/full", "wb") as full:
        assert fleet.run("--exit-code", "os-error=7", *PRINTING[2], stdout=full).code == 7


@pytest.mark.parametrize("words", PRINTING)
@pytest.mark.parametrize("disposition, code", [(signal.SIG_DFL, -signal.SIGPIPE), (signal.SIG_IGN, 128 + signal.SIGPIPE)])
def test_a_reader_that_is_gone_is_no_news(fleet, words, disposition, code):
    """As with `| head`: most programs die of SIGPIPE without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    run = fleet.run(*words, stdout=writer, restore_signals=False,
                    preexec_fn=lambda: signal.signal(signal.SIGPIPE, disposition))
    os.close(writer)
    assert (run.code, run.err) == (code, "")


@pytest.mark.parametrize("options", [
    ["--lockname=a", "--lock"], ["--no-lock", "--lock", "--lockname", "a"],
])
def test_the_last_of_lock_and_no_lock_counts(fleet, options):
    assert_silent(fleet.run(*options, "--", "true"), 0)
    assert fleet.list("jobs") == ["a"]


@pytest.mark.parametrize("option", ["--no-lock", "--nolock"])
def test_without_the_lock(fleet, option):
    fleet.start_job("a")
    assert_silent(fleet.run(option, "--lockname", "a", "--", "true"), 0)
    fleet.end_job("a")


def test_without_the_lock_nothing_is_written(fleet):
    assert_silent(fleet.run("--no-lock", "--lockname", "a", "--", "true"), 0)
    assert fleet.list("jobs") == [] and fleet.list("locks") == []


def test_a_single_word_with_blanks_goes_to_the_shell(fleet):
    run = fleet.run("--lockname", "a", "echo one; exit 3")
    assert (run.code, run.out) == (3, "one\n")
    run = fleet.run("--lockname", "a", "--", "echo $((40 + 2))")
    assert (run.code, run.out) == (0, "42\n")


def test_several_words_do_not(fleet):
    run = fleet.run("--lockname", "a", "echo", "one; exit 3", "$HOME", "*", "")
    assert (run.code, run.out) == (0, "one; exit 3 $HOME * \n")
