"""Root's cron, and files that others may write: nothing of theirs has root do anything that they could not have done themselves."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest

from Support.control import assert_refused
from Support.fixtures import ROOT
from Support.fleet import assert_one_line, assert_silent
from Support.others import OTHER, link_of_theirs

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="that takes root")


# The configuration.

@pytest.mark.parametrize("uid, gid, mode, why", [
    (OTHER, 0, 0o644, "belongs to another user"), (0, 0, 0o666, "mode 666"), (0, 0, 0o602, "mode 602"),
    (0, OTHER, 0o664, "mode 664"),
])
def test_a_configuration_that_others_may_write(fleet, ctl, uid, gid, mode, why):
    """It names hooks, which are commands, and files that are written to."""
    config = fleet.config(hooks={"succeeded": f"touch {fleet.flag('hook')}"})
    os.chown(config, uid, gid)
    os.chmod(config, mode)
    assert_one_line(fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), config=config), 78, config, why)
    assert_refused(ctl("status", config=config), 78, config, why)
    told = ctl("check", "config", config=config)
    assert told.code == 2 and why in told.out
    assert not os.path.exists(fleet.flag("ran")) and not os.path.exists(fleet.flag("hook"))
    fleet.assert_no_trace()


def test_a_link_to_such_a_one_is_no_better(fleet, theirs):
    config = shutil.copy(fleet.config(), theirs)
    os.chown(config, OTHER, OTHER)
    os.symlink(config, fleet.flag("link.conf"))
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=fleet.flag("link.conf")), 78, "another user")


@pytest.mark.parametrize("way", ["the file itself", "a folder on the way", "a link to a link"])
def test_a_configuration_behind_a_link_of_somebody_elses(fleet, ctl, theirs, way):
    """Whoever made it would choose, among all that root may read, what root's jobs do."""
    config = named = fleet.config(hooks={"succeeded": f"touch {fleet.flag('hook')}"})
    if way == "a folder on the way":
        link_of_theirs(os.path.dirname(config), f"{theirs}/folder")
        named = f"{theirs}/folder/{os.path.basename(config)}"
    else:
        link_of_theirs(config, named := f"{theirs}/link.conf")
    if way == "a link to a link":
        os.symlink(named, named := fleet.flag("roots.conf"))
    run = fleet.run("--lockname", "a", "--", "touch", fleet.flag("ran"), config=named)
    assert_one_line(run, 78, named, f"a symbolic link on its way belongs to another user ({OTHER})", "name the file itself")
    assert_refused(ctl("status", config=named), 78, named, f"another user ({OTHER})")
    told = ctl("check", "config", named)
    assert told.code == 2 and f"another user ({OTHER})" in told.out
    assert not os.path.exists(fleet.flag("ran")) and not os.path.exists(fleet.flag("hook"))
    fleet.assert_no_trace()


def test_links_of_roots_are_followed(fleet, theirs):
    """As those of /etc/alternatives, and of a ConfigMap; also where somebody else's folder is on the way."""
    os.makedirs(data := fleet.flag("data"))
    os.symlink(data, fleet.flag("..data"))
    os.symlink("..data/fleet.conf", fleet.flag("second"))
    os.symlink(os.path.relpath(fleet.flag("second"), theirs), f"{theirs}/first")
    shutil.copy(fleet.config(), f"{data}/fleet.conf")
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=f"{theirs}/first"), 0)


@pytest.mark.parametrize("gid, mode", [(0, 0o664), (OTHER, 0o644), (OTHER, 0o640), (0, 0o600)])
def test_a_configuration_that_only_root_may_write(fleet, gid, mode):
    config = fleet.config()
    os.chown(config, 0, gid)
    os.chmod(config, mode)
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=config), 0)


def test_whoever_is_not_root_may_use_anybodys(fleet):
    """What it says can do no more than who runs it."""
    with tempfile.TemporaryDirectory(prefix="switchman-any-") as folder:
        os.chmod(folder, 0o755)
        fleet.program = shutil.copy(fleet.program, folder)
        config = shutil.copy(fleet.config(), folder)
        os.chown(config, OTHER - 1, OTHER - 1)
        os.chmod(config, 0o666)
        os.symlink(config, config := f"{folder}/link")
        os.lchown(config, OTHER - 1, OTHER - 1)
        words = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")
        assert_silent(fleet.run("--lockname", "a", "--", "true", config=config, prefixed=words), 0)


def test_a_pipe_of_ones_own_is_believed(fleet):
    with open(fleet.config(), encoding="utf-8") as file:
        text = file.read()
    run = fleet.run("--lockname", "a", "--", "true", config="/dev/stdin", stdin=_pipe(text))
    assert_silent(run, 0)


@pytest.mark.parametrize("mount, code", [("mount --bind", 78), ("mount -o bind,ro --bind", 3)])
@pytest.mark.parametrize("is_linked", [False, True], ids=["file", "link"])
def test_a_containers_root_is_given_a_file_from_outside(fleet, mount, code, is_linked):
    """It shows as nobody's, whom the container has a number for: believed if nobody can write it there."""
    with tempfile.TemporaryDirectory(prefix="switchman-container-") as folder:
        os.chmod(folder, 0o755)
        program, config = shutil.copy(fleet.program, folder), shutil.copy(fleet.config(), folder)
        os.chmod(config, 0o644)
        given = folder if is_linked else config
        if is_linked:
            os.symlink(os.path.basename(config), config := f"{folder}/link.conf")
        script = f'{mount} {given} {given} && exec "$@"'
        run = subprocess.run(
            [sys.executable, ROOT / "Tests/Support/container.py", "sh", "-c", script, "sh",
             program, "--config", config, "--lockname", "a", "--", "sh", "-c", "exit 3"],
            capture_output=True, text=True, timeout=30, check=False)
        assert run.returncode == code, run.stderr
        assert ("another user (65534)" in run.stderr) == (code == 78)


def _pipe(text):
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


# The log.

@pytest.mark.parametrize("way", ["the log itself", "a folder on the way", "a link to a link", "a mark behind the slash"])
def test_a_log_behind_a_link_of_somebody_elses(fleet, ctl, theirs, way):
    """Root would append to any file, or make it."""
    target = f"{fleet.folder}/victims"
    os.mkdir(target)
    log = f"{theirs}/log"
    if way == "the log itself":
        link_of_theirs(f"{target}/log", log)
    elif way == "a link to a link":
        link_of_theirs(f"{target}/log", f"{theirs}/more")
        log = f"{fleet.folder}/own"
        os.symlink(f"{theirs}/more", log)
    else:
        link_of_theirs(target, f"{theirs}/folder")
        log = f"{theirs}/folder/log" if way == "a folder on the way" else f"{theirs}/folder/\u0301log"
    config = fleet.config(logfile=log)
    run = fleet.run("--lockname", "a", "--", "sh", "-c", "exit 3", config=config)
    assert run.code == 3 and os.listdir(target) == []
    assert len(run.err.splitlines()) == 1 and "logfile" in run.err and f"another user ({OTHER})" in run.err, run.err
    told = ctl("check", "config", config=config)
    assert told.code == 1 and f"another user ({OTHER})" in told.out


def test_a_log_that_is_replaced_by_a_link_meanwhile(fleet, theirs):
    """Who rotates it may write there: the one that is open is kept, and not left for a link of somebody else's."""
    log, victim = f"{theirs}/log", fleet.flag("victim")
    fleet.start_job("a", config=fleet.config(logfile=log, loglevel="debug"))
    os.rename(log, f"{log}.1")
    link_of_theirs(victim, log)
    fleet.end_job("a")
    assert fleet.runs[-1].wait() == 0
    assert not os.path.exists(victim)
    with open(f"{log}.1", encoding="utf-8") as file:
        assert "outcome=ran" in file.read()


def test_a_log_in_a_folder_of_somebody_elses_is_a_plain_file(fleet, theirs):
    log = f"{theirs}/log"
    assert_silent(fleet.run("--lockname", "a", "--", "true", config=fleet.config(logfile=log), umask=0o027), 0)
    found = os.lstat(log)
    assert (found.st_uid, stat.filemode(found.st_mode)) == (0, "-rw-r-----")


def test_an_ordinary_account_follows_its_own_links_and_roots(fleet, theirs):
    with tempfile.TemporaryDirectory(prefix="switchman-any-") as folder:
        os.chmod(folder, 0o755)
        fleet.program = shutil.copy(fleet.program, folder)
        link_of_theirs(f"{theirs}/log", f"{theirs}/own")
        os.symlink(f"{theirs}/own", f"{folder}/roots")
        config = shutil.copy(fleet.config(logfile=f"{folder}/roots"), folder)
        os.chmod(config, 0o644)
        words = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")
        assert_silent(fleet.run("--lockname", "a", "--", "true", config=config, prefixed=words), 0)
        with open(f"{theirs}/log", encoding="utf-8") as file:
            assert "outcome=ran" in file.read()


# The metrics.

def test_a_metrics_folder_behind_a_link_of_somebody_elses(fleet, theirs):
    target = f"{fleet.folder}/victims"
    os.mkdir(target)
    link_of_theirs(target, f"{theirs}/metrics")
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(metrics_directory=f"{theirs}/metrics"))
    assert run.code == 0 and os.listdir(target) == []
    assert len(run.err.splitlines()) == 1 and f"another user ({OTHER})" in run.err


@pytest.mark.parametrize("name", ["switchman_a.prom", ".switchman_a.prom.new"])
def test_links_in_a_metrics_folder_of_somebody_elses(fleet, theirs, name):
    """The name of the draft can be foreseen: it is made anew, and never written through."""
    victim = fleet.write("victim", "precious\n")
    os.chmod(victim, 0o600)
    link_of_theirs(victim, f"{theirs}/{name}")
    run = fleet.run("--lockname", "a", "--", "true", config=fleet.config(metrics_directory=theirs), umask=0o077)
    assert run.code == 0
    with open(victim, encoding="utf-8") as file:
        assert file.read() == "precious\n"
    assert os.stat(victim).st_mode & 0o777 == 0o600, "nor is its mode changed"
    found = os.lstat(f"{theirs}/switchman_a.prom")
    assert (found.st_uid, stat.filemode(found.st_mode)) == (0, "-rw-r--r--")


# What is made elsewhere.

def test_the_register_of_control_groups_is_closed(fleet):
    fleet.start_job("a")
    if not os.path.isdir("/run/switchman"):
        pytest.skip("there is none")
    found = os.lstat("/run/switchman")
    assert (found.st_uid, stat.S_ISDIR(found.st_mode), found.st_mode & 0o022) == (0, True, 0)
    fleet.end_job("a")
    fleet.runs[-1].wait()


# The environment.

def variables():
    """The rows of Docs/Security.md: names, and what it says of sudo."""
    section = (ROOT / "Docs/Security.md").read_text(encoding="utf-8").split("\n## The environment\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.*\|$", section, re.MULTILINE)]
    return [(re.findall(r"`([A-Z_]+)`", cells[0]), cells[2]) for cells in rows]


def test_every_variable_that_is_asked_for_is_in_the_table():
    asked = {"SUDO_USER", "LOGNAME", "USER", "LOCALDOMAIN", "DOMAIN", "VISUAL", "EDITOR"}
    for path in [*(ROOT / "Sources").rglob("*.swift"), *(ROOT / "Sources").rglob("*.c")]:
        if path.parent.name != "fuzz" and ".build" not in path.parts:
            asked |= set(re.findall(r'getenv\("(\w+)"\)', path.read_text(encoding="utf-8")))
    assert len(asked) > 12 and asked - {name for names, _ in variables() for name in names} == set()


def test_what_sudo_lets_through_is_obeyed_and_nothing_else(fleet):
    """By default it lets none of ours through: env_reset. With -E they are root's own words, as root's shell would have them."""
    config = fleet.config()
    for words, code in (("sudo", "-n"), 78), (("sudo", "-n", "-E"), 0):
        told = subprocess.run([*words, fleet.program, "--lockname", "a", "--", "true"], capture_output=True, text=True,
                              env={**os.environ, "SWITCHMAN_CONFIG": config})
        assert told.returncode == code, told
    names = {name: said for listed, said in variables() for name in listed}
    env = {**os.environ, **{name: "probe" for name in names if name != "PATH"}}
    told = subprocess.run(["sudo", "-n", "env"], capture_output=True, text=True, env=env).stdout
    through = set(re.findall(r"^(\w+)=probe$", told, re.MULTILINE))
    assert through <= {name for name, said in names.items() if said not in ("no", "sudo's own")}
