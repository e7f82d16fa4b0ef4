"""Examples/switchman-web.service: systemd understands it, it is hardened, and what it starts has these options."""

import re
import shutil
import subprocess

import pytest

from Support.fixtures import ROOT

UNIT = ROOT / "Examples/switchman-web.service"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not there")


def with_actions():
    """As its comments say."""
    text = UNIT.read_text(encoding="utf-8")
    return re.sub(r"^#(ExecStart|LoadCredential)", r"\1", re.sub(r"^ExecStart=.*\n", "", text, flags=re.M), flags=re.M)


def analyze(folder, text, *words):
    units = folder / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / UNIT.name).write_text(text, encoding="utf-8")
    for name in "sysinit", "basic", "shutdown", "network-online", "multi-user":
        (units / f"{name}.target").write_text("[Unit]\nDescription=x\n", encoding="ascii")
    program = folder / "usr/local/bin/switchman-web"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    return subprocess.run(["systemd-analyze", *words, f"--root={folder}", UNIT.name], capture_output=True, text=True, check=False)


@needs_systemd
@pytest.mark.parametrize("text", [UNIT.read_text(encoding="utf-8"), with_actions()], ids=["shows", "acts"])
def test_systemd_understands_it(tmp_path, text):
    run = analyze(tmp_path, text, "verify", "--man=no")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@needs_systemd
def test_it_is_hardened(tmp_path):
    """In tenths of systemd's points of exposure, of which a plain service has 96."""
    assert analyze(tmp_path, with_actions(), "security", "--offline=true", "--threshold=20").returncode == 0
    assert analyze(tmp_path / "plain", "[Service]\nExecStart=/usr/local/bin/switchman-web\n", "security", "--offline=true",
                   "--threshold=20").returncode != 0


def test_its_options_are_there(web_program):
    known = subprocess.run([web_program, "--help"], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^#?ExecStart=(.*)", UNIT.read_text(encoding="utf-8"), re.M)
    words = [word for line in lines for word in re.findall(r"--[\w-]+", line)]
    assert len(lines) == 2 and len(words) == 2
    for word in words:
        assert f"  {word} " in known, word


def test_the_manual_has_all_options(web_program):
    known = subprocess.run([web_program, "--help"], capture_output=True, text=True, check=True).stdout
    page = ROOT / "Docs/switchman-web.1"
    page = subprocess.run(["mandoc", "-T", "utf8", page], capture_output=True, text=True, check=True).stdout
    page = re.sub(".\b", "", page)
    words = re.findall(r"^  (?:-\w, )?(--[\w-]+)", known, re.M)
    assert len(words) >= 6
    for word in words:
        assert re.search(rf"^     .*{word}\b", page, re.M), f"{word} is not in the manual"
    assert "perform-action" not in known
