"""Examples/prometheus and Examples/ansible: metrics by the names that there are, alerts that fire, files that are checked."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from Support.fixtures import ROOT
from Support.manuscript import Page, indented

RULES = ROOT / "Examples/prometheus/switchman.rules.yml"
FLEET_RULES = ROOT / "Examples/prometheus/switchman-fleet.rules.yml"
PLAYBOOK = ROOT / "Examples/ansible/playbook.yml"


def rules(text):
    return {rule["alert"]: rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]}


def documented():
    """Docs/Metrics.md's names, with what a summary is made of."""
    page = (ROOT / "Docs/Metrics.md").read_text(encoding="utf-8").split("\n## The whole fleet\n")[0]
    table = dict(re.findall(r"^\| `(switchman_\w+)` \| (\w+) \|", page, re.M))
    assert len(table) >= 9
    return {name + suffix for name, kind in table.items() for suffix in (("_sum", "_count") if kind == "summary" else ("",))}


def test_the_rules_use_the_metrics_that_are_documented_and_no_others():
    expressions = "\n".join(rule["expr"] for rule in rules(RULES.read_text(encoding="utf-8")).values())
    used = set(re.findall(r"switchman_\w+", expressions))
    assert len(used) >= 7 and used <= documented()


def test_the_documented_metrics_are_those_that_a_run_writes(fleet, tmp_path):
    fleet.settings["metrics_directory"] = str(tmp_path)
    assert fleet.run("--lockname", "a", "--", "true").code == 0
    fleet.start_job("a")
    fleet.run("--lockname", "a", "--", "true")
    fleet.end_job("a")
    text = (tmp_path / "switchman_a.prom").read_text(encoding="utf-8")
    assert set(re.findall(r"^(switchman_\w+)[{ ]", text, re.M)) == documented()


def test_the_alerts_that_the_document_shows_are_the_examples():
    block, = ["\n".join(block) for block in indented(Page("Docs/Metrics.md").section("Alerts")) if block[0] == "groups:"]
    shown, kept = rules(block), rules(RULES.read_text(encoding="utf-8"))
    assert len(shown) == 4

    def plain(text):
        return " ".join(text.split())
    for name, rule in shown.items():
        assert plain(rule["expr"]) in plain(kept[name]["expr"]), name


# Minutes; what is told then.
SERIES = """
rule_files: [switchman.rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'switchman_last_success_timestamp_seconds{lockname="report", instance="a"}', values: '60x120'}
      - {series: 'switchman_last_run_timestamp_seconds{lockname="report", instance="b"}', values: '60x100 6060x20'}
      - {series: 'switchman_losses_total{lockname="report", instance="b"}', values: '0x100 1x20'}
      - {series: 'switchman_runs_total{lockname="x", instance="b", outcome="unavailable"}', values: '0x100 1x20'}
      - {series: 'switchman_waited_seconds_sum{lockname="x", instance="b"}', values: '0x60 0+100x60'}
      - {series: 'switchman_waited_seconds_count{lockname="x", instance="b"}', values: '0x60 0+0.1x60'}
    alert_rule_test:
      - {eval_time: 99m, alertname: JobFails, exp_alerts: []}
      - {eval_time: 99m, alertname: JobLost, exp_alerts: []}
      - {eval_time: 99m, alertname: JobNotDone, exp_alerts: []}
      - {eval_time: 99m, alertname: JobNeverDone, exp_alerts: []}
      - {eval_time: 99m, alertname: ZooKeeperUnavailable, exp_alerts: []}
"""
FIRES = """
  - interval: 1m
    input_series: []
    promql_expr_test: []
    alert_rule_test: [{eval_time: 20m, alertname: JobNeverDone, exp_alerts: [%s]}]
"""


needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not there; Debian has it in its package prometheus")

# Each alert of the whole fleet: a series with its values; at which minute nothing is told yet, and at which it is.
FLEET = {
    "FleetJobNotDone": ('switchman_job_last_success_timestamp_seconds{lockname="report"}', "60x200", 120, 122),
    "FleetJobNeverDone": ('switchman_job_last_success_timestamp_seconds{lockname="other"}', "60x200", 119, 121),
    "FleetMetricsOld": ("switchman_fleet_read_timestamp_seconds", "60+60x60 3660x60", 69, 73),
    "FleetJobFails": ('switchman_job_last_run_success{lockname="report"}', "1x60 0x60", 65, 67),
    "FleetJobLost": ('switchman_job_lost{lockname="report"}', "0x60 1x60", 75, 77),
    "FleetJobLate": ('switchman_job_late{lockname="report"}', "0x60 1x60", 65, 67),
    "FleetJobHeldLong": ('switchman_job_held_since_timestamp_seconds{lockname="report"}', "60x1500", 1441, 1442),
    "FleetJobPausedLong": ('switchman_job_paused{lockname="report"}', "0x2 1x130", 2940, 3000),
    "FleetQueueStands": ('switchman_resource_queued_since_timestamp_seconds{resource="db"}', "60x200", 61, 62),
}


@needs_promtool
@pytest.mark.parametrize("name", FLEET)
def test_the_alert_of_the_whole_fleet_fires_in_time(tmp_path, name):
    """And not before, and with words that name the job."""
    shutil.copy(FLEET_RULES, tmp_path)
    series, values, quiet, loud = FLEET[name]

    def alerts(minute):
        # Two days of minutes take promtool minutes.
        step = "30m" if loud > 2000 else "1m"
        asked = {"interval": step, "input_series": [{"series": series, "values": values}],
                 "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": name, "exp_alerts": []}]}
        (tmp_path / "test.yml").write_text(
            yaml.safe_dump({"rule_files": [FLEET_RULES.name], "evaluation_interval": step, "tests": [asked]}), encoding="utf-8")
        run = subprocess.run(
            ["promtool", "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr
    assert alerts(quiet)[0] == 0, alerts(quiet)
    code, said = alerts(loud)
    assert code != 0 and f'alertname="{name}"' in said.split("got:")[1], said
    label = re.search('"(report|db)"', series)
    assert label is None or f'summary="{label[1]}: ' in said, said


def test_each_alert_of_the_whole_fleet_is_tried():
    assert set(FLEET) == set(rules(FLEET_RULES.read_text(encoding="utf-8")))


@needs_promtool
def test_promtool_finds_nothing_wrong_and_the_alerts_fire(tmp_path):
    shutil.copy(RULES, tmp_path)
    shutil.copy(FLEET_RULES, tmp_path)

    def promtool(*words):
        run = subprocess.run(["promtool", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr
    assert promtool("check", "rules", RULES.name, FLEET_RULES.name)[0] == 0
    (tmp_path / "quiet.yml").write_text(SERIES, encoding="utf-8")
    assert promtool("test", "rules", "quiet.yml")[0] == 0
    for name, time in [("JobFails", "110m"), ("JobLost", "110m"), ("ZooKeeperUnavailable", "110m"), ("JobNotDone", "122m"),
                       ("JobWaitsLong", "110m")]:
        lines = re.sub(r"    alert_rule_test:\n(.*\n)*", "", SERIES)
        lines += f"    alert_rule_test: [{{eval_time: {time}, alertname: {name}, exp_alerts: []}}]\n"
        (tmp_path / "loud.yml").write_text(lines, encoding="utf-8")
        code, said = promtool("test", "rules", "loud.yml")
        assert code != 0 and f'alertname="{name}"' in said.split("got:")[1], (name, said)
    (tmp_path / "never.yml").write_text(SERIES.split("tests:")[0] + "tests:" + FIRES % "", encoding="utf-8")
    assert 'alertname="JobNeverDone"' in promtool("test", "rules", "never.yml")[1]


# Ansible.

def test_the_playbook_checks_what_it_installs():
    tasks = {task["name"]: task for task in yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))[0]["tasks"]}
    assert tasks["The configuration"]["ansible.builtin.copy"]["validate"] == "switchmanctl check config %s"
    assert tasks["The crontab"]["ansible.builtin.copy"]["validate"].endswith("check crontab --system --offline %s")


def test_what_it_installs_passes_these_checks(ctl, tmp_path):
    """With the very words of the validate steps."""
    play, = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    configuration = {**play["vars"]["switchman_configuration"], "syslog": False}
    (tmp_path / "conf").write_text(json.dumps(configuration), encoding="utf-8")
    (tmp_path / "tab").write_text(play["vars"]["switchman_jobs"], encoding="utf-8")
    assert ctl("check", "config", tmp_path / "conf").code == 0
    assert ctl("check", "crontab", "--system", "--offline", tmp_path / "tab").code == 0


@pytest.mark.skipif(not shutil.which("ansible-playbook"), reason="ansible is not there; Debian has it in its package ansible-core")
@pytest.mark.parametrize("mistake", [False, True])
def test_ansible_plays_it(fleet, ctl, controller, tmp_path, mistake):
    """But for the package: a right configuration is installed, a wrong one is not."""
    (tmp_path / "bin").mkdir()
    # Without switchman: the crontab's PATH has no folder of the test's, and the check would rightly warn.
    (tmp_path / "bin/switchmanctl").symlink_to(controller)
    configuration = {"prefix": fleet.prefix, "zkhosts": fleet.address, **({"logflie": "/x"} if mistake else {})}
    variables = {"switchman_conf": f"{tmp_path}/conf", "switchman_crontab": f"{tmp_path}/tab",
                 "switchman_configuration": configuration}
    environment = ctl.environment(env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})

    def play():
        return subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "-c", "local", "--skip-tags", "package",
             "-e", json.dumps(variables), PLAYBOOK],
            env=environment, capture_output=True, text=True, check=False)
    first = play()
    assert (first.returncode != 0) == mistake, first.stdout
    assert (tmp_path / "conf").exists() == (not mistake)
    if mistake:
        assert "logflie" in first.stdout
        return
    assert json.loads((tmp_path / "conf").read_text())["prefix"] == fleet.prefix
    assert "web1.example.org, web2.example.org" in ctl("groups", "list").out
    again = play()
    assert again.returncode == 0 and re.search(r"changed=0 ", again.stdout), again.stdout
