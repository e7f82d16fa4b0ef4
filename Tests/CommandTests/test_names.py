"""Servers by name, whose addresses change while a run lasts: a StatefulSet that is rolled, machines that are replaced."""

import pytest

from Support.eventually import eventually
from Support.proxy import Proxy

NAME = "zk.test"
# No name server is asked: there may be none, and it takes its time to say so.
HOSTS_OF_ITS_OWN = ("unshare", "--mount", "sh", "-c", """echo "hosts: files" > "$1.switch"
    mount --bind "$1" /etc/hosts && mount --bind "$1.switch" /etc/nsswitch.conf && shift && exec "$@" """, "sh")


@pytest.fixture
def moved(fleet):
    """A server that moves from one address to another: (configuration, words before the program, move, both proxies)."""
    first = Proxy(int(fleet.address.rsplit(":", 1)[1]), host="127.0.0.2")
    second = Proxy(first.target_port, host="127.0.0.3", port=first.port)
    hosts = fleet.flag("hosts")

    def name(address):
        with open(hosts, "w", encoding="ascii") as file:
            file.write(f"127.0.0.1 localhost\n{address} {NAME}\n")

    def move():
        name(second.host)
        first.refuse()
    name(first.host)
    yield fleet.config("names.conf", zkhosts=f"{NAME}:{first.port}"), (*HOSTS_OF_ITS_OWN, hosts), move, first, second
    first.close()
    second.close()


def test_a_command_goes_on_with_the_same_session(fleet, moved):
    config, prefixed, move, first, second = moved
    run = fleet.start_job("a", config=config, prefixed=prefixed)
    move()
    eventually(lambda: second.handshakes, what="it is found at its new address")
    assert second.handshakes[0][1] == first.handshakes[0][1]
    fleet.end_job("a")
    assert run.wait() == 0


def test_who_waits_goes_on_waiting(fleet, moved):
    """Nothing of its own ends its wait, so it would be there for good."""
    config, prefixed, move, _, second = moved
    fleet.start_job("holder", arguments=("--lockname", "a"))
    run = fleet.launch_job("a", "--for", 10, arguments=("--wait", "forever"), until=False, config=config, prefixed=prefixed)
    fleet.waiting("a")
    move()
    eventually(lambda: second.handshakes, what="it is found at its new address")
    fleet.end_job("holder")
    assert run.wait() == 0


def test_a_name_that_is_not_known_for_a_while_keeps_its_address(fleet):
    """A name server that is away, while the server that is lost stands in /etc/hosts: the others have not gone anywhere."""
    first = Proxy(int(fleet.address.rsplit(":", 1)[1]), host="127.0.0.2")
    second = Proxy(first.target_port, host="127.0.0.3", port=first.port)
    names = {"one.test": first, "two.test": second}
    hosts = fleet.flag("hosts")

    def tell(*known):
        with open(hosts, "w", encoding="ascii") as file:
            file.writelines(f"{names[name].host} {name}\n" for name in known)
    try:
        tell(*names)
        servers = ",".join(f"{name}:{first.port}" for name in names)
        run = fleet.start_job("a", config=fleet.config("names.conf", zkhosts=servers), prefixed=(*HOSTS_OF_ITS_OWN, hosts))
        lost, other = ("one.test", second) if first.handshakes else ("two.test", first)
        tell(lost)
        names[lost].refuse()
        eventually(lambda: other.handshakes, what="it goes on with the other")
        names[lost].accept()
        other.refuse()
        eventually(lambda: len(names[lost].handshakes) > 1, what="and back")
        other.accept()
        names[lost].refuse()
        eventually(lambda: len(other.handshakes) > 1, what="also later")
        fleet.end_job("a")
        assert run.wait() == 0
    finally:
        first.close()
        second.close()
