"""Runs in a row on whichever server each finds: none is skipped for the one before it, however far its server lags."""

from Support.fleet import assert_silent


def test_none_is_skipped(ensemble_fleet):
    for turn in range(30):
        run = ensemble_fleet.run("--lockname", "a", "-E", 9, "--", *ensemble_fleet.job(f"job{turn}", "--for", 1))
        assert_silent(run, 0)
    tokens = [int(event.detail[0], 0) for event in ensemble_fleet.records.events("start")]
    assert len(tokens) == 30 and tokens == sorted(set(tokens))
