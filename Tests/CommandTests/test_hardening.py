"""What makes a fault in the programs harder to use: read from the programs as they were built."""

import pathlib
import re
import subprocess

import pytest

from Support import mutation
from Support.fixtures import ROOT
from Support.supply import assert_documented, linked_in


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


def test_calls_that_copy_are_checked(headers):
    """_FORTIFY_SOURCE in our own C: libzookeeper's, which Debian builds so too, has neither of these."""
    assert {"__memcpy_chk", "__stpcpy_chk"} <= set(re.findall(r"__\w+_chk", headers))


def test_the_stack_holds_no_code(headers):
    line = next(line for line in headers.splitlines() if "GNU_STACK" in line)
    assert "E" not in line.split()[-2]


@pytest.mark.parametrize("which", ["program", "controller"])
def test_no_way_to_break_the_promise_is_built_in(request, which):
    """The mutants that the simulation plays are in a copy of the sources."""
    built = pathlib.Path(request.getfixturevalue(which)).read_bytes()
    assert [name for name in mutation.names() if name.encode() in built] == []


def test_what_is_packaged_names_no_folder_of_the_build(request, tmp_path):
    """Or the same sources would make other programs in another folder: .package/build strips them so."""
    for which in ("program", "controller"):
        stripped = tmp_path / which
        subprocess.run(["objcopy", "--strip-all", request.getfixturevalue(which), stripped], check=True)
        assert str(ROOT).encode() not in stripped.read_bytes()


# Docs/Security.md, "What is in the programs".

LOADED = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def test_nothing_but_the_c_library_is_loaded(headers):
    assert set(re.findall(r"Shared library: \[(.*)\]", headers)) <= LOADED


def test_what_is_linked_in_is_documented_with_its_version():
    table = linked_in()
    assert_documented("Package.resolved", "swift-argument-parser")
    compiler = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Swift version (\S+)", compiler)
    assert not found or f"| {found[1]} |" in table
    row = next(line for line in table.splitlines() if line.startswith("| libzookeeper_mt"))
    assert all(version in row for version in installed("libzookeeper-mt-dev"))
    assert set(re.findall(r"GCC (\d+)", row)) >= {version.split(".")[0] for version in installed("libstdc++-*-dev")}


def installed(package):
    """On Debian 12, which the row speaks of: the versions of those whose name is like that."""
    release = pathlib.Path("/etc/debian_version")
    if not release.exists() or not release.read_text(encoding="utf-8").startswith("12."):
        return []
    words = ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Version}\\n", package]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return [line[3:] for line in told.splitlines() if line.startswith("ii ")]
