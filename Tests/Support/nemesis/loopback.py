"""Three servers and some hosts on loopback; every way between two of them leads through a relay of the tests' own."""

import tempfile

from ..certificates import Authority, secure, settings
from ..server import ELECTION_FLAGS, Ensemble, ZooKeeperServer, free_ports
from .relay import Relay


class LoopbackEnsemble(Ensemble):
    """Three servers that reach each other, and are reached by each host, over links that can be broken."""

    network = "proxy"
    holds_back = True

    def __init__(self, hosts, tick_ms, disks=(None, None, None)):
        self.relay = Relay()
        self.names = ["zk1", "zk2", "zk3"]
        client_ports, quorum_ports, election_ports, secure_ports = (free_ports(12)[n::4] for n in range(4))
        quorum, election = {}, {}
        for i, source in enumerate(self.names):
            for j, target in enumerate(self.names):
                if i != j:
                    quorum[i, j] = self.relay.link(source, target, quorum_ports[j])
                    election[i, j] = self.relay.link(source, target, election_ports[j])
        for (i, j), link in election.items():
            link.rewrite = with_election_address(election[j, i].port)
        self.servers = []
        for i in range(3):
            known = {j: (quorum[i, j].port, election[i, j].port) for j in range(3) if j != i}
            known[i] = quorum_ports[i], election_ports[i]
            lines = [f"server.{j + 1}=127.0.0.1:{known[j][0]}:{known[j][1]}" for j in range(3)]
            self.servers.append(self.server(
                secure_ports[i], tick_ms=tick_ms, port=client_ports[i], number=i + 1, members=lines, wait=False, data=disks[i],
                log=True, flags=ELECTION_FLAGS))
        self._clients = {
            host: [self.relay.link(host, name, server.secure_port or server.port)
                   for name, server in zip(self.names, self.servers)]
            for host in hosts}
        try:
            self.wait_ready()
        except BaseException:
            self.close()
            raise

    def server(self, secure_port, **options):  # pylint: disable=unused-argument
        return ZooKeeperServer(**options)

    def address_for(self, host):
        """The servers as this host knows them."""
        return ",".join(f"127.0.0.1:{link.port}" for link in self._clients[host])

    def prefix_for(self, host):  # pylint: disable=unused-argument
        """The words before a program that runs on this host."""
        return ()

    def block(self, source, target, how):
        self.relay.block(source, target, how)

    def unblock(self, source, target):
        self.relay.unblock(source, target)

    def delay(self, party, seconds):
        self.relay.delay(party, seconds)
        return "delay"

    def close(self):
        super().close()
        self.relay.close()


class SecureLoopbackEnsemble(LoopbackEnsemble):
    """The same for hosts that reach the servers over TLS alone; they know one another in plain text."""

    network = "tls"

    def __init__(self, *words):
        self._folder = tempfile.TemporaryDirectory(prefix="switchman-authority-")
        self._authority = Authority(self._folder.name)
        self._certificate = self._authority.issue("server")
        super().__init__(*words)

    @property
    def settings(self):
        return {"tls": settings(self._authority)}

    def server(self, secure_port, members, flags, **options):
        more = secure(secure_port, self._certificate, self._authority)
        return ZooKeeperServer(
            members=[*members, *more.pop("members")], flags=[*flags, *more.pop("flags")], **more, **options)

    def close(self):
        super().close()
        self._folder.cleanup()


def with_election_address(port):
    """A change to a server's first message to another's election port: it names the sender's own address, and the other
    one, if its number is higher, hangs up and calls back there, past the relay."""
    def rewrite(data):
        # Protocol version, the sender's number, and the length of what follows.
        if len(data) < 20 or data[0] != 0xFF:
            return data
        length = int.from_bytes(data[16:20], "big")
        address = f"127.0.0.1:{port}".encode()
        return data[:16] + len(address).to_bytes(4, "big") + address + data[20 + length:]
    return rewrite
