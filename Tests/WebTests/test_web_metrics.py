"""/metrics: what `switchmanctl metrics` prints, for a Prometheus that asks by itself."""

import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from Support.eventually import eventually
from Support.original import Original

READ = "switchman_fleet_read_timestamp_seconds"
HOSTILE = 'a",lockname="b\\ <script> \u00e9'


def samples(text):
    """By name and labels, as Prometheus's own parser reads them."""
    return {(one.name, tuple(sorted(one.labels.items()))): one.value
            for family in text_string_to_metric_families(text) for one in family.samples}


def without_the_time(values):
    return {key: value for key, value in values.items() if key[0] != READ}


@pytest.mark.parametrize("name", ["backup", HOSTILE])
def test_they_are_the_tools_own(web, fleet, ctl, name):
    fleet.resources("r", totals={"r": 2})
    fleet.run("--lockname", "old", "--", "sh", "-c", "exit 3")
    original = Original(fleet.client, fleet.prefix)
    original.take_lock(name)
    eventually(lambda: len(web.json("/api/status")["locks"]) == 1)
    answer = web.get("/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    values = without_the_time(samples(answer.text))
    assert values == without_the_time(samples(ctl("metrics").out)) and len(values) > 8
    assert values["switchman_job_last_exit_code", (("lockname", "old"), ("prefix", fleet.prefix))] == 3
    assert any(dict(labels).get("lockname") == name for _, labels in values)
    original.release_lock(name)


def test_the_time_is_that_of_the_question(web, fleet):
    """Nothing has changed, and what is told is right all the same: the alert on old metrics must not fire."""
    key = (READ, (("prefix", fleet.prefix),))
    first = samples(web.get("/metrics").text)[key]
    eventually(lambda: samples(web.get("/metrics").text)[key] > first + 1, within=10)
    assert abs(samples(web.get("/metrics").text)[key] - time.time()) < 5


def test_what_is_old_is_not_told(own_web, server):
    assert own_web.get("/metrics").status == 200
    server.kill()
    eventually(lambda: own_web.get("/metrics").status == 503)
    assert "old" in own_web.get("/metrics").text
    server.restart()


def test_none_while_nobody_can_read_the_fleets_data(web, fleet):
    """Else a paused job would be told of as one that is not."""
    fleet.prefix_data("{")
    answer = eventually(lambda: (found := web.get("/metrics")).status == 503 and found)
    assert "prefix data is not valid JSON" in answer.text and web.get("/healthz").status == 200
    fleet.prefix_data({})
    eventually(lambda: web.get("/metrics").status == 200)
