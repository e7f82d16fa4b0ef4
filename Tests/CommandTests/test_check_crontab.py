"""`switchmanctl check crontab`: the files are read as cron, the shell and the wrapper itself will."""

import os
import subprocess

import pytest

from Support.fixtures import ROOT
from Support.fleet import HOST
from Support.server import free_ports
from Support.verdict import assert_one_line, assert_says, lines_of


@pytest.fixture
def tab(fleet):
    """Writes a crontab and returns its path."""
    def write(content, name="crontab"):
        os.makedirs(os.path.dirname(f"{fleet.folder}/{name}"), exist_ok=True)
        return fleet.write(name, content)
    return write


def check(ctl, *words, **options):
    return ctl("check", "crontab", *words, **options)


def test_good_lines_are_fine(ctl, tab):
    path = tab("MAILTO=ops\n*/5 * * * * switchman -- /usr/local/bin/report\n@daily cd /x && switchman --lockname b c\n")
    assert_one_line(check(ctl, path), "OK", "crontab", "2 switchman lines in 1 file")


@pytest.mark.parametrize("line, note", [
    ("switchman -- true", "switchman in PATH (/usr/bin:/bin), nor elsewhere"),
    ("PATH=/opt/no:/bin switchman -- true", "switchman in PATH (/opt/no:/bin), nor elsewhere"),
    ("/usr/local/no/switchman -- true", "/usr/local/no/switchman, so that the line would start nothing here"),
    ("sudo -u x /usr/local/no/switchman -- true", "/usr/local/no/switchman, so"),
    ("/PROGRAM -c /etc/nosuch.conf -- true", "/etc/nosuch.conf, the run's configuration, without which it would end with 78 here"),
    ("SWITCHMAN_CONFIG=/etc/nosuch.conf /PROGRAM -- true", "/etc/nosuch.conf, the run's configuration"),
])
def test_a_line_that_can_start_nothing_here_is_noted(ctl, fleet, tab, line, note):
    """It is no warning: the crontab may be another host's."""
    text = f"* * * * * {line.replace('/PROGRAM', fleet.program)}\n"
    path = tab(text + text.replace("true", "false"))
    said = check(ctl, path)
    lines = said.out.splitlines()
    assert said.code == 0 and lines[0].startswith("OK: crontab: 2 switchman lines") and len(lines) == 2, said.out
    assert lines[1].startswith(f"{path}:1: note: on this host there is no {note}"), "once for all lines of the file"


@pytest.mark.parametrize("line", [
    "/PROGRAM -- true", "SWITCHMAN_PREFIX=/p SWITCHMAN_ZKHOSTS=zk /PROGRAM -- true", "/PROGRAM -c $CONF -- true",
    "$HOME/bin/switchman -- true",
    "PATH=/opt/no:$PATH switchman -- true", "sudo -u x switchman -- true", "cd /x && ./switchman -- true"])
def test_what_may_well_start_is_not_noted(ctl, fleet, tab, line):
    said = check(ctl, tab(f"* * * * * {line.replace('/PROGRAM', fleet.program)}\n"))
    assert said.code == 0 and len(said.out.splitlines()) == 1, said.out


def test_a_switchman_that_is_only_in_the_readers_path_is_a_warning(ctl, fleet, tab):
    """There it is found by who checks, and not by cron."""
    path = tab("* * * * * switchman -- true\n")
    said = check(ctl, path, env={"PATH": f"{os.path.dirname(fleet.program)}:{os.environ['PATH']}"})
    assert_one_line(said, "WARNING", "crontab", f"{path}:1: switchman is not in the crontab's PATH (/usr/bin:/bin); set PATH")


def test_a_fault_where_no_switchman_is(ctl, tab):
    assert_says(check(ctl, tab("61 * * * * true\n")), "CRITICAL", "crontab", "1 error; no switchman in 1 file; ")


def test_without_a_configuration_anywhere_each_file_is_noted(ctl, fleet, tab):
    path = tab(f"* * * * * {fleet.program} -- true\n")
    said = check(ctl, path, config="/no/such.conf")
    notes = said.out.splitlines()[1:]
    assert said.code == 0 and len(notes) == 1, said.out
    assert notes[0].startswith(f"{path}:1: note: on this host there is no /no/such.conf, the run's configuration")


def test_an_error_is_the_runs_own_line_with_file_and_line(ctl, fleet, tab):
    path = tab("# a comment\n\n* * * * * switchman --leese x=1:2 a\n")
    run = fleet.bare("--leese", "x=1:2", "a").finished()
    said = run.err.removeprefix("switchman: ").strip()
    assert run.code == 64
    assert_one_line(check(ctl, path), "CRITICAL", "crontab", f"{path}:3: {said}")


@pytest.mark.parametrize("line", [
    "switchman a --lockname b", "switchman --lease 'x=1:`id`' a", "switchman --lockname a/b c", "switchman", "switchman -E 999 a",
    "switchman --lease x=2:1 a", "switchman --lockname '' a",
])
def test_what_the_run_refuses_the_check_refuses_in_the_same_words(ctl, fleet, tab, line):
    run = fleet.start(prefixed=("sh", "-c", f"shift; shift; {line.replace('switchman', fleet.program)}", "sh")).finished()
    # The program stands behind the shell's own words.
    assert run.code == 64, run
    said = run.err.removeprefix("switchman: ").strip()
    assert_one_line(check(ctl, tab(f"* * * * * {line}\n")), "CRITICAL", "crontab", f":1: {said}")


def test_a_random_value_is_fine(ctl, tab):
    """Newer versions of cronie choose one of the range when they read the file."""
    assert_one_line(check(ctl, tab("0~59 3~5 * * * switchman a\n")), "OK", "crontab")


def test_a_bad_schedule_is_an_error_even_where_no_switchman_is(ctl, tab):
    """Some crons ignore the whole file then."""
    path = tab("61 * * * * true\n* * * * * switchman a\n")
    assert_one_line(check(ctl, path), "CRITICAL", "crontab", f'{path}:1: bad minute "61"')


def test_a_name_shared_by_accident_is_a_warning_across_files(ctl, tab):
    one, two = tab("* * * * * switchman report --a\n", "one"), tab("5 * * * * switchman report --b\n", "two")
    assert_one_line(check(ctl, one, two), "WARNING", "crontab", f"{two}:1", f"{one}:1", 'the lock "report"', "--lockname")
    assert_one_line(check(ctl, one), "OK", "crontab")


def test_further_findings_are_further_lines_worst_first(ctl, tab):
    path = tab("* * * * * switchman python3 x\n* * * * * switchman --foo x\n* * * * * switchman perl x\n")
    run = check(ctl, path)
    assert_says(run, "CRITICAL", "crontab", "1 error, 2 warnings in 3 switchman lines in 1 file")
    lines = lines_of(run)
    assert len(lines) == 3 and f"{path}:2: " in lines[0]
    assert lines[1].startswith(f"{path}:1: warning: ") and lines[2].startswith(f"{path}:3: warning: ")


def test_a_folder_named_cron_d_has_a_column_for_the_user(ctl, tab):
    line = "* * * * * root switchman --lockname a b\n"
    assert_one_line(check(ctl, tab(line, "cron.d/x")), "OK", "crontab", "1 switchman line")
    assert_one_line(check(ctl, tab(line, "other")), "WARNING", "crontab", "--system")
    assert_one_line(check(ctl, "--system", tab(line, "other")), "OK", "crontab", "1 switchman line")
    assert_one_line(check(ctl, "--user", tab(line, "cron.d/x")), "WARNING", "crontab", "is not checked")


def test_names_that_cron_passes_over(ctl, tab):
    line = "* * * * * root switchman --lockname a b\n"
    assert_one_line(check(ctl, tab(line, "cron.d/x~")), "CRITICAL", "crontab", "x~")
    assert_one_line(check(ctl, tab(line, "cron.d/x.sh")), "WARNING", "crontab", "x.sh")


def test_standard_input(ctl, tab):
    with open(tab("* * * * * switchman --foo a\n"), encoding="utf-8") as file:
        assert_one_line(check(ctl, "-", stdin=file), "CRITICAL", "crontab", "standard input:1: unknown option --foo")


def test_originals_about_know_less(ctl, fleet, tab):
    fleet.prefix_data({"resources": ["x"]})
    path = tab("* * * * * switchman --lease 'x=min(2,CPU):64' a\n")
    assert_one_line(check(ctl, path), "OK", "crontab")
    assert_one_line(check(ctl, "--original", path), "WARNING", "crontab", "the original does not know min()")
    mixed = fleet.config("mixed.conf", mixed_fleet=True, session_timeout=30)
    assert_one_line(check(ctl, "-c", mixed, path), "WARNING", "crontab", "the original does not know min()")
    named = tab(f"* * * * * switchman -c {mixed} --lease 'x=min(2,CPU):64' a\n", "named")
    assert_one_line(check(ctl, named), "WARNING", "crontab", "the original does not know min()")


def test_files_that_cannot_be_read(ctl, fleet, tab):
    assert_one_line(check(ctl, f"{fleet.folder}/none"), "UNKNOWN", "crontab", "none: no such file")
    assert_one_line(check(ctl, fleet.folder), "UNKNOWN", "crontab", "cannot be read: Is a directory")
    run = check(ctl, f"{fleet.folder}/none", tab("* * * * * switchman --foo a\n"))
    assert_says(run, "CRITICAL", "crontab", "none: unknown: no such file")


def test_bytes_that_are_no_text(ctl, tab):
    path = tab(b"\xff\xfe\x00\n* * * * * switchman --\x1b[2J\xff a\n")
    assert_says(check(ctl, path), "CRITICAL", "crontab", f"{path}:1", f"{path}:2")


def test_json(ctl, tab):
    path = tab("* * * * * switchman --foo a\n")
    said = ctl.json("check", "crontab", path, code=2)
    assert (said["status"], said["exit_code"], said["check"]) == ("critical", 2, "crontab")
    assert said["findings"][0]["place"] == f"{path}:1" and said["findings"][0]["severity"] == "critical"
    assert said["facts"] == {"files": 1, "lines": 1, "fleets": 0}


@pytest.mark.parametrize("words, mention", [
    ((), "<files>"), (("--system", "--user", "x"), "exclude each other"), (("-", "-"), "standard input is read once"),
    (("--frobnicate", "x"), "--frobnicate"),
])
def test_bad_input_is_unknown_and_3(ctl, words, mention):
    assert_one_line(check(ctl, *words), "UNKNOWN", "crontab", mention)


# What the lines need of the fleet.

def test_groups_that_run_nothing(ctl, fleet, tab):
    fleet.prefix_data({"groups": {"web": ["inner"], "inner": [HOST], "empty": [], "hollow": ["empty"], "é": [HOST]},
                       "paused": ["a"], "drained": [HOST]})
    assert_one_line(check(ctl, tab("* * * * * switchman -g web a\n")), "OK", "crontab", "1 switchman line")
    for name in ("wbe", "e\u0301"):
        assert_one_line(check(ctl, tab(f"* * * * * switchman -g {name} a\n")), "WARNING", "crontab",
                        f'crontab:1: group "{name}" is not in the fleet\'s data', f"switchmanctl groups add {name} HOST")
    for name in ("empty", "hollow"):
        assert_one_line(check(ctl, tab(f"* * * * * switchman --group={name} a\n")), "WARNING", "crontab",
                        f'crontab:1: group "{name}" has no host', f"switchmanctl groups add {name} HOST")


def test_what_the_check_warns_of_the_run_refuses(ctl, fleet, tab):
    fleet.prefix_data({"resources": ["db", "FQDN_cpu"], "totals": {"FQDN_cpu": 4}})
    for words, mention in [("-g none", "none"), ("--lease other=1:2", "switchmanctl resources add other adds it"),
                           ("--lease other=1", "switchmanctl resources add other --total N"), ("--lease db=1", "no total"),
                           ("--lease FQDN_cpu=1:5", "total 5 here, but 4 declared"), ("--lease FQDN_cpu=5", "would wait for ever")]:
        assert_one_line(check(ctl, tab(f"* * * * * switchman {words} a\n")), "WARNING", "crontab", "crontab:1: ", mention)
        assert fleet.run(*words.split(), "--", "true").code == 65
    for words in ("--lease db=1:2", "--lease FQDN_cpu=1", "--lease FQDN_cpu=1:4", f"--lease {HOST}_cpu=1"):
        assert_one_line(check(ctl, tab(f"* * * * * switchman {words} a\n")), "OK", "crontab", "1 switchman line")
        assert fleet.run(*words.split(), "--", "true").code == 0


def test_names_that_only_a_host_knows(ctl, fleet, tab):
    fleet.prefix_data({"groups": {"web": ["short"]}, "resources": ["h7.example.org_cpu", "short_mem", "db_disk"], "totals": {}})
    good = "".join(f"* * * * * switchman --lease {name}=1:2 a\n" for name in ("FQDN_cpu", "FQDN_mem", "xCPU"))
    assert_one_line(check(ctl, tab(good + "* * * * * switchman -g $G --lease $R=1:2 a\n")), "OK", "crontab", "4 switchman lines")
    assert_one_line(check(ctl, tab("* * * * * switchman --lease FQDN_disk=1:2 a\n")), "WARNING", "crontab", '"FQDN_disk" is not')
    odd = b"SWITCHMAN_\xff=1\nSWITCHMAN_\xfe=2\n* * * * * switchman -g web a\n"
    assert_one_line(check(ctl, tab(odd)), "OK", "crontab", "1 switchman line")


def test_a_line_is_held_against_its_own_fleet(ctl, fleet, tab):
    fleet.prefix_data({"groups": {"web": [HOST]}})
    own = fleet.config("own.conf", prefix=f"{fleet.prefix}/own")
    lines = f"* * * * * switchman -g web a\n* * * * * switchman -c {own} -g web a\n" \
        f"SWITCHMAN_CONFIG={own}\n* * * * * switchman -g web b\n"
    run = check(ctl, tab(lines))
    assert_says(run, "WARNING", "crontab", f"groups add web HOST --config {own}")
    said = ctl.json("check", "crontab", tab(lines), code=1)
    warned = [finding["place"] for finding in said["findings"] if finding["severity"] == "warning"]
    assert [place.rsplit(":", 1)[1] for place in warned] == ["2", "4"] and said["facts"]["fleets"] == 2


def test_without_the_fleet_the_rest_is_still_checked(ctl, fleet, tab):
    away = fleet.config("away.conf", zkhosts=f"127.0.0.1:{free_ports(1)[0]}", connect_timeout=1)
    good = tab("* * * * * switchman -g web a\n", "good")
    bad = tab("* * * * * switchman -g web --foo a\n* * * * * switchman -g b c\n", "bad")
    assert_one_line(check(ctl, good, config=away), "UNKNOWN", "crontab", "1 switchman line", "not checked against the fleet's data")
    assert_says(check(ctl, bad, config=away), "CRITICAL", "crontab", "--foo", "unknown: groups and resources are not checked")
    assert_one_line(check(ctl, "--offline", good, config=away), "OK", "crontab", "1 switchman line in 1 file")
    assert_one_line(check(ctl, tab("* * * * * switchman a\n", "needs-nothing"), config=away), "OK", "crontab")


def test_a_configuration_that_is_not_here(ctl, fleet, tab):
    mine, theirs = tab("* * * * * switchman -g web a\n", "mine"), tab("* * * * * switchman -c /no/such -g web a\n", "theirs")
    assert_one_line(check(ctl, mine, config="/no/such"), "UNKNOWN", "crontab", "/no/such: no such configuration file")
    assert_says(check(ctl, theirs), "OK", "crontab", "note: groups and resources are not checked",
                "/no/such: no such configuration file")


def test_fleet_data_that_no_run_can_read(ctl, fleet, tab):
    fleet.prefix_data("[1]")
    assert_one_line(check(ctl, tab("* * * * * switchman -g web a\n")), "CRITICAL", "crontab", fleet.prefix, "must be an object")


def test_fleet_data_that_is_too_long_for_a_run(ctl, fleet, tab):
    fleet.prefix_data({"groups": {"web": [HOST]}})
    run = check(ctl, tab("* * * * * switchman -g web a\n"), env={"SWITCHMAN_DATA_READ_LEN": "20"})
    assert_one_line(run, "CRITICAL", "crontab", fleet.prefix, "more than data_read_len (20)")


def test_the_example_is_without_a_fault(ctl, fleet):
    fleet.prefix_data({"groups": {"billing": [HOST]}, "resources": ["db", "host_cpu", "FQDN_cpu", "FQDN_mem", "table", "part"],
                       "totals": {"db": 4}})
    assert_one_line(check(ctl, ROOT / "Examples/crontab"), "OK", "crontab", "switchman lines in 1 file")


def test_what_goes_to_a_file_is_not_kept(ctl, fleet, tab):
    """The warning tells what a run does; and what it recommends is kept."""
    log, failing = fleet.flag("log"), "switchman --lockname a --keep-output 1k -- sh -c 'echo one; exit 3'"
    for line, is_kept in ((f"{failing} >>{log} 2>&1", False), (f"{failing} 2>&1 | tee -a {log}", True)):
        words = line.replace("switchman", f"{fleet.program} -c {fleet.config()}", 1)
        subprocess.run(["sh", "-c", words], stdout=subprocess.DEVNULL, check=False, timeout=30)
        kept = ctl.json("output", "a")
        assert (kept["stdout"], kept["stderr"], kept["output"]) == (is_kept, is_kept, "one\n" if is_kept else "")
        verdict = ("OK",) if is_kept else ("WARNING", "--keep-output keeps nothing")
        assert_one_line(check(ctl, tab(f"0 * * * * {line}\n")), verdict[0], "crontab", *verdict[1:])


def test_a_wait_on_many_hosts_runs_once_on_each(ctl, tab):
    for line in ("switchman --wait 30m -- rollup", "switchman --lockname r --wait forever -- rollup"):
        assert_one_line(check(ctl, tab(f"0 * * * * {line}\n")), "WARNING", "crontab", "--wait without --once-per", "in turn")
    for line in ("switchman --wait 30m --min-interval 54m -- true", "switchman --wait 30m --once-per hour -- true",
                 "switchman --lockname r-$(hostname -f) --wait 30m -- true"):
        assert_one_line(check(ctl, tab(f"0 * * * * {line}\n")), "OK", "crontab")


@pytest.mark.parametrize("schedule, period, is_warned", [
    ("*/5 * * * *", "hour", True), ("0 * * * *", "day", True), ("0 * * * *", "hour", False), ("0 0 * * 0", "day", False),
    ("*/15 * * * *", "15m", False),
])
def test_more_starts_than_periods(ctl, tab, schedule, period, is_warned):
    """Only the first of each period would come to anything, unless the others are there to repeat what has failed."""
    path = tab(f"{schedule} switchman --once-per {period} -- rollup\n")
    if is_warned:
        assert_one_line(check(ctl, path), "WARNING", "crontab", f"--once-per {period}", "--retry-failed")
    else:
        assert_one_line(check(ctl, path), "OK", "crontab")
    assert_one_line(check(ctl, tab(f"{schedule} switchman --once-per {period} --retry-failed -- rollup\n")), "OK", "crontab")


# Chains: --after.


def test_a_chain_whose_jobs_are_all_there_is_fine(ctl, tab):
    lines = ("0 3 * * * switchman --once-per day extract\n",
             "0 3 * * * switchman --once-per day --wait 6h --after extract load\n",
             "*/5 * * * * switchman --after load,extract --wait 1m index\n")
    assert_one_line(check(ctl, tab("".join(lines))), "OK", "crontab", "3 switchman lines")


def test_a_job_that_no_line_has_is_a_warning(ctl, tab):
    one = tab("0 3 * * * switchman --after extarct load\n", "one")
    two = tab("0 3 * * * switchman extract\n", "two")
    assert_one_line(check(ctl, one), "WARNING", "crontab", ':1: --after: no line here has the lockname "extarct"', "together")
    assert_one_line(check(ctl, one, two), "WARNING", "crontab", 'did you mean "extract"?')
    known = tab("0 4 * * * switchman --after extract load\n", "three")
    assert_one_line(check(ctl, known, two), "OK", "crontab")
    assert_one_line(check(ctl, tab('0 3 * * * switchman --after "$BEFORE" load\n')), "OK", "crontab")


def test_a_chain_by_ticks_after_a_job_without_is_a_warning(ctl, tab):
    before = "0 3 * * * switchman extract\n"
    after = "0 4 * * * switchman --once-per day --after extract load\n"
    assert_one_line(check(ctl, tab(before + after)), "WARNING", "crontab", ":2: --after: this line has --once-per",
                    "add --once-per there")
    assert_one_line(check(ctl, tab(before.replace("extract", "--once-per day extract") + after)), "OK", "crontab")


@pytest.mark.parametrize("wait, said", [("", ""), ("--wait forever ", "waits for ever")])
def test_a_cycle_is_a_warning(ctl, tab, wait, said):
    path = tab("".join(f"0 3 * * * switchman {wait}--after {before} {job}\n" for before, job in ("ca", "ab", "bc")))
    run = check(ctl, path)
    assert_says(run, "WARNING", "crontab", "3 warnings", "(a after c after b after a)", "run by hand", said)


@pytest.mark.parametrize("before, after, said", [
    ("0 5 * * *", "0 4 * * *", "never due before this line, so that this line never starts"),
    ("0 5 * * *", "0 5 * * *", "at the same minute"),
    ("0 5 * * 1", "0 6 * * 2", "never due in the same day"),
])
def test_a_time_at_which_no_success_can_be_there_is_a_warning(ctl, tab, before, after, said):
    path = tab(f"{before} switchman --once-per day extract\n{after} switchman --once-per day --after extract load\n")
    assert_one_line(check(ctl, path), "WARNING", "crontab", ":2: --after:", '"extract"', said)


def test_a_line_that_waits_long_enough_may_be_due_first(ctl, tab):
    before = "0 5 * * * switchman --once-per day extract\n"
    for wait, severity in ("30m", "WARNING"), ("1h", "OK"), ("forever", "OK"):
        path = tab(before + f"0 4 * * * switchman --once-per day --wait {wait} --after extract load\n", wait)
        assert_one_line(check(ctl, path), severity, "crontab")


def test_without_periods_what_comes_always_a_round_late_is_said(ctl, tab):
    same = tab("0 5 * * * switchman extract\n0 5 * * * switchman --after extract load\n", "same")
    assert_one_line(check(ctl, same), "WARNING", "crontab", "the success of the round before", "add --wait")
    early = tab("0 5 * * * switchman extract\n0 4 * * * switchman --after extract load\n", "early")
    run = check(ctl, early)
    assert_says(run, "OK", "crontab", "2 switchman lines", 'due 1h 0m before "extract"', "success of 23h 0m ago")
    night = tab("0 23 * * * switchman extract\n0 1 * * * switchman --after extract load\n", "night")
    assert_one_line(check(ctl, night), "OK", "crontab", "2 switchman lines")
