"""Three servers and some hosts, each in a network namespace of its own."""

from ..network import Network
from ..server import ELECTION_FLAGS, Ensemble, ZooKeeperServer


class NamespaceEnsemble(Ensemble):
    """The calling thread is on their bridge from here to `close`."""

    network = "namespaces"
    # TCP itself does, by sending again what the filter drops.
    holds_back = False

    def __init__(self, hosts, tick_ms, disks=(None, None, None)):
        self.names = ["zk1", "zk2", "zk3"]
        self.net = Network([*self.names, *hosts])
        self._inside = self.net.inside()
        self._inside.__enter__()
        lines = [f"server.{i + 1}={self.net.address(name)}:2888:3888" for i, name in enumerate(self.names)]
        self.servers = [
            ZooKeeperServer(
                tick_ms=tick_ms, port=2181, host=self.net.address(name), prefixed=self.net.prefix(name),
                number=i + 1, members=lines, wait=False, data=disks[i], log=True,
                flags=ELECTION_FLAGS)
            for i, name in enumerate(self.names)
        ]
        try:
            self.wait_ready()
        except BaseException:
            self.close()
            raise

    def address_for(self, host):  # pylint: disable=unused-argument
        """The servers as this host knows them."""
        return self.address

    def prefix_for(self, host):
        """The words before a program that runs on this host."""
        return self.net.prefix(host)

    def block(self, source, target, how):
        self.net.block(source, target, "reset" if how == "reset" else "drop")

    def unblock(self, source, target):
        self.net.unblock(source, target)

    def delay(self, party, seconds):
        """How, for the tally."""
        return self.net.delay(party, seconds)

    def close(self):
        super().close()
        self._inside.__exit__(None, None, None)
        self.net.close()
