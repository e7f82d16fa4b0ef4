"""What happened when, as a person reads it."""

import threading
import time

from ..eventually import now


class Timeline:
    """Instants are CLOCK_BOOTTIME, as in the commands' records; shown as seconds since the history began."""

    def __init__(self, title):
        self.title = title
        self.restart()
        self._entries, self._lock = [], threading.Lock()

    def restart(self):
        """Now is 0."""
        self.began, self._wall = now(), time.time()

    def note(self, who, what, at=None):
        with self._lock:
            self._entries.append((now() if at is None else at, who, what))

    def text(self, *more):
        """`more`: entries from elsewhere, put in where they belong."""
        with self._lock:
            entries = sorted([*self._entries, *more])
        head = f"{self.title}; 0 is {time.strftime('%H:%M:%S', time.localtime(self._wall))}" \
               f".{int(self._wall % 1 * 1000):03} by the clock on the wall"
        return "\n".join([head, *(f"{at - self.began:9.3f}  {who:<12} {what}" for at, who, what in entries), ""])


def of_records(records):
    """The commands' own books, as entries."""
    entries = [
        (event.time, event.label, f"{event.kind} {' '.join(event.detail)} (process {event.pid})".replace(" - ", " "))
        for event in records.events()
    ]
    return entries + [(span.last, span.label, f"last sign of life of process {span.pid}") for span in records.spans()]
