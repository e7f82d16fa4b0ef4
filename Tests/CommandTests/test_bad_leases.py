"""Lease expressions: arithmetic, and nothing else. What is not is 64, in one line, before anything is connected to."""

import os

import pytest

from Support.eventually import eventually
from Support.fleet import assert_one_line, assert_silent

CPU = os.sysconf("SC_NPROCESSORS_ONLN")

REFUSED = [
    "", "r", "r=", "=1:4", "r=:4", "r=1:", "r=1:4:5", "r=1:4 5",
    "r=0:4", "r=-1:4", "r=5:4", "r=1:0", "r=1:-4", "r=0:0",
    "r=1/2:4", "r=0.5:4", "r=1.5:4", "r=1:4.5", "r=-2**2:4", "r=7%-3:4",
    "r=1:2**53", "r=2**60:2**61", "r=1:1e400", "r=1e400:1e400", "r=1:9**9**9", "r=1:99999999999999999999",
    "r=1/0:4", "r=1:1/0", "r=1%0:4", "r=0/0:4", "r=1:4%0",
    "r=foo:4", "r=1:foo", "r=foo(1):4", "r=cpu:cpu", "r=int:4", "r=1 or 1:4",
    "r=`id`:4", "r=$x:4", "r=$(id):4", "r=1;2:4", "r=1,2:4", "r=\"1\":4", "r='1':4", "r=@a:4", "r=1=1:4", "r=~1:4",
    "r=01:4", "r=0x1:4", "r=1_0:40", "r=2CPU:99999", "r=CPU2:99999", "r=MEMMBx:4",
    "r=(1:4", "r=1):4", "r=():4", "r=1+:4", "r=*1:4", "r=max():4", "r=max(1,:4", "r=1 1:4", "r=1?2:4",
    "r=1\n:4", "r=1\x01:4", "r=1é:4",
    "r=" + "+".join(["1"] * 5000) + ":9999", "r=" + "(" * 5000 + "1" + ")" * 5000 + ":4",
    "a/b=1:4",
]


@pytest.mark.parametrize("lease", REFUSED, ids=lambda text: text.encode("unicode_escape").decode()[:24])
def test_refused(fleet, lease):
    fleet.resources("r")
    assert_one_line(fleet.run("--lockname", "a", "--lease", lease, "--", "false"), 64)
    fleet.assert_no_trace()


def test_refused_without_a_server(fleet):
    """A mistake on the command line is told at once, not after the connect timeout."""
    config = fleet.config(zkhosts="127.0.0.1:1", connect_timeout=60)
    assert_one_line(fleet.run("--lease", "r=`id`:4", "--", "false", config=config, within=5), 64, "`")


def test_the_line_names_the_position(fleet):
    run = fleet.run("--lockname", "a", "--lease", "r=1+foo:4", "--", "false")
    assert_one_line(run, 64, "foo")


def test_the_same_resource_twice_with_different_values(fleet):
    fleet.resources("r")
    for second in ("r=2:4", "r=1:5"):
        run = fleet.run("--lockname", "a", "--lease", "r=1:4", "--lease", second, "--", "false")
        assert_one_line(run, 64, "r")
    fleet.assert_no_trace()


def test_nothing_is_evaluated(fleet):
    witness = fleet.flag("witness")
    for lease in (f"r=`touch {witness}`:4", f"r=system('touch {witness}'):4", f"r=$(touch {witness}):4"):
        assert fleet.run("--lockname", "a", "--lease", lease, "--", "false").code == 64
    assert not os.path.exists(witness)


@pytest.mark.parametrize("lease, name", [
    ("1:4", "1_4"), ("int(7/2):4", "3_4"), ("1e0:4", "1_4"), ("1.5*2:4", "3_4"), ("2**3**2:1000", "512_1000"),
    ("1:4+4", "1_8"), ("-(-2):4", "2_4"), ("7%4:4", "3_4"), ("-7%4:4", "1_4"), ("(1<2)+1:4", "2_4"), ("0||2:4", "2_4"),
    ("5&&3:4", "3_4"), ("1:1?4:5", "1_4"), ("max(1,3,2):4", "3_4"), ("min(3,2):4", "2_4"), ("abs(-2):4", "2_4"),
    ("floor(2.7):4", "2_4"), ("ceil(2.1):4", "3_4"), ("round(1.5):4", "2_4"), ("int(2.9):4", "2_4"),
    (" 1 : 4 ", "1_4"), ("1+2*1:4", "3_4"), ("(1+1)*2:4", "4_4"), ("1:2**53-1", "1_9007199254740991"),
    ("CPU:CPU", f"{CPU}_{CPU}"), ("max(1,int(CPU/4)):CPU*10", f"{max(1, CPU // 4)}_{CPU * 10}"),
    ("1!=2:4", "1_4"), ("2<=2:4", "1_4"),
])
def test_understood(fleet, lease, name):
    fleet.resources("r")
    fleet.start_job("a", arguments=("--lease", f"r={lease}"))
    assert [one.split("_")[:2] for one in fleet.leases("r")] == [name.split("_")]
    fleet.end_job("a")


def test_memory_in_megabytes(fleet):
    """As the original counts it: from MemTotal."""
    with open("/proc/meminfo", encoding="ascii") as file:
        kilobytes = next(int(line.split()[1]) for line in file if line.startswith("MemTotal:"))
    fleet.resources("r")
    fleet.start_job("a", arguments=("--lease", "r=1:MEMMB"))
    total = int(fleet.leases("r")[0].split("_")[1])
    assert abs(total - kilobytes / 1024) <= 1
    fleet.end_job("a")


def test_macros_in_resource_names(fleet):
    fleet.resources("FQDN_mem", "FQDN_cpu")
    fleet.start_job("a", arguments=("--lease", "FQDN_cpu=1:4"))
    assert len(fleet.leases("host1.example.org_cpu")) == 1
    fleet.end_job("a")


def test_the_same_resource_twice_with_the_same_values_is_one(fleet):
    fleet.resources("r")
    fleet.start_job("a", arguments=("--lease", "r=1:4", "--lease", "r=2-1:4"))
    assert len(fleet.leases("r")) == 1
    fleet.end_job("a")
    eventually(lambda: fleet.leases("r") == [])
    assert_silent(fleet.runs[-1].finished(), 0)
