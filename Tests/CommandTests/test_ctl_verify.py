"""switchmanctl verify: inside a job, does it still own its lock?"""

import pytest

from Support.control import assert_refused, assert_silent_yes, checked


def environment(fleet, lockname, **changes):
    stat = fleet.stat("locks", lockname)
    named = {"SWITCHMAN_LOCK_PATH": fleet.path("locks", lockname), "SWITCHMAN_FENCING_TOKEN": str(stat.czxid),
             "SWITCHMAN_SESSION_ID": f"{stat.ephemeralOwner:x}", **changes}
    return {name: value for name, value in named.items() if value is not None}


def test_inside_a_job_it_says_yes(ctl, fleet):
    run = fleet.run("--lockname", "backup", "--", ctl.program, "verify")
    assert_silent_yes(run)


def test_somebody_elses_session_or_an_earlier_token_is_a_no(ctl, fleet):
    run = fleet.start_job("backup")
    assert_silent_yes(ctl("verify", env=environment(fleet, "backup")))
    for changes in ({"SWITCHMAN_SESSION_ID": "123"}, {"SWITCHMAN_FENCING_TOKEN": "7"}):
        assert_refused(ctl("verify", env=environment(fleet, "backup", **changes)), 1, "somebody else holds it")
    document = checked(ctl("verify", "--json", env=environment(fleet, "backup", SWITCHMAN_SESSION_ID="1")).out, "verify")
    assert document["owned"] is False
    fleet.end_job("backup")
    assert run.wait() == 0


def test_a_lock_that_is_gone_is_a_no(ctl, fleet):
    run = fleet.start_job("backup")
    named = environment(fleet, "backup")
    fleet.end_job("backup")
    assert run.wait() == 0
    assert_refused(ctl("verify", env=named), 1, "nobody holds it")


def test_without_an_answer_it_is_unknowable(ctl, fleet, proxy):
    run = fleet.start_job("backup")
    named = environment(fleet, "backup")
    away = fleet.config("away.conf", zkhosts="127.0.0.1:1", connect_timeout=1)
    assert_refused(ctl("verify", env=named, config=away), 69, "no answer from ZooKeeper")
    fleet.end_job("backup")
    assert run.wait() == 0


@pytest.mark.parametrize("name", ["SWITCHMAN_LOCK_PATH", "SWITCHMAN_FENCING_TOKEN", "SWITCHMAN_SESSION_ID"])
def test_outside_of_a_job_it_is_a_mistake(ctl, fleet, name):
    complete = {"SWITCHMAN_LOCK_PATH": "/x", "SWITCHMAN_FENCING_TOKEN": "1", "SWITCHMAN_SESSION_ID": "1"}
    del complete[name]
    assert_refused(ctl("verify", env=complete), 64, name)


@pytest.mark.parametrize("changes, mention", [
    ({"SWITCHMAN_FENCING_TOKEN": "0x7"}, "SWITCHMAN_FENCING_TOKEN"), ({"SWITCHMAN_FENCING_TOKEN": "9" * 30}, "decimal"),
    ({"SWITCHMAN_SESSION_ID": "xyz"}, "SWITCHMAN_SESSION_ID"), ({"SWITCHMAN_LOCK_PATH": "/elsewhere/locks/a"}, "/locks"),
])
def test_an_environment_that_makes_no_sense(ctl, fleet, changes, mention):
    named = {"SWITCHMAN_LOCK_PATH": fleet.path("locks", "a"), "SWITCHMAN_FENCING_TOKEN": "1", "SWITCHMAN_SESSION_ID": "1"}
    assert_refused(ctl("verify", env={**named, **changes}), 64, mention)
