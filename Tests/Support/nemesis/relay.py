"""Links over loopback: bytes between two parties, that can be held, dropped, reset or late, in one direction or both.

Unlike Support/proxy.py it knows nothing of frames, so that it can stand between two servers as well; and all links of a
history share one thread.
"""

import collections
import selectors
import socket
import struct
import threading

from ..eventually import now

RESET = struct.pack("ii", 1, 0)


class Way:
    """One direction of one connection: what has been read and not yet been written, with the instant it is due."""

    def __init__(self, source, target, upward):
        self.source, self.target, self.upward = source, target, upward
        self.waiting, self.outgoing, self.ended = collections.deque(), b"", False


class Connection:
    def __init__(self, link, client, server):
        self.link, self.client, self.server, self.closed = link, client, server, False
        self.ways = (Way(client, server, True), Way(server, client, False))
        self.first = link.rewrite


class Link:
    """Where `source` believes `target` to be. `rewrite` may change the first bytes that the source sends."""

    def __init__(self, source, target, target_port, rewrite=None):
        self.source, self.target, self.target_port, self.rewrite = source, target, target_port, rewrite
        # What happens to bytes on their way: None, "hold", "drop" or "reset".
        self.up = self.down = None
        # By which bytes are late: those of the source, and those of the target.
        self.up_delay_s = self.down_delay_s = 0.0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]

    def state(self, way):
        return self.up if way.upward else self.down

    def delay_s(self, way):
        return self.up_delay_s if way.upward else self.down_delay_s


class Relay:
    """All links of a history, and the thread that serves them."""

    def __init__(self):
        self.links, self._connections = [], []
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._running = True
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def link(self, source, target, target_port, rewrite=None):
        link = Link(source, target, target_port, rewrite)
        with self._lock:
            self.links.append(link)
            self._selector.register(link.listener, selectors.EVENT_READ, link)
        self._wake()
        return link

    # Faults.

    def block(self, source, target, how):
        """Nothing gets from `source` to `target`: held back, dropped, or refused with a reset."""
        with self._lock:
            for link in self.links:
                if (link.source, link.target) == (source, target):
                    link.up = how
                elif (link.target, link.source) == (source, target):
                    link.down = how
            if how == "reset":
                for connection in list(self._connections):
                    if "reset" in (connection.link.up, connection.link.down):
                        self._close(connection, _reset)
        self._wake()

    def unblock(self, source, target):
        """Let bytes through again. What was held arrives now; a stream that has lost bytes is useless, and reset."""
        with self._lock:
            for link in self.links:
                former = None
                if (link.source, link.target) == (source, target):
                    former, link.up = link.up, None
                elif (link.target, link.source) == (source, target):
                    former, link.down = link.down, None
                if former == "drop":
                    self._close_all(link)
        self._wake()

    def delay(self, party, seconds):
        """What this party sends and receives arrives so much later."""
        with self._lock:
            for link in self.links:
                if party in (link.source, link.target):
                    link.up_delay_s = link.down_delay_s = seconds
        self._wake()

    def delay_way(self, source, target, seconds):
        """What `source` sends arrives at `target` so much later."""
        with self._lock:
            for link in self.links:
                if (link.source, link.target) == (source, target):
                    link.up_delay_s = seconds
                elif (link.target, link.source) == (source, target):
                    link.down_delay_s = seconds
        self._wake()

    def close(self):
        self._running = False
        self._wake()
        self._thread.join()
        for link in self.links:
            self._close_all(link)
            link.listener.close()
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()

    # The loop.

    def _wake(self):
        self._wake_writer.send(b".")

    def _loop(self):
        while self._running:
            for key, _ in self._selector.select(self._patience()):
                with self._lock:
                    self._ready(key)
            with self._lock:
                for connection in list(self._connections):
                    self._pass_on(connection)

    def _patience(self):
        """Until the next late bytes are due, or bytes that a full socket refused can be tried again."""
        with self._lock:
            ways = [(one.link, way) for one in self._connections for way in one.ways]
            if any(way.outgoing for _, way in ways):
                return 0.005
            due = [way.waiting[0][0] for link, way in ways if way.waiting and link.state(way) is None]
        return max(0.0, min(due) - now()) if due else None

    def _ready(self, key):
        if key.data is None:
            self._wake_reader.recv(4096)
        elif isinstance(key.data, Link):
            self._accepted(key.data)
        else:
            connection, way = key.data
            if not connection.closed:
                self._receive(connection, way)

    def _accepted(self, link):
        try:
            client, _ = link.listener.accept()
        except OSError:
            return
        if "reset" in (link.up, link.down):
            _reset(client)
            return
        try:
            server = socket.create_connection(("127.0.0.1", link.target_port), timeout=1)
        except OSError:
            _reset(client)
            return
        connection = Connection(link, client, server)
        for way in connection.ways:
            way.source.setblocking(False)
            way.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(way.source, selectors.EVENT_READ, (connection, way))
        self._connections.append(connection)

    def _receive(self, connection, way):
        try:
            data = way.source.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # A blocked way keeps even the end of the stream to itself.
            self._selector.unregister(way.source)
            way.ended = True
        elif connection.link.state(way) == "drop":
            return
        elif way.upward and connection.first:
            data, connection.first = connection.first(data), None
        way.waiting.append((now() + connection.link.delay_s(way), data))

    def _pass_on(self, connection):
        for way in connection.ways:
            blocked = connection.link.state(way)
            while way.waiting and not blocked and way.waiting[0][0] <= now() and not connection.closed:
                _, data = way.waiting.popleft()
                way.outgoing += data
                if not data and not way.outgoing:
                    self._close(connection)
            if connection.closed:
                return
            if way.outgoing:
                try:
                    way.outgoing = way.outgoing[way.target.send(way.outgoing):]
                except BlockingIOError:
                    continue
                except OSError:
                    self._close(connection)
                    return
            if way.ended and not way.waiting and not way.outgoing:
                self._close(connection)
                return

    def _close_all(self, link):
        for connection in list(self._connections):
            if connection.link is link:
                self._close(connection, _reset)

    def _close(self, connection, end=socket.socket.close):
        if connection.closed:
            return
        connection.closed = True
        self._connections.remove(connection)
        registered = {key.fd for key in self._selector.get_map().values()}
        for one in (connection.client, connection.server):
            if one.fileno() in registered:
                self._selector.unregister(one)
            end(one)


def _reset(one):
    """Close with a reset: the other end learns at once."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    one.close()
