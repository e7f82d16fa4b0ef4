"""Nobody is spoken to but the servers that `zkhosts` names: counted by the kernel, in a network of the test's own."""

import re
import subprocess

import pytest

from Support import network
from Support.fleet import HOST, Fleet
from Support.server import ZooKeeperServer

RULES = """table inet watch {
    counter others { }
    chain leaving {
        type filter hook output priority 0;
        ip daddr %s tcp dport 2181 accept
        # The kernel's own: neighbours, groups.
        meta l4proto { icmpv6, igmp } accept
        counter name others
    }
}
"""


@pytest.fixture
def watched(request, program, recorder, tmp_path):
    """A fleet whose runs are on a host of their own; how many packets have left that for anywhere but the server."""
    if network.why_not():
        pytest.skip(network.why_not())
    net = network.Network(["zk", "host"])
    server = None
    try:
        subprocess.run([*net.prefix("host"), "nft", "-f", "-"], input=RULES % net.address("zk"), text=True, check=True)
        with net.inside():
            server = ZooKeeperServer(port=2181, host=net.address("zk"), prefixed=net.prefix("zk"))
            client = server.client()
            fleet = Fleet(program, recorder, tmp_path, server.address, client, "/fleet")
            fleet.on_host = net.prefix("host")

            def others():
                told = subprocess.run([*fleet.on_host, "nft", "list", "counter", "inet", "watch", "others"],
                                      capture_output=True, text=True, check=True).stdout
                return int(re.search(r"packets (\d+)", told)[1])
            yield fleet, others
            fleet.sweep()
            client.stop()
            client.close()
    finally:
        if server:
            server.close()
        net.close()


def test_a_run_speaks_to_its_servers_alone(watched, controller):
    fleet, others = watched
    fleet.resources("r", groups={"g": [HOST]})
    config = fleet.config(logfile=fleet.flag("log"), metrics_directory=str(fleet.folder), hooks={"succeeded": "true"}, syslog=True)
    words = ("--lockname", "a", "--lease", "r=1:1", "-g", "g", "--keep-output", "1k", "--retries", "1")
    run = fleet.run(*words, "--", "true", config=config, prefixed=fleet.on_host)
    assert run.code == 0, run
    assert fleet.run("--dry-run", *words, "--", "true", config=config, prefixed=fleet.on_host).code == 0
    for verb in (("status",), ("jobs",), ("history", "a"), ("metrics",), ("check", "job", "a", "--within", "1d"),
                 ("check", "ensemble"), ("pause", "a"), ("tidy", "--help")):
        subprocess.run([*fleet.on_host, controller, *verb, "--config", config], capture_output=True, check=False)
    assert others() == 0


def test_the_counter_counts(watched):
    """A packet to a name server, for one."""
    fleet, others = watched
    subprocess.run([*fleet.on_host, "bash", "-c", "echo x >/dev/udp/10.99.0.254/53"], check=False)
    assert others() > 0
