"""The hooks `started`, which runs beside the command, and `recovered`, for the first success after a failure."""

import os
import pathlib

import pytest

from Support import processes
from Support.eventually import eventually, now
from Support.fleet import assert_one_line, assert_silent

EVERY = ("started", "succeeded", "recovered", "failed", "lost", "released")


@pytest.fixture
def called(fleet):
    script = 'printf "%s|%s|%s|%s\\n" "$SWITCHMAN_HOOK" "$SWITCHMAN_OUTCOME" "$SWITCHMAN_EXIT_CODE" "$SWITCHMAN_LOCKNAME"' \
        f" >> {fleet.folder}/called"
    fleet.settings["hooks"] = {hook: script for hook in EVERY}

    def calls(number=None):
        path = pathlib.Path(fleet.folder, "called")
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line.split("|")[number] if number is not None else line for line in lines]
    return calls


def run(fleet, *options, command=("true",), **more):
    return fleet.run("--lockname", "a", *options, "--", *command, **more)


# started

def test_it_is_called_while_the_command_runs(fleet, called):
    job = fleet.start_job("a", env={"SWITCHMAN_OUTCOME": "an outer run's", "SWITCHMAN_HOOK": "x"})
    eventually(lambda: called() == ["started|||a"], what="the hook")
    assert fleet.stat("locks", "a")
    fleet.end_job("a")
    assert job.wait() == 0 and called() == ["started|||a", "succeeded|ran|0|a"]


def test_once_for_all_attempts(fleet, called):
    assert run(fleet, "--retries", 2, "--retry-delay", 0, command=("false",)).code == 1
    assert called(0) == ["started", "failed"]


@pytest.mark.parametrize("options, command, hooks", [
    ((), ("/no/such/program",), ["failed"]), (("--dry-run",), ("true",), []), (("--no-lock",), ("true",), ["started", "succeeded"]),
])
def test_only_what_was_started_calls_it(fleet, called, options, command, hooks):
    run(fleet, *options, command=command)
    assert called(0) == hooks


def test_a_skip_does_not(fleet, called):
    fleet.start_job("a")
    eventually(called, what="the holder's")
    assert_silent(run(fleet), 0)
    assert called(0) == ["started"]
    fleet.end_job("a")


def test_the_end_waits_for_it_and_neither_command_nor_lock_does(fleet):
    hook = f"until [ -e {fleet.folder}/end ]; do sleep 0.1; done; echo started >> {fleet.folder}/called"
    fleet.settings["hooks"] = {"started": hook, "failed": f"echo failed >> {fleet.folder}/called"}
    job = fleet.start("--lockname", "a", "--", "sh", "-c", f"touch {fleet.folder}/ran; exit 3")
    eventually(lambda: os.path.exists(f"{fleet.folder}/ran"), what="the command")
    eventually(lambda: not fleet.stat("locks", "a"), what="the release")
    assert fleet.record("a")["runs"][-1]["held_ms"] < 5000 and not os.path.exists(f"{fleet.folder}/called")
    fleet.raise_flag(f"{fleet.folder}/end")
    assert_silent(job.finished(), 3)
    assert pathlib.Path(fleet.folder, "called").read_text(encoding="utf-8").split() == ["started", "failed"]


def test_one_that_takes_too_long_is_killed_beside_the_command(fleet):
    fleet.settings["hooks"] = {"started": "trap '' TERM; echo said; sleep 1000 & sleep 1000"}
    fleet.settings["logfile"] = f"{fleet.folder}/log"
    job = fleet.start_job("a", arguments=("--lockname", "a", "--term", "3s"))
    eventually(lambda: "took longer than 10 s and was killed" in job.err, within=20, what="the limit")
    assert fleet.stat("locks", "a"), "the command has run on, its heartbeats too"
    assert 'hook "started": said\n' in pathlib.Path(fleet.folder, "log").read_text(encoding="utf-8")
    fleet.end_job("a")
    assert_one_line(job.finished(), 0, 'hook "started" took longer than 10 s')
    assert job.all_gone()


@pytest.mark.parametrize("hook, line", [("exit 7", "exited with 7"), ("kill -9 $$", "died of signal 9")])
def test_it_changes_nothing(fleet, hook, line):
    fleet.settings["hooks"] = {"started": hook}
    assert_one_line(run(fleet), 0, f'hook "started" {line}')


def hanging(fleet):
    fleet.settings["hooks"] = {"started": f"touch {fleet.folder}/hook; sleep 1000"}
    job = fleet.start_job("a")
    eventually(lambda: os.path.exists(f"{fleet.folder}/hook"), what="the hook runs")
    return job


def test_it_goes_with_the_command_when_the_guardian_is_gone(fleet):
    """The supervisor then kills all that is its own, the hook too, and knows that it has."""
    job = hanging(fleet)
    processes.kill(job.guardian)
    began = now()
    assert job.wait() == 81 and now() - began < 5
    assert 'hook "started" died of signal 9' in job.err and job.all_gone()


def test_it_goes_with_the_command_when_the_supervisor_is_gone(fleet):
    job = hanging(fleet)
    processes.kill(job.supervisor)
    assert job.wait() == 81 and job.all_gone()
    fleet.leaves_marks = True


# recovered

def test_the_first_success_after_a_failure(fleet, called):
    assert run(fleet).code == 0 and called(0) == ["started", "succeeded"]
    assert run(fleet, command=("false",)).code == 1
    assert run(fleet, command=("false",)).code == 1
    assert run(fleet).code == 0
    assert called()[2:] == ["started|||a", "failed|ran|1|a"] * 2 + ["started|||a", "succeeded|ran|0|a", "recovered|ran|0|a"]
    assert run(fleet).code == 0
    assert called(0)[-2:] == ["started", "succeeded"]


@pytest.mark.parametrize("options, command, again", [
    (("--success", "3"), ("sh", "-c", "exit 3"), False), ((), ("sh", "-c", "exit 3"), True), ((), ("/no/such/program",), True),
    ((), ("sh", "-c", "kill -9 $$"), True),
])
def test_what_is_a_failure(fleet, called, options, command, again):
    run(fleet, *options, command=command)
    run(fleet)
    assert ("recovered" in called(0)) == again


def test_a_code_that_is_a_success_is_a_recovery(fleet, called):
    run(fleet, command=("false",))
    run(fleet, "--success", "3", command=("sh", "-c", "exit 3"))
    assert called()[-1] == "recovered|ran|3|a"


def test_attempts_of_one_run_are_one(fleet, called):
    script = f"echo >> {fleet.folder}/attempts; test $(wc -l < {fleet.folder}/attempts) = 2"
    assert run(fleet, "--retries", 1, "--retry-delay", 0, command=("sh", "-c", script)).code == 0
    assert "recovered" not in called(0)


def test_an_operators_stop_is_neither(fleet, called):
    for failure in (False, True):
        if failure:
            run(fleet, command=("false",))
        job = fleet.start_job(f"job{failure}", arguments=("--lockname", "a"))
        request = fleet.path("stops", f"a-{fleet.stat('locks', 'a').czxid:x}")
        fleet.client.create(request, b"", ephemeral=True, makepath=True)
        assert job.wait() == 80
        fleet.client.delete(request)
        assert run(fleet).code == 0
        assert ("recovered" in called(0)) == failure


def test_a_lost_run_is_a_failure(fleet, called):
    job = fleet.start_job("a", arguments=("--lockname", "a", "--term", "3s"))
    fleet.client.delete(fleet.path("locks", "a"))
    assert job.wait() == 81
    assert run(fleet).code == 0
    assert called(0)[-2:] == ["succeeded", "recovered"]
    fleet.leaves_marks = True


def test_without_a_lock_nothing_is_remembered(fleet, called):
    run(fleet, "--no-lock", command=("false",))
    run(fleet, "--no-lock")
    assert "recovered" not in called(0)


# lost, of the run before

def write_down(fleet):
    """All that is told, in the order of the calls."""
    told = ["HOOK", "OUTCOME", "EXIT_CODE", "LOST_HOST", "LOST_START", "REASON"]
    line = "|".join(f"${{SWITCHMAN_{name}-unset}}" for name in told)
    fleet.settings["hooks"] = {hook: f'echo "{line}" >> {fleet.folder}/called' for hook in EVERY}

    def calls():
        path = pathlib.Path(fleet.folder, "called")
        return [line.split("|") for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return calls


def lose(fleet, **settings):
    host = fleet.config("lost.conf", fqdn="lost.example.org", session_timeout=4, hooks=None, **settings)
    fleet.lose_host(fleet.start_job("lost", arguments=("--lockname", "a", "--term", "4s"), config=host))
    eventually(lambda: not fleet.list("locks"), what="the session has expired")


def test_the_next_run_tells_of_a_host_that_was_lost(fleet):
    calls = write_down(fleet)
    lose(fleet)
    began = now()
    assert run(fleet, env={"SWITCHMAN_LOST_HOST": "an outer hook's"}).code == 0
    assert now() - began > 3.5
    lost, started, succeeded, recovered = calls()
    assert lost[:4] == ["lost", "lost", "81", "lost.example.org"] and lost[4].startswith("20") and lost[4].endswith("Z"), lost
    assert lost[5] == f"lost.example.org was lost with its run, which began at {lost[4]}; its command is surely dead by now"
    assert [call[0] for call in (started, succeeded, recovered)] == ["started", "succeeded", "recovered"]
    assert started[3:5] == ["", ""]
    assert run(fleet).code == 0 and [call[0] for call in calls()].count("lost") == 1


def test_not_before_the_term_is_over_and_by_whoever_waits_to_its_end(fleet):
    calls = write_down(fleet)
    lose(fleet)
    impatient = fleet.start("--lockname", "a", "--", "true")
    eventually(lambda: fleet.record("a").get("waiting"), what="it waits")
    assert calls() == []
    impatient.send(15)
    assert impatient.wait() == 143
    assert [call[0] for call in calls()] == ["failed"]
    assert run(fleet).code == 0
    assert [call[3] for call in calls() if call[0] == "lost"] == ["lost.example.org"]


def test_a_successor_that_is_lost_while_it_waits_is_not_the_one(fleet):
    """Nothing of it has run: who has is told by the next."""
    calls = write_down(fleet)
    lose(fleet)
    second = fleet.start("--lockname", "a", "--term", "4s", "--", "true", config=fleet.config("second.conf", session_timeout=4))
    eventually(lambda: fleet.record("a").get("waiting"), what="it waits")
    fleet.lose_host(second)
    eventually(lambda: not fleet.list("locks"), what="the session has expired")
    assert run(fleet).code == 0
    assert [call[3] for call in calls() if call[0] == "lost"] == ["lost.example.org"]
