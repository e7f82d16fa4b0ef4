"""What servers answer with a code of their own: in words, with what to do, and never a bare number."""

import pytest

from Support.fleet import assert_one_line


@pytest.mark.parametrize("code, outcome, words", [
    (-124, 77, "demand authentication by SASL"), (-125, 69, "raise it (setquota)"), (-120, 69, "localSessionsUpgradingEnabled"),
    (-114, 69, "take its access list for invalid"), (-6, 69, "are they older than 3.4?"), (-3, 69, "inconsistent"),
])
def test_a_take_that_is_refused(fleet, proxy, code, outcome, words):
    proxy.on_request = lambda one: code if one.name == "multi" else None
    run = fleet.run("--lockname", "a", "--", "false", config=fleet.config(zkhosts=proxy.address, connect_timeout=3))
    assert_one_line(run, outcome, words, f"({code})")
