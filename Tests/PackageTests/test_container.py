"""The recipe of Examples/container, carried out without an engine: its tree, its environment, its process 1, its name."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from Support import processes
from Support.debian_tree import DebianTree
from Support.eventually import eventually
from Support.fixtures import ROOT

RECIPE = (ROOT / "Examples/container/Dockerfile").read_text()
# What Docker leaves to root in a container.
CAPABILITIES = ("chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write "
                "setfcap").split()
HOST = "node-7.example.org"
REPORT = """#!/bin/sh
trap 'sleep 0.5; touch /var/told; exit 3' TERM
touch /var/started
while :; do sleep 0.1; done
"""


@pytest.fixture
def container(tmp_path, program, server):
    """Process 1 of it, and its tree; it is gone afterwards."""
    tree = DebianTree(tmp_path / "tree")
    copied = dict(re.findall(r"^COPY (\S+) (\S+)$", RECIPE, re.MULTILINE))
    tree.write(f"{copied['switchman'].lstrip('/')}switchman", "", 0o755).write_bytes(open(program, "rb").read())
    tree.write(f"{copied['report'].lstrip('/')}report", REPORT, 0o755)
    words = [word for name in ("ENTRYPOINT", "CMD") for word in json.loads(re.search(rf"^{name} (\[.*\])$", RECIPE, re.M)[1])]
    kept = ",".join(f"+{name}" for name in CAPABILITIES)
    starter = subprocess.Popen(
        ["unshare", "--uts", *tree.command(
            "env", *re.findall(r"^ENV (\S+)$", RECIPE, re.MULTILINE), f"SWITCHMAN_ZKHOSTS={server.address}",
            "sh", "-c", f'hostname {HOST} && exec setpriv --bounding-set=-all,{kept} "$@"', "sh", *words)],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        eventually((tree.root / "var/started").exists, within=60, what="the job starts")
        front = next(one for one in processes.descendants(starter.pid) if one.comm == "switchman")
        assert re.search(r"^NSpid:.*\t1$", pathlib.Path(f"/proc/{front.pid}/status").read_text(), re.MULTILINE)
        yield tree, starter, front.pid
    finally:
        starter.kill()
        starter.wait()


def test_a_stop_reaches_the_job_and_what_it_held_is_released(container, server):
    tree, starter, front = container
    client = server.client()
    assert HOST.encode() in client.get("/switchman/locks/report")[0]
    os.kill(front, signal.SIGTERM)
    assert starter.wait(30) == 3
    assert (tree.root / "var/told").exists()
    assert client.get_children("/switchman/locks") == []
    run, = json.loads(client.get("/switchman/jobs/report")[0])["runs"]
    assert (run["outcome"], run["code"]) == ("ran", 3)
    client.stop()


def test_the_death_of_process_1_is_that_of_the_job(container, server):
    """And its record still says that it may be running: a successor waits."""
    _, starter, front = container
    others = [one.pid for one in processes.descendants(front)]
    assert len(others) >= 3
    os.kill(front, signal.SIGKILL)
    eventually(lambda: not any(processes.alive(pid) for pid in others), within=10, what="all are dead")
    client = server.client()
    assert json.loads(client.get("/switchman/jobs/report")[0])["state"] == "running"
    client.stop()
