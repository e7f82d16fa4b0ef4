"""Servers that are killed, stopped, or have no space left."""

import os

from .fault import Fault


class ServerFault(Fault):
    """`leader`: of the leader, or of any one."""

    def choose(self):
        servers = self.candidates()
        leading = [server for server in servers if server.mode() == "leader"] if self.dice.random() < 0.5 else []
        self.server = (leading or [self.dice.choice(servers)])[0]
        self.who = self.world.name_of(self.server)
        self.name = f"{self.verb} {'leader' if leading else 'server'}"
        return self.reserve(self.server)

    def candidates(self):
        return self.world.ensemble.servers


class KillServer(ServerFault):
    weight, verb = 4, "SIGKILL"

    def begin(self):
        if not self.choose():
            return None
        self.server.kill()
        return self.who

    def end(self):
        self.server.start()


class StopServer(ServerFault):
    weight, verb = 3, "SIGSTOP"

    def begin(self):
        if not self.choose():
            return None
        self.server.stop()
        return self.who

    def end(self):
        self.server.cont()


class FullDisk(ServerFault):
    """The server may go on, hang or end; then somebody frees space and starts it anew. Always the same server in a
    history: a full disk may leave files that it cannot start from, and a quorum needs the other two."""

    weight, verb = 2, "full disk of"

    def candidates(self):
        return [self.world.ensemble.servers[self.world.small]]

    def begin(self):
        if not self.world.disk or not self.choose():
            return None
        self.said_before = os.path.getsize(self._output)
        self.world.disk.fill()
        return self.who

    @property
    def _output(self):
        return f"{self.server.folder}/output"

    def _was_met(self):
        with open(self._output, "rb") as file:
            file.seek(self.said_before)
            return b"No space left" in file.read()

    def end(self):
        if self._was_met():
            self.world.tally[f"{self.name}, met"] += 1
        self.world.disk.free()
        self.server.kill()
        self.server.start()
