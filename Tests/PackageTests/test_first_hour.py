"""README.md and Docs/Tutorial.md, word for word on a Debian that has nothing, as a newcomer types them."""

import json
import os
import re
import socket
import threading

import pytest

from Support import packages
from Support.eventually import eventually
from Support.manuscript import Page, indented
from Support.syslog import Syslog
from Support.tree_shell import TreeShell

README, TUTORIAL = Page("README.md"), Page("Docs/Tutorial.md")
SERVERS = "zk1.example.org:2181,zk2.example.org:2181,zk3.example.org:2181"
ME = "web1.example.org"


def lines(heading, page=README):
    """What is to be typed or written there, block by block."""
    return ["\n".join(line.split("  #")[0].rstrip() for line in block) for block in indented(page.section(heading))]


@pytest.fixture
def syslog(tree):
    """The tutorial's hosts have one, and a clean tree has none. cron waits for whoever does not read."""
    syslog = Syslog()
    os.link(syslog.path, tree.root / "dev/log")
    stopped = threading.Event()

    def read():
        while not stopped.wait(0.1):
            syslog.datagrams()
    thread = threading.Thread(target=read)
    thread.start()
    yield syslog
    stopped.set()
    thread.join()
    syslog.close()


@pytest.fixture
def shell(tree, server, syslog):
    """On a host that has the tutorial's name, as Debian's installer writes it down."""
    tree.write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {ME} {socket.gethostname()}\n")
    shell = TreeShell(tree, {SERVERS: server.address})
    yield shell
    shell.close()


def installed(tree, shell, program, controller, tmp_path):
    """README's "Install": its second line is typed where the sources are."""
    client, build, install = lines("Install")[0].splitlines()
    assert build == ".package/build deb /tmp"
    for package in packages.build(tmp_path, program, controller, "deb"):
        tree.take(package)
    shell.typed("apt-get update")
    for command in client, install:
        said = shell.typed(f"{command} && echo done")
        assert said[-1] == "done", said


@pytest.mark.timeout(1500)
def test_readme_then_tutorial(tree, shell, cron, server, program, controller, tmp_path):
    installed(tree, shell, program, controller, tmp_path)
    a_minutes_try(shell)
    in_the_sandbox(shell)
    the_first_crontab_line(tree, shell, cron)
    the_fleet(tree, shell)
    assert tree.mails() == ""


def a_minutes_try(shell):
    servers, try_it, sandbox = lines("A minute's try")[1].splitlines()
    for command in servers, try_it:
        said = shell.typed(f"{command} && echo done")
        assert said[-1] == "done", said
    assert TUTORIAL.blocks("1. A server to throw away") == [[(sandbox, [])]]


def in_the_sandbox(shell):
    """In one shell of it, which calls the host by a name of its own."""
    shell.enter("switchmanctl sandbox")
    shell.typed(f"export SWITCHMAN_FQDN={ME}")
    for part in "2. A lock", "3. Hosts", "4. Limits":
        for block in TUTORIAL.blocks(part):
            shell.play(block)
    shell.enter("exit")
    assert shell.typed("echo ${SWITCHMAN_FQDN-it has ended}")[-1] == "it has ended"


def the_first_crontab_line(tree, shell, cron):
    """README's, as it stands: within its period of five minutes."""
    settings = next(block for block in lines("Install") if block.startswith("{"))
    tree.write("etc/switchman.conf", settings.replace(SERVERS, shell.names[SERVERS]))
    assert shell.typed("switchmanctl init && echo done") == ["done"]
    tree.write("usr/local/bin/report", "#!/bin/sh\ntouch /var/reported\n", 0o755)
    crontab = next(block for block in lines("A first crontab line") if block.startswith("PATH="))
    tree.write("tmp/crontab", crontab + "\n")
    assert shell.typed("crontab /tmp/crontab && crontab -l") == crontab.splitlines()
    cron()
    eventually((tree.root / "var/reported").exists, within=330, what=lambda: f"cron has started it; mailed: {tree.mails()}")
    check = next(block for block in lines("A first crontab line") if block.startswith("switchmanctl check"))
    shell.until(f"{check} | grep -q ^OK")


def the_fleet(tree, shell):
    written = TUTORIAL.section("5. The fleet").split("       {\n")[1].split("\n\n")[0].join(["{", ""])
    tree.write("etc/switchman.conf", json.dumps({**json.loads(written), "zkhosts": shell.names[SERVERS]}))
    for block in TUTORIAL.blocks("5. The fleet"):
        shell.play(block)
    crontab = TUTORIAL.listing("6. The crontab", "MAILTO")
    tree.write("etc/cron.d/fleet", crontab)
    for job in "report", "clean":
        tree.write(f"usr/local/bin/{job}", f"#!/bin/sh\ntouch /var/{job}.ran\n", 0o755)
    for block in TUTORIAL.blocks("6. The crontab"):
        shell.play(block)
    # The first line's job may be at work for the README's crontab, which has another name for it.
    shell.typed("crontab -r")
    for job in "report", "clean":
        ran = tree.root / f"var/{job}.ran"
        eventually(ran.exists, within=330, what=lambda: f"cron has started {ran}; mailed: {tree.mails()}")
    said = shell.type("switchmanctl check job --within 15m report")
    assert re.match(r"OK: job: report: last success .* ago on ", said[0]), said
