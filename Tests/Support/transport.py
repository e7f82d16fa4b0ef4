"""The way from the runs of the tests to their servers: plain, or over TLS with SWITCHMAN_TEST_TLS=1, for the same tests."""

import os
import subprocess

from .certificates import Authority, SecureServer, settings
from .eventually import eventually
from .server import Sandbox, ZooKeeperServer, free_ports


class PlainTransport:
    def shared_server(self, controller):
        return Sandbox(controller)

    def server(self):
        return ZooKeeperServer()

    def lead(self, fleet, server):
        """The fleet's runs to that server."""

    def lead_through(self, proxy):
        """The runs that are given the proxy's address."""

    def close(self):
        pass


class SecureTransport(PlainTransport):
    """The servers' secure ports. A proxy of the tests reads what passes, so that TLS ends in a stunnel before it."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder)
        self.certificate = self.authority.issue("server")
        self._tunnels = []

    def shared_server(self, controller):
        return self.server()

    def server(self):
        return SecureServer(self.certificate, self.authority)

    def lead(self, fleet, server):
        fleet.settings.update(zkhosts=server.secure_address("127.0.0.1"), tls=settings(self.authority))

    def lead_through(self, proxy):
        port = free_ports(1)[0]
        text = (f"foreground = yes\npid =\n[proxy]\naccept = 127.0.0.1:{port}\nconnect = {proxy.address}\n"
                f"cert = {self.certificate.path}\nkey = {self.certificate.key}\nTIMEOUTclose = 0\n")
        path = os.path.join(self.folder, f"stunnel-{port}.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        with open(f"{path}.log", "wb") as log:
            self._tunnels.append(subprocess.Popen(["stunnel", path], stdout=log, stderr=log))
        eventually(lambda: _is_open(port), what="the tunnel is open")
        proxy.before = f"127.0.0.1:{port}"

    def close(self):
        for tunnel in self._tunnels:
            tunnel.terminate()
            tunnel.wait()


def _is_open(port):
    """Whether somebody listens there, without knocking: a proxy behind it counts its connections."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in list(file)[1:])


def transport(folder):
    return SecureTransport(folder) if os.environ.get("SWITCHMAN_TEST_TLS") == "1" else PlainTransport()
