"""A Debian package from its installation to its removal, in a clean tree, with that tree's own cron."""

import json
import re

import pytest

from Support import packages
from Support.eventually import eventually


@pytest.fixture(scope="module")
def package(tmp_path_factory, program, controller):
    return packages.build(tmp_path_factory.mktemp("packages"), program, controller, "deb")[0]


def dpkg(tree, *words):
    """It succeeds, asks nothing and says nothing but what it does."""
    text = tree.said("dpkg", *words)
    assert not re.search(r"\?|conffile|warning", text), text


@pytest.mark.timeout(900)
def test_install_run_by_cron_upgrade_remove_purge(tree, package, server, cron, tmp_path):
    before = tree.files()
    dpkg(tree, "--install", tree.take(package))
    version = packages.field(package, "Version").split("-")[0]
    for program in "switchman", "switchmanctl":
        assert tree.said(program, "--version") == f"{program} {version}\n"
    bare(tree)
    documented(tree)

    settings = json.dumps({"prefix": "/switchman", "zkhosts": server.address, "logfile": "/var/log/switchman.log"})
    configuration = tree.write("etc/switchman.conf", settings)
    # It ends when it is told to.
    tree.write("usr/local/bin/report", "#!/bin/sh\ntouch /var/started; until [ -e /var/end ]; do sleep 0.1; done\n", 0o755)
    tree.write("etc/cron.d/report", "* * * * * root switchman -- /usr/local/bin/report\n")
    cron()
    eventually((tree.root / "var/started").exists, within=150, what=lambda: f"cron started the job; mailed: {tree.mails()}")

    dpkg(tree, "--install", tree.take(packages.newer(package, tmp_path)))
    assert configuration.read_text() == settings
    assert (tree.root / "etc/logrotate.d/switchman").read_text().endswith("# newer\n")
    (tree.root / "etc/cron.d/report").unlink()
    (tree.root / "var/end").touch()
    client = server.client()
    runs = eventually(lambda: json.loads(client.get("/switchman/jobs/report")[0])["runs"], within=60, what="a record of the run")
    client.stop()
    assert [(run["outcome"], run["code"]) for run in runs] == [("ran", 0)]
    assert tree.mails() == ""
    tree.said("logrotate", "--force", "/etc/logrotate.d/switchman")
    tree.said("switchman", "--lockname", "behind", "--", "true")
    for name, job in ("switchman.log.1", "report"), ("switchman.log", "behind"):
        assert job in (tree.root / "var/log" / name).read_text()

    dpkg(tree, "--remove", "switchman")
    assert configuration.read_text() == settings
    assert tree.run("switchman", "--version").returncode == 127
    dpkg(tree, "--purge", "switchman")
    for name in "started", "end":
        (tree.root / "var" / name).unlink()
    (tree.root / "usr/local/bin/report").unlink()
    after = tree.files()
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == set()


def bare(tree):
    """A host that nobody has configured: what the package brings is silent, and a run says what to do, and starts nothing."""
    assert tree.said("logrotate", "/etc/logrotate.d/switchman") == ""
    run = tree.run("switchman", "--lockname", "a", "--", "touch", "/tmp/started")
    assert run.returncode == 78 and run.stdout == "" and len(run.stderr.splitlines()) == 1
    assert 'switchman: /etc/switchman.conf: key "prefix" is missing' in run.stderr
    assert not (tree.root / "tmp/started").exists()


def documented(tree):
    for page in "switchman", "switchmanctl", "switchmanctl-check":
        assert "SYNOPSIS" in tree.said("man", page)
    for program in "switchman", "switchmanctl":
        script = f"shopt -s extglob; source /usr/share/bash-completion/completions/{program} && complete -p {program}"
        assert tree.said("bash", "-c", script).endswith(f" {program}\n")
        completion = tree.root / f"usr/share/zsh/vendor-completions/_{program}"
        assert completion.read_text().startswith(f"#compdef {program}")


def test_a_configuration_that_was_there_is_kept(tree, package):
    """The original's, for one: no question, and not a letter of it changed."""
    configuration = tree.write("etc/switchman.conf", "{}")
    dpkg(tree, "--install", tree.take(package))
    assert configuration.read_text() == "{}"


def test_a_configuration_that_was_removed_stays_away(tree, package, tmp_path):
    """Where the environment names the servers, say."""
    dpkg(tree, "--install", tree.take(package))
    (tree.root / "etc/switchman.conf").unlink()
    dpkg(tree, "--install", tree.take(packages.newer(package, tmp_path)))
    assert not (tree.root / "etc/switchman.conf").exists()
