"""Servers that let everybody in and answer nothing, or late: every question ends."""

import pytest

from Support.fleet import assert_one_line


@pytest.mark.parametrize("count", [1, 3])
def test_no_answer_is_69_however_many_servers_there_are(fleet, proxy, count):
    proxy.on_reply = lambda reply, request: "swallow" if request and request.name != "ping" else None
    config = fleet.config(zkhosts=",".join([proxy.address] * count), connect_timeout=2)
    assert_one_line(fleet.run("--lockname", "a", "--", "true", config=config), 69, "no answer")


def test_late_answers_are_answers(fleet, proxy):
    proxy.delay(1.1)
    # A third of the time is over before the first answer.
    config = fleet.config(zkhosts=",".join([proxy.address] * 3), connect_timeout=6)
    assert fleet.run("--lockname", "a", "--", "true", config=config).code == 0
    proxy.delay(0)
