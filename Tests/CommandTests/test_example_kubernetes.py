"""Examples/kubernetes: what its pods run, run here as process 1 with their environment. Kubernetes itself is not here."""

import os

import pytest
import yaml

from Support.eventually import eventually
from Support.fixtures import ROOT
from Support.run import Run

JOB = yaml.safe_load((ROOT / "Examples/kubernetes/report.yaml").read_bytes())
POD = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]
PROCESS_1 = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "setpriv", "--no-new-privs", "--bounding-set=-all"]


def pod(fleet, node, command):
    """The container's command in a cluster's node; `command` stands for the job's program."""
    environment = {entry["name"]: entry.get("value") or {"spec.nodeName": node}[entry["valueFrom"]["fieldRef"]["fieldPath"]]
                   for entry in CONTAINER["env"]}
    environment.update({"SWITCHMAN_ZKHOSTS": fleet.address, "SWITCHMAN_PREFIX": fleet.prefix, "PATH": os.environ["PATH"]})
    words = list(CONTAINER["command"])
    assert (words[0], words[-2:]) == ("/usr/local/bin/switchman", ["--", "/usr/local/bin/report"])
    run = Run([*PROCESS_1, fleet.program, *words[1:-1], *command], fleet.folder, environment)
    fleet.runs.append(run)
    return run


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_of_two_clusters_one_runs_it_and_the_other_stands_by(fleet, ctl):
    fleet.resources("warehouse")
    command = ["sh", "-c", f"echo $SWITCHMAN_TICK >>{fleet.folder}/ran; while ! test -e {fleet.flag('go')}; do sleep 0.05; done"]
    first = pod(fleet, "node1.example.org", command)
    eventually(lambda: fleet.list("locks") == ["report"] and os.path.exists(f"{fleet.folder}/ran"), what="the first runs it")
    second = pod(fleet, "node2.example.org", command)
    eventually(lambda: fleet.list("waiters", "report"), what="the second waits")
    assert ctl.json("status", "report")["locks"][0]["holder"]["host"] == "node1.example.org"
    fleet.raise_flag(fleet.flag("go"))
    assert (first.wait(), second.wait()) == (0, 0)
    with open(f"{fleet.folder}/ran", encoding="utf-8") as ran:
        assert len(ran.read().splitlines()) == 1


def test_it_has_time_to_end():
    assert POD["terminationGracePeriodSeconds"] >= 10 + 30 and POD["restartPolicy"] == "Never"
    assert JOB["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0


def test_nobody_objects_to_it_as_a_crontab(ctl, fleet):
    fleet.resources("warehouse")
    path = f"{fleet.folder}/crontab"
    with open(path, "w", encoding="utf-8") as crontab:
        crontab.write(f"PATH=/usr/local/bin:/usr/bin:/bin\n{JOB['spec']['schedule']} {' '.join(CONTAINER['command'])}\n")
    run = ctl("check", "crontab", path)
    assert run.code == 0, run.out
