"""A selection of Tests/matrix, which plays all of it: SIGKILL and SIGSTOP of two of front, supervisor and guardian, in
every order."""

import os
import shutil
import subprocess
import tempfile

import pytest

from Support import ground, matrix
from Support.cgroups import MODES
from Support.fixtures import ROOT


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def player(program, recorder, shared_server, shared_client):
    home = tempfile.mkdtemp(prefix="switchman-matrix-")
    os.chmod(home, 0o711)
    source = ROOT / "Tests/Support/strike.c"
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", f"{home}/strike", source], check=True)
    yield matrix.Matrix(
        shutil.copy(program, f"{home}/switchman"), shutil.copy(recorder, f"{home}/job"), f"{home}/strike",
        home, shared_server, shared_client)
    shutil.rmtree(home, ignore_errors=True)


def have_no_overlap(player, cases):
    possible = [case for case in cases if not ground.why_not(case.mode, case.account)]
    if os.geteuid() != 0:
        possible = [case for case in possible if case.place == "on the host"]
    if not possible:
        pytest.skip("none of them is possible here")
    verdicts = player.play_all(possible, jobs=12)
    assert not [str(one) for one in verdicts if one.problems and not one.case.is_limit]
    assert len([one for one in verdicts if one.missed]) <= len(possible) / 2, "the machine is too busy"


@pytest.mark.parametrize("mode", MODES)
def test_a_sample_of_pairs(alone, player, mode):
    """And those that have broken it once."""
    cases = matrix.sample(matrix.cases(matrix.pairs(), ground.ACCOUNTS, [mode], matrix.PLACES), 16, seed=1)
    plans = [matrix.Plan.parse(text) for text in (
        "STOP supervisor 20 KILL guardian", "STOP supervisor 0 STOP guardian", "STOP guardian 0 STOP supervisor",
        "KILL guardian 3 STOP supervisor", "KILL supervisor 3 STOP front", "KILL supervisor 20 STOP front",
        "STOP front 20 STOP supervisor")]
    have_no_overlap(player, cases + matrix.cases(plans, ["root"], [mode], ["on the host"]))


def test_all_three_killed_are_swept(alone, player):
    plans = [plan for plan in matrix.triples() if {blow.number for blow in plan.blows} == {"KILL"}]
    have_no_overlap(player, matrix.sample(matrix.cases(plans, ["root"], MODES[:1], matrix.PLACES), 12, seed=1))


def test_what_is_a_limit():
    def is_limit(plan, mode="off"):
        return matrix.Case(matrix.Plan.parse(plan), "root", mode, "on the host").is_limit
    assert not any(matrix.Case(plan, "root", "off", "on the host").is_limit for plan in matrix.pairs()), "the third is left"
    killed = "KILL front 0 KILL supervisor 0 KILL guardian"
    assert is_limit(killed) and not is_limit(killed, "auto")
    assert is_limit("KILL front 0 KILL supervisor 0 STOP guardian", "auto")
    assert not is_limit("STOP front 0 KILL front 0 KILL guardian")
