"""What makes a fault in the programs harder to use: read from the programs as they were built."""

import pathlib
import subprocess

import pytest

from Support import mutation


@pytest.fixture(params=["program", "controller"])
def headers(request):
    command = ["readelf", "-W", "-d", "-l", "-s", request.getfixturevalue(request.param)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_no_library_is_looked_for_beside_the_program(headers):
    assert "RUNPATH" not in headers and "RPATH" not in headers


def test_addresses_cannot_be_foretold(headers):
    assert "Flags: NOW PIE" in headers


def test_what_is_bound_cannot_be_written(headers):
    assert "GNU_RELRO" in headers and "BIND_NOW" in headers


def test_stacks_are_guarded(headers):
    assert "__stack_chk_fail" in headers


def test_the_stack_holds_no_code(headers):
    line = next(line for line in headers.splitlines() if "GNU_STACK" in line)
    assert "E" not in line.split()[-2]


@pytest.mark.parametrize("which", ["program", "controller"])
def test_no_way_to_break_the_promise_is_built_in(request, which):
    """The mutants that the simulation plays are in a copy of the sources."""
    built = pathlib.Path(request.getfixturevalue(which)).read_bytes()
    assert [name for name in mutation.names() if name.encode() in built] == []
