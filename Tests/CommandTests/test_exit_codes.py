"""One documented exit code for each outcome (Docs/switchman.1). The rarer ones have files of their own: 79 in test_groups,
81 in test_server_stopped and others, the many ways to 64, 65, 69 and 78 in the test_bad_... files."""

import os
import pathlib
import signal
import struct

import pytest
from kazoo.security import OPEN_ACL_UNSAFE, make_acl

from Support.fleet import assert_one_line, assert_silent


@pytest.mark.parametrize("status", [1, 2, 3, 42, 64, 81, 255])
def test_the_commands_own_status_is_handed_on(fleet, status):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", f"exit {status}")
    assert (run.code, run.out) == (status, "")


def test_success_is_silent(fleet):
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)


def test_the_commands_output_is_its_own(fleet):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "echo out; echo err >&2")
    assert (run.code, run.out, run.err) == (0, "out\n", "err\n")


@pytest.mark.parametrize("name", ["KILL", "SEGV", "TERM", "HUP", "QUIT", "USR1", "PIPE"])
def test_a_command_that_died_of_a_signal_gives_128_and_its_number(fleet, name):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", f"ulimit -c 0; kill -{name} $$")
    assert run.code == 128 + getattr(signal, f"SIG{name}")


def test_a_command_that_died_of_an_interrupt_makes_the_wrapper_die_of_it(fleet):
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "kill -INT $$")
    assert run.code == -signal.SIGINT


def test_a_held_lock_is_a_silent_skip(fleet):
    fleet.start_job("a")
    assert_silent(fleet.run("--lockname", "a", "--", "false"), 0)
    fleet.end_job("a")


@pytest.mark.parametrize("options, code", [
    (["-E", 9], 9),
    (["--skip-exit-code", 9], 9),
    (["--conflict-exit-code", 9], 9),
    (["--exit-code", "locked=5"], 5),
    (["-E", 9, "--exit-code", "locked=5"], 5),
    (["--exit-code", "locked=5", "-E", 9], 5),
    (["-E", 9, "--exit-code", "queued=5"], 9),
    (["--exit-code", "queued=5"], 0),
    (["--exit-code", "locked=255"], 255),
])
def test_the_code_of_a_skip_can_be_chosen(fleet, options, code):
    fleet.start_job("a")
    assert_silent(fleet.run("--lockname", "a", *options, "--", "false"), code)
    fleet.end_job("a")


@pytest.mark.parametrize("options", [
    ["-E", 256], ["-E", -1], ["-E", "x"], ["--exit-code", "locked"], ["--exit-code", "locked=256"],
    ["--exit-code", "nonsense=1"], ["--exit-code", "ran=1"], ["--exit-code", "usage=1"], ["--exit-code", "=1"],
])
def test_an_impossible_choice_of_code_is_refused(fleet, options):
    assert_one_line(fleet.run(*options, "--lockname", "a", "--", "true"), 64)
    fleet.assert_no_trace()


def test_any_outcome_but_two_can_be_given_a_code(fleet):
    for outcome in ("signaled", "locked", "queued", "not-in-group", "bad-data", "unavailable", "os-error",
                    "no-permits", "denied", "bad-config", "group-exit", "lost", "not-executable", "not-found", "too-soon",
                    "paused", "released", "timeout"):
        assert_silent(fleet.run("--exit-code", f"{outcome}=7", "--lockname", "a", "--", "true"), 0)


def test_the_chosen_codes_are_used(fleet):
    fleet.prefix_data({"groups": {"g": ["elsewhere"]}, "resources": ["r"]})
    chosen = ["--exit-code", "signaled=21", "--exit-code", "not-in-group=22", "--exit-code", "bad-data=23",
              "--exit-code", "not-found=24", "--exit-code", "not-executable=25", "--lockname", "a"]
    assert fleet.run(*chosen, "--", "sh", "-c", "kill -KILL $$").code == 21
    assert_silent(fleet.run(*chosen, "-g", "g", "--", "true"), 22)
    assert_one_line(fleet.run(*chosen, "-g", "unknown", "--", "true"), 23)
    assert_one_line(fleet.run(*chosen, "--", "/no/such/program"), 24)
    assert_one_line(fleet.run(*chosen, "--", "/etc/passwd"), 25)


def test_not_in_the_group_is_a_silent_skip(fleet):
    fleet.prefix_data({"groups": {"g": ["elsewhere"]}})
    assert_silent(fleet.run("--lockname", "a", "-g", "g", "--", "false"), 0)
    assert_silent(fleet.run("--lockname", "a", "-g", "g", "-E", 9, "--", "false"), 9)
    fleet.assert_no_trace()


def test_the_same_lockname_queued_is_a_silent_skip(fleet):
    fleet.resources("r")
    fleet.start_job("blocker", arguments=("--lease", "r=1:1"))
    waiting = fleet.launch_job("a", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "a")
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:1", "--exit-code", "queued=5", "--", "false"), 5)
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false"), 0)
    fleet.end_job("a")
    fleet.end_job("blocker")
    assert waiting.wait() == 0


def test_a_lease_wait_that_runs_out_is_75_and_says_so(fleet):
    fleet.resources("r")
    fleet.start_job("blocker", arguments=("--lease", "r=1:1"))
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:1", "--lease-wait", 0, "--", "false"), 75, "r")
    assert fleet.queue("r") == []
    fleet.end_job("blocker")


def test_denied_by_an_acl_is_77(fleet):
    fleet.client.ensure_path(fleet.prefix)
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", read=True)])
    assert_one_line(fleet.run("--lockname", "a", "--", "false"), 77, fleet.prefix)
    assert fleet.all_nodes() == [fleet.prefix]


def test_denied_by_the_acl_of_a_folder_is_77(fleet):
    fleet.run("--lockname", "first", "--", "true")
    fleet.client.set_acls(fleet.path("locks"), [make_acl("world", "anyone", read=True)])
    assert_one_line(fleet.run("--lockname", "a", "--", "false"), 77, fleet.path("locks"))
    assert fleet.list("locks") == [] and fleet.list("jobs") == ["first"]


def test_unreadable_prefix_data_is_77(fleet):
    fleet.resources("r")
    fleet.client.set_acls(fleet.prefix, [make_acl("world", "anyone", write=True, create=True, delete=True, admin=True)])
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false"), 77, fleet.prefix)
    fleet.client.set_acls(fleet.prefix, OPEN_ACL_UNSAFE)


@pytest.mark.parametrize("command, code, mentions", [
    (["/no/such/program"], 127, ["no such file or directory"]),
    (["no-such-program-in-the-path"], 127, ["command not found"]),
    ([""], 127, ["command not found"]),
    (["/etc/passwd"], 126, ["is not executable", "chmod"]),
    (["/"], 126, ["is a directory"]),
    (["/etc"], 126, ["is a directory"]),
    (["/dev/null"], 126, ["is not a regular file"]),
    (["/etc/passwd/under"], 126, ["/etc/passwd: not a directory"]),
    (["/" + "n" * 300], 126, ["name too long"]),
])
def test_a_command_that_cannot_be_run(fleet, command, code, mentions):
    run = fleet.run("--lockname", "a", "--", *command)
    assert_one_line(run, code, command[0][:200], *mentions)
    assert fleet.list("locks") == []


def test_a_command_that_cannot_be_run_gives_its_leases_back(fleet):
    fleet.resources("r")
    assert fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "/no/such/program").code == 127
    assert (fleet.leases("r"), fleet.marks("r"), fleet.queue("r")) == ([], [], [])
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "true"), 0)


def program(fleet, name, content):
    path = fleet.write(name, content)
    os.chmod(path, 0o755)
    return path


def binary(loader):
    """An ELF file of x86-64 or aarch64 that needs this dynamic loader, and nothing else of note."""
    name = loader.encode() + b"\0"
    machine = {"x86_64": 62, "aarch64": 183}[os.uname().machine]
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    interpreter = struct.pack("<IIQQQQQQ", 3, 4, 176, 0x4000b0, 0x4000b0, len(name), len(name), 1)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 176 + len(name), 176 + len(name), 4096)
    return header + interpreter + load + name


@pytest.mark.parametrize("content, code, mentions", [
    ("#!/no/such/interpreter\n", 127, ['the interpreter "/no/such/interpreter": no such file', "install it"]),
    ("#! \t/no/such/interpreter -x\n", 127, ['the interpreter "/no/such/interpreter": no such file']),
    ("#!/no/such/interpreter", 127, ['the interpreter "/no/such/interpreter": no such file']),
    ("#!relative\n", 127, ['the interpreter "relative": no such file']),
    ("#!/bin/sh\r\necho hi\r\n", 127, ['the interpreter "/bin/sh\\r": no such file', "carriage return"]),
    ("#!/etc/passwd\n", 126, ['the interpreter "/etc/passwd": is not executable']),
    ("#!/etc\n", 126, ['the interpreter "/etc": is a directory']),
    ("#!/etc/passwd/under\n", 126, ['the interpreter "/etc/passwd/under": /etc/passwd: not a directory']),
    (binary("/no/such/ld.so"), 127, ['the dynamic loader "/no/such/ld.so": no such file']),
])
def test_a_program_whose_interpreter_cannot_be_run(fleet, content, code, mentions):
    path = program(fleet, "script", content)
    assert_one_line(fleet.run("--lockname", "a", "--", path), code, path, *mentions)


def test_an_interpreter_that_is_a_script_without_one(fleet):
    inner = program(fleet, "inner", "#!/no/such/interpreter\n")
    outer = program(fleet, "outer", f"#!{inner}\n")
    assert_one_line(fleet.run("--lockname", "a", "--", outer), 127, outer, '"/no/such/interpreter": no such file')


def test_a_script_in_the_path_without_an_interpreter(fleet):
    """That is no command that was not found."""
    path = program(fleet, "my-script", "#!/no/such/interpreter\n")
    run = fleet.run("--lockname", "a", "--", "my-script", env={"PATH": f"/no/such:{fleet.folder}"})
    assert_one_line(run, 127, "my-script: ", '"/no/such/interpreter": no such file')
    os.chmod(path, 0o644)
    run = fleet.run("--lockname", "a", "--", "my-script", env={"PATH": f"/no/such:{fleet.folder}"})
    assert_one_line(run, 126, f"my-script: {path}: is not executable")


def test_a_file_among_the_folders_of_the_path_is_no_bad_path(fleet):
    run = fleet.run("--lockname", "a", "--", "no-such-program", env={"PATH": "/bin:/etc/passwd"})
    assert_one_line(run, 127, "no-such-program: command not found; name a program in PATH (/bin:/etc/passwd) or by its path")


def test_a_symbolic_link_to_nothing(fleet):
    link = f"{fleet.folder}/link"
    os.symlink("/no/such/target", link)
    assert_one_line(fleet.run("--lockname", "a", "--", link), 127, f"{link}: is a symbolic link to /no/such/target")
    os.remove(link)
    os.symlink(link, link)
    assert_one_line(fleet.run("--lockname", "a", "--", link), 126, f"{link}: its symbolic links form a loop")


def test_a_program_that_is_being_written(fleet):
    path = program(fleet, "copied", pathlib.Path("/bin/true").read_bytes())
    with open(path, "ab"):
        assert_one_line(fleet.run("--lockname", "a", "--", path), 126,
                        f"{path}: cannot be executed: Text file busy", "open for writing")
