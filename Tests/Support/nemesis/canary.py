"""A write every tenth of a second, from beside the hosts: whether the servers, or this machine, were slow for everybody."""

import threading
import traceback

from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from ..eventually import now
from .fault import Fault

PERIOD_S = 0.1
# Longer than that is no wonder to whoever has three periods of a term of three seconds.
SLOW_S = 0.3


class Stall(Fault):
    """Nobody's doing, and no longer than it lasts, but for a term of those who were near their deadline."""

    name, aftermath_s = "stall", 5

    def __init__(self, began, ended):
        super().__init__(None, None)
        self.began, self.ended = began, ended


class Canary:
    def __init__(self, client, path):
        self.errors, self._stalls, self._client, self._path = [], [], client, path
        # When a write was last answered.
        self.answered = now()
        self._heard = now()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sing, daemon=True)
        self._thread.start()

    @property
    def session(self):
        # None while the client has no session.
        return self._client.client_id[0] if self._client.client_id else 0

    def stalls(self):
        """Those so far, the one that may be going on included."""
        found, heard = list(self._stalls), self._heard
        return found + ([Stall(heard, now())] if now() - heard - PERIOD_S > SLOW_S else [])

    def close(self):
        self._closing.set()
        self._thread.join(30)
        self._client.stop()
        self._client.close()

    def _sing(self):
        try:
            self._client.retry(self._client.create, self._path)
            while not self._closing.wait(PERIOD_S):
                try:
                    self._client.set_async(self._path, b"").get(timeout=10)
                    self.answered = now()
                except (KazooException, KazooTimeoutError):
                    pass
                # From the pause on: a machine that does not let us run is slow as well.
                if now() - self._heard - PERIOD_S > SLOW_S:
                    self._stalls.append(Stall(self._heard, now()))
                self._heard = now()
        except BaseException:  # Told by the history.
            self.errors.append(f"the canary: {traceback.format_exc()}")
