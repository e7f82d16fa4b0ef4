"""Prefix data that cannot be used: 65 in one line, and only for a run that needs it."""

import json

import pytest

from Support.fleet import HOST, assert_one_line, assert_silent

NOT_AN_OBJECT = ["hello", "{", "[]", '"x"', "7", "null", "{} x", "old.example.org 4711", b"\xff\xfe", b"\x00"]


@pytest.mark.parametrize("data", NOT_AN_OBJECT)
@pytest.mark.parametrize("needs", [["-g", "g"], ["--lease", "r=1:1"]], ids=["group", "lease"])
def test_not_an_object(fleet, data, needs):
    fleet.prefix_data(data)
    assert_one_line(fleet.run("--lockname", "a", *needs, "--", "false"), 65, fleet.prefix)
    fleet.assert_no_trace()


@pytest.mark.parametrize("data", NOT_AN_OBJECT)
def test_a_run_that_does_not_need_it_does_not_care(fleet, data):
    fleet.prefix_data(data)
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)


def test_the_originals_accident_is_named(fleet):
    """A missing PREFIX the original creates with "FQDN PID", after which nobody can read the tree."""
    fleet.prefix_data("old.example.org 4711")
    run = fleet.run("--lockname", "a", "-g", "g", "--", "false")
    assert_one_line(run, 65, fleet.prefix)
    assert "original" in run.err


@pytest.mark.parametrize("groups", [
    [], "g", 7, {"g": {}}, {"g": 7}, {"g": {"host1.example.org": 1}}, {"g": [7]}, {"g": [["host1.example.org"]]},
    {"g": [{}]}, {"g": True},
])
def test_groups_of_a_wrong_shape(fleet, groups):
    fleet.prefix_data({"groups": groups})
    assert_one_line(fleet.run("--lockname", "a", "-g", "g", "--", "false"), 65)
    fleet.assert_no_trace()


@pytest.mark.parametrize("resources", ["r", 7, {}, {"r": 1}, [7], [["r"]], [{}], ["r", 7]])
def test_resources_of_a_wrong_shape(fleet, resources):
    fleet.prefix_data({"resources": resources})
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false"), 65, "resources")
    fleet.assert_no_trace()


@pytest.mark.parametrize("data", [{}, {"groups": {}}, {"groups": {"other": [HOST]}}])
def test_an_unknown_group(fleet, data):
    fleet.prefix_data(data)
    assert_one_line(fleet.run("--lockname", "a", "-g", "wanted", "--", "false"), 65, "wanted")
    fleet.assert_no_trace()


@pytest.mark.parametrize("data", [{}, {"resources": []}, {"resources": ["other"]}])
def test_an_unknown_resource(fleet, data):
    fleet.prefix_data(data)
    assert_one_line(fleet.run("--lockname", "a", "--lease", "wanted=1:1", "--", "false"), 65, "switchmanctl resources add wanted")
    # By the name that makes it right for all hosts.
    assert_one_line(fleet.run("--lease", "FQDN_w=1:1", "--", "false"), 65, f"--lease {HOST}_w", "switchmanctl resources add FQDN_w")
    fleet.assert_no_trace()


@pytest.mark.parametrize("needs", [["-g", "g"], ["--lease", "r=1:1"]], ids=["group", "lease"])
def test_absent_prefix_data_knows_no_group_and_no_resource(fleet, needs):
    assert_one_line(fleet.run("--lockname", "a", *needs, "--", "false"), 65)
    fleet.assert_no_trace()


def test_absent_data_is_fine_and_is_created(fleet):
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)
    assert fleet.get() == "{}"


def test_empty_data_is_fine(fleet):
    fleet.prefix_data(b"")
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)


def test_unknown_keys_are_ignored(fleet):
    fleet.prefix_data({"groups": {"g": HOST}, "resources": ["r"], "whatever": [1, {}]})
    assert_silent(fleet.run("--lockname", "a", "-g", "g", "--lease", "r=1:1", "--", "true"), 0)


def test_a_megabyte(fleet):
    """Longer than `data_read_len`, as the original has it: what was cut off cannot be read."""
    fleet.prefix_data(json.dumps({"resources": ["r"], "padding": "x" * 1_000_000}))
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false"), 65, "data_read_len")
    fleet.assert_no_trace()
    assert_silent(fleet.run("--lockname", "a", "--", "true"), 0)


def test_data_read_len_lets_more_through(fleet):
    fleet.prefix_data(json.dumps({"resources": ["r"], "padding": "x" * 100_000}))
    assert_one_line(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false"), 65, "data_read_len")
    config = fleet.config(data_read_len=200_000)
    assert_silent(fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "true", config=config), 0)
