"""Threads that start one run after the other, as cron would, until they are told to close."""

import threading
import traceback

from ..eventually import elapsed, now


class Callers:
    def __init__(self):
        self.errors, self._closing, self._threads = [], threading.Event(), []

    def add(self, name, dice, attempt, rest_s):
        """One more: `attempt(label, dice)` is one run to its end; `rest_s`: the longest pause after it."""
        self._threads.append(threading.Thread(target=self._call, args=(name, dice, attempt, rest_s)))

    def start(self):
        for thread in self._threads:
            thread.start()

    def close(self):
        """No more runs are started; those that there are come to their end."""
        self._closing.set()

    def join(self, within):
        """Whether all have ended."""
        deadline = now() + within
        for thread in self._threads:
            thread.join(max(0.0, deadline - now()))
        return not any(thread.is_alive() for thread in self._threads)

    def _call(self, name, dice, attempt, rest_s):
        turn = 0
        try:
            while not self._closing.is_set():
                turn += 1
                attempt(f"{name}.{turn}", dice)
                elapsed(now() + dice.uniform(0, rest_s))
        except BaseException:  # Told by the history.
            self.errors.append(f"{name}: {traceback.format_exc()}")
