"""A write every tenth of a second, from beside the hosts: whether the servers, or this machine, were slow for everybody."""

import threading

from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from ..eventually import now

PERIOD_S = 0.1
# Longer than that is no wonder to whoever has three periods of a term of three seconds.
SLOW_S = 0.3


class Stall:
    """As a fault: it may have harmed anybody."""

    name, harms_others = "stall", True

    def __init__(self, began, ended):
        self.began, self.ended = began, ended

    def reaches(self, attempt):  # pylint: disable=unused-argument
        return True


class Canary:
    def __init__(self, client, path):
        self.stalls, self._client, self._path = [], client, path
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sing, daemon=True)
        self._thread.start()

    def close(self):
        self._closing.set()
        self._thread.join(30)
        self._client.stop()
        self._client.close()

    def _sing(self):
        self._client.create(self._path)
        before = now()
        while not self._closing.wait(PERIOD_S):
            try:
                self._client.set_async(self._path, b"").get(timeout=10)
            except (KazooException, KazooTimeoutError):
                pass
            # From the pause on: a machine that does not let us run is slow as well.
            if now() - before - PERIOD_S > SLOW_S:
                self.stalls.append(Stall(before, now()))
            before = now()
