"""Docs/Ensemble.md: its zoo.cfg makes an ensemble that the check has nothing against, and systemd understands its unit."""

import re
import shutil
import subprocess

import pytest

from Support.manuscript import Page, Shell
from Support.server import Ensemble

PAGE = Page("Docs/Ensemble.md")
BY_THE_TEST = re.compile(r"(dataDir|clientPort|server\.\d)=")


def test_its_servers_pass_the_check(tmp_path, fleet, program, controller):
    lines = PAGE.listing("Install", "tickTime").splitlines()
    assert len([line for line in lines if BY_THE_TEST.match(line)]) == 5
    ensemble = Ensemble(options=[{"lines": [line for line in lines if not BY_THE_TEST.match(line)]}] * 3)
    try:
        configuration = fleet.config("operator.conf", zkhosts=ensemble.address, session_timeout=30, ownership_term=30)
        shell = Shell(tmp_path, program, controller, {"SWITCHMAN_CONFIG": configuration}, {})
        version = ensemble.servers[0].version
        (command, expected), = PAGE.blocks("Check it")[0]
        said = shell.type(command)
        if version == "3.8.0":
            # Which is the page's own warning; and nothing else is wrong.
            assert len(said) == 3 and all("3.8.0, which may lose committed writes" in line for line in said)
        else:
            shell.names["3.9.5"] = version
            shell.play([(command, expected)])
    finally:
        ensemble.close()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not there; Tests/run --only-packages installs it")
def test_systemd_understands_the_unit(tmp_path):
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "zookeeper.service").write_text(PAGE.listing("Install", "ExecStart="), encoding="utf-8")
    server = tmp_path / "opt/zookeeper/bin/zkServer.sh"
    server.parent.mkdir(parents=True)
    server.write_text("#!/bin/sh\n", encoding="ascii")
    server.chmod(0o755)
    for name in "sysinit", "basic", "shutdown", "network-online", "multi-user":
        (units / f"{name}.target").write_text("[Unit]\nDescription=x\n", encoding="ascii")
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", "zookeeper.service"],
                         capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
