"""--on-unavailable: whether a ZooKeeper that cannot be reached within connect_timeout is an error, or a skip like another."""

import pytest

from Support.eventually import now
from Support.fleet import assert_one_line, assert_silent
from Support.server import ZooKeeperServer


@pytest.fixture
def away(fleet):
    """Where nobody listens."""
    fleet.settings.update(zkhosts="127.0.0.1:1", connect_timeout=1)
    return fleet


@pytest.mark.parametrize("options", [(), ("--on-unavailable", "fail"), ("--on-unavailable=fail", "-E", 9)])
def test_it_is_an_error(away, options):
    run = away.run("--lockname", "a", *options, "--", "false")
    assert_one_line(run, 69, "127.0.0.1:1")
    assert 0.9 < now() - run.began < 3


@pytest.mark.parametrize("options, code", [
    ((), 0), (("-E", 9), 9), (("--exit-code", "unavailable=5"), 5), (("-E", 9, "--exit-code", "unavailable=5"), 5),
])
def test_it_is_a_skip(away, options, code):
    assert_silent(away.run("--lockname", "a", "--on-unavailable", "skip", *options, "--", "false"), code)


@pytest.mark.parametrize("options, code", [((), 0), (("-E", 9), 9), (("--on-unavailable", "fail"), 69)])
def test_the_configuration_may_say_so_for_all_and_the_run_otherwise(away, options, code):
    away.settings["on_unavailable"] = "skip"
    run = away.run("--lockname", "a", *options, "--", "false")
    assert_silent(run, code) if code != 69 else assert_one_line(run, 69, "127.0.0.1:1")
    away.settings["on_unavailable"] = "fail"
    assert_silent(away.run("--lockname", "a", "--on-unavailable", "skip", "--", "false"), 0)
    assert_silent(away.run("--lockname", "a", "--", "false", env={"SWITCHMAN_ON_UNAVAILABLE": "skip"}), 0)
    away.settings["on_unavailable"] = "skip"
    assert away.run("--dry-run", "--lockname", "a", *options, "--", "false").code == code


@pytest.mark.parametrize("value", ["ignore", True, 1])
def test_another_value_is_refused(away, value):
    away.settings["on_unavailable"] = value
    assert_one_line(away.run("--lockname", "a", "--", "false"), 78, "on_unavailable", "fail or skip")


def test_with_verbose_the_skip_says_why(away):
    run = away.run("--lockname", "a", "--on-unavailable", "skip", "--verbose", "--", "false")
    assert run.code == 0 and "127.0.0.1:1" in run.err


def test_other_errors_are_errors_all_the_same(fleet):
    skip = ("--lockname", "a", "--on-unavailable", "skip")
    assert_one_line(fleet.run(*skip, "-g", "unknown", "--", "false"), 65)
    assert fleet.run(*skip, "--", "sh", "-c", "exit 69").code == 69


@pytest.fixture
def strict(fleet):
    """A server of its own, with quotas that count and short sessions."""
    server = ZooKeeperServer(max_session_ms=5000, flags=["-Dzookeeper.enforceQuota=true"])
    client = server.client()
    fleet.settings.update(zkhosts=server.address)
    fleet.server_client = client
    yield fleet
    client.stop()
    client.close()
    server.close()


@pytest.mark.parametrize("options", [(), ("--lease", "r=1:1"), ("--wait", "1m")], ids=["lock", "lease", "wait"])
def test_a_quota_is_an_error_all_the_same(strict, options):
    """It does not pass, and a skip would hide it for good."""
    client, quota = strict.server_client, f"/zookeeper/quota{strict.prefix}"
    client.create(strict.prefix, b'{"resources": ["r"]}')
    client.create(f"{quota}/zookeeper_limits", b"count=-1,bytes=-1=;countHardLimit=2", makepath=True)
    client.create(f"{quota}/zookeeper_stats", b"count=0,bytes=0")
    run = strict.run("--lockname", "a", "--on-unavailable", "skip", *options, "--", "false")
    assert_one_line(run, 69, "-125")
    assert strict.run("--lockname", "a", "--exit-code", "unavailable=5", *options, "--", "false").code == 5


def test_sessions_too_short_for_a_mixed_fleet_are_an_error_all_the_same(strict):
    strict.settings.update(mixed_fleet=True, session_timeout=30)
    run = strict.run("--lockname", "a", "--on-unavailable", "skip", "--", "false")
    assert_one_line(run, 69, "mixed_fleet", "maxSessionTimeout")


@pytest.mark.parametrize("value", ["", "ignore", "FAIL"])
def test_another_word_is_refused(fleet, value):
    assert_one_line(fleet.run("--on-unavailable", value, "--", "false"), 64, "--on-unavailable", "fail, skip")
