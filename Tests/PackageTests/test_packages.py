"""What is in the packages."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from Support import packages
from Support.debian_tree import DebianTree
from Support.fixtures import ROOT

PROGRAMS = ("switchman", "switchmanctl")
# A newer one would shut out RHEL 9 and Amazon Linux 2023.
GLIBC = "2.34"
LIBRARIES = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


KINDS = ["deb", "tar", *(["rpm"] if shutil.which("rpmbuild") else [])]


@pytest.fixture(scope="module")
def made(tmp_path_factory, program, controller):
    built = packages.build(tmp_path_factory.mktemp("made"), program, controller, *KINDS)
    assert len(built) == 2 * len(KINDS)
    return built


@pytest.fixture(scope="module")
def debs(made):
    return made[:2]


@pytest.fixture(scope="module")
def content(debs, tmp_path_factory):
    return [packages.unpacked(deb, tmp_path_factory.mktemp("content") / "root") for deb in debs]


def output(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def build_id(path):
    return re.search(r"Build ID: (\w+)", output("readelf", "-n", path))[1]


def test_lintian_has_nothing_to_say(debs):
    """Overrides are in .package/debian/overrides, each with its reason."""
    run = subprocess.run(["lintian", "--fail-on", "error,warning", *debs], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_same_programs_give_the_same_bytes(made, program, controller, tmp_path):
    """Later, and with another umask."""
    before = os.umask(0o077)
    try:
        again = packages.build(tmp_path, program, controller, *KINDS)
    finally:
        os.umask(before)
    assert [path.name for path in again if path.read_bytes() not in [one.read_bytes() for one in made]] == []


def test_a_program_that_was_built_in_another_folder_gives_the_same_bytes(program, controller, tmp_path):
    """The linker's build id counts the folder's name, in the debug information, and is all that differs then."""
    staged = []
    for number in range(2):
        folder = tmp_path / f"built-{number}"
        folder.mkdir()
        for name, built in zip(PROGRAMS, (program, controller)):
            code = pathlib.Path(built).read_bytes()
            linkers = bytes.fromhex(build_id(built))
            assert code.count(linkers) == 1
            (folder / name).write_bytes(code.replace(linkers, bytes([number]) * len(linkers)))
            (folder / name).chmod(0o755)
        packages.built(root := tmp_path / f"staged-{number}", *(str(folder / name) for name in PROGRAMS), "--stage")
        staged.append([(root / "usr/bin" / name).read_bytes() for name in PROGRAMS])
        assert len({build_id(root / "usr/bin" / name) for name in PROGRAMS} | {"00" * 20, "01" * 20}) == 4
    assert staged[0] == staged[1]


def test_whoever_packs_it_is_asked_for_an_address(program, controller, tmp_path):
    """To which faults are reported: Docs/Security.md sends people to the package's maintainer."""
    words = (tmp_path, program, controller, "--stage")
    assert "set DEBFULLNAME and DEBEMAIL" in packages.built(*words, DEBEMAIL="").stderr
    assert packages.built(*words, DEBFULLNAME="Somebody", DEBEMAIL="somebody@company.test").stderr == ""


def test_older_hosts_have_what_the_programs_need(debs, content):
    for name in PROGRAMS:
        path = content[0] / "usr/bin" / name
        asked = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)\)", output("objdump", "-T", path))}
        assert max(asked) <= tuple(map(int, GLIBC.split(".")))
        assert set(re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", path))) <= LIBRARIES
    assert packages.field(debs[0], "Depends") == f"libc6 (>= {GLIBC})"


def test_stripping_keeps_what_hardens(content, program, controller):
    """binutils' strip loses the header by which addresses are made read-only."""
    for name, built in zip(PROGRAMS, (program, controller)):
        kinds = [set(re.findall(r"^  ([A-Z_]+) ", output("readelf", "-W", "-l", path), re.MULTILINE))
                 for path in (built, content[0] / "usr/bin" / name)]
        assert kinds[0] == kinds[1] and "GNU_RELRO" in kinds[1]
        assert ".symtab" not in output("readelf", "-W", "-S", content[0] / "usr/bin" / name)


def test_debug_information_is_apart_and_fits(content):
    for name in PROGRAMS:
        number = build_id(content[0] / "usr/bin" / name)
        path = content[1] / f"usr/lib/debug/.build-id/{number[:2]}/{number[2:]}.debug"
        assert build_id(path) == number
        assert re.search(r"\bsw_start\b|\bsw_tether", output("nm", path))
        assert ".debug_info" in output("readelf", "-W", "-S", path)


def test_the_template_of_the_configuration_shows_every_key(content):
    """With each in force it is valid, and none is in force."""
    pairs = json.loads((content[0] / "usr/share/switchman/switchman.conf").read_text())
    assert all(name.startswith("#") for name in pairs)
    source = (ROOT / "Sources/Host/Configuration/Configuration.swift").read_text(encoding="utf-8")
    listed = re.search(r"static let keys = \[(.*?)\]", source, re.DOTALL)[1]
    keys = set(re.findall(r'"(\w+)"', listed))
    assert {name[1:] for name in pairs if re.match(r"#\w", name)} == keys
    assert {name[2:] for name in pairs if re.match(r"# \w", name)} == keys


def test_the_template_with_its_keys_in_force_is_valid(content, controller, tmp_path):
    pairs = json.loads((content[0] / "usr/share/switchman/switchman.conf").read_text())
    path = tmp_path / "switchman.conf"
    path.write_text(json.dumps({name.removeprefix("#"): value for name, value in pairs.items() if re.match(r"#\w", name)}))
    said = subprocess.run([controller, "check", "config", path], capture_output=True, text=True, check=False).stdout
    assert not re.search(r"must be|unknown key|valid JSON|is missing", said), said


def test_what_the_documents_name_is_there(content):
    """The paths of the package that README and the manual pages tell people to use, and a few more."""
    named = set()
    for path in [ROOT / "README.md", *(ROOT / "Docs").glob("*.md"), *(ROOT / "Docs").glob("switchman*.[157]")]:
        named |= set(re.findall(r"/usr/share/(?:doc/)?switchman/[\w/.-]*\w", path.read_text(encoding="utf-8")))
    assert len(named) >= 2
    assert [name for name in sorted(named) if not (content[0] / name.lstrip("/")).exists()] == []
    for name in ("doc/switchman/examples/hooks/mail", "doc/switchman/examples/switchman.rules.yml",
                 "bash-completion/completions/switchman", "zsh/vendor-completions/_switchman",
                 "fish/vendor_completions.d/switchman.fish"):
        assert (content[0] / "usr/share" / name).exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not there; Tests/run installs it")
def test_systemd_understands_the_units(content):
    jobs = content[0] / "etc/switchman.d"
    (jobs / "report").write_text("#!/bin/sh\n")
    (jobs / "report").chmod(0o755)
    units = content[0] / "usr/lib/systemd/system"
    for kind in "service", "timer":
        shutil.copy(units / f"switchman@.{kind}", units / f"switchman@report.{kind}")
    # What they are ordered by, so that nothing but the two is at fault.
    for name in "sysinit", "basic", "shutdown", "network-online", "timers", "time-sync", "time-set":
        (units / f"{name}.target").write_text("[Unit]\nDescription=x\n")
    for kind in "service", "timer":
        run = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={content[0]}", f"switchman@report.{kind}"],
                             capture_output=True, text=True, check=False)
        assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("rpmbuild"), reason="rpm is not there; Tests/run installs it")
def test_the_rpm(made, content, program, tmp_path):
    """As far as a Debian can: it holds the same, needs no more, and rpm installs and removes it."""
    rpms = {path.name.split("-2")[0]: path for path in made if path.suffix == ".rpm"}
    needs = output("rpm", "-qp", "--requires", rpms["switchman"])
    assert "@" in output("rpm", "-qp", "--queryformat", "%{PACKAGER}", rpms["switchman"])
    versions = re.findall(r"GLIBC_([\d.]+)", needs)
    assert max(tuple(map(int, one.split("."))) for one in versions) == tuple(map(int, GLIBC.split(".")))
    others = {line for line in needs.splitlines() if not re.match(r"lib[cm]\.so\.6|ld-linux|rtld\(|rpmlib\(|config\(|/bin/", line)}
    assert others <= {"/usr/bin/sh", "/usr/bin/bash", "/usr/bin/python3"}
    tree = DebianTree(tmp_path / "tree")
    before = tree.files()
    database = ["rpm", f"--root={tree.root}", "--dbpath=/tmp/rpm", "--nosignature"]
    output(*database, "-i", "--nodeps", *rpms.values())
    assert tree.said("switchman", "--version") == output(program, "--version")
    assert tree.run("switchman", "--", "true").returncode == 78
    installed = {name for name in tree.files().keys() - before.keys() if re.match("usr/bin/|etc/|usr/lib/systemd", name)}
    assert installed - {"etc/switchman.conf"} == {
        str(path.relative_to(content[0])) for path in content[0].rglob("*")
        if re.match("usr/bin/|etc/(logrotate.d/|switchman)|usr/lib/systemd/.*@.[a-z]+$", str(path.relative_to(content[0])))
        and "report" not in path.name}
    (tree.root / "etc/switchman.conf").write_text("{}")
    output(*database, "-e", *(path.name.removesuffix(".rpm") for path in rpms.values()))
    after = tree.files()
    # The folders are those of other packages on hosts that have rpms.
    left = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert left - {"usr/lib/debug", "usr/share/zsh", "usr/share/zsh/site-functions", "usr/share/fish",
                   "usr/share/fish/vendor_completions.d"} == {"etc/switchman.conf.rpmsave"}


def test_the_tarball(made, program, tmp_path):
    """Unpacked below /usr/local it runs, and its units name that."""
    archive = next(path for path in made if re.search(r"_64\.tar|arch64\.tar", path.name))
    tree = DebianTree(tmp_path / "tree")
    output("tar", "-xf", archive, "-C", tree.root / "usr/local", "--strip-components=1")
    assert tree.said("/usr/local/bin/switchman", "--version") == output(program, "--version")
    assert "SYNOPSIS" in tree.said("man", "switchman")
    unit = pathlib.Path(tree.root, "usr/local/lib/systemd/system/switchman@.service").read_text()
    assert "ExecStart=/usr/local/bin/switchman " in unit
