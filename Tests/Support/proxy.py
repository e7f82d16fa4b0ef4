"""A proxy between a run and a server, that sees every frame, and can hold, delay, cut, refuse or lose them."""

import collections
import selectors
import socket
import threading

from . import wire
from .eventually import eventually, now


class _Way:
    """One direction of one connection: bytes not yet a frame, and frames not yet passed on."""

    def __init__(self, source, target, upward):
        self.source, self.target, self.upward = source, target, upward
        self.partial, self.waiting, self.outgoing = b"", collections.deque(), b""
        self.frames = 0
        self.forgotten = False


class _Connection:
    def __init__(self, number, client, server):
        self.number, self.session, self.sent, self.failing = number, 0, {}, {}
        self.closed, self.raw = False, False
        self.client, self.server = client, server
        self.up, self.down = _Way(client, server, True), _Way(server, client, False)


class Proxy:
    """Listens on a port of its own. Faults apply to all its connections, from the moment they are asked for.

    `on_request` may be set to a function of the request, and `on_reply` to one of the reply and its request (None for a
    notification), that returns "cut" to lose the frame and the connection with it, "swallow" for the frame alone, or a
    number: `on_request` for a request that the server is not to see, and that fails with this code; and bytes, which take
    the frame's place, length and all.
    """

    def __init__(self, target_port, host="127.0.0.1", port=0):
        self.target_port, self.host = target_port, host
        self.requests, self.replies, self.handshakes = [], [], []
        self.on_request = self.on_reply = None
        # The address of what stands before it.
        self.before = None
        self.delay_s = 0.0
        self._held_up = self._held_down = False
        self._lock = threading.RLock()
        self._connections = []
        self._count = 0
        self._selector = selectors.DefaultSelector()
        self._listener = None
        self.port = port
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._running = True
        self.accept()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    @property
    def address(self):
        own = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        return self.before or own

    def target(self):
        """The port for the next connection; a test may set another function, to stand before several servers."""
        return self.target_port

    # Faults.

    def hold(self, up=True, down=True):
        """Pass nothing on; connections stay open and the bytes are kept."""
        with self._lock:
            self._held_up, self._held_down = self._held_up or up, self._held_down or down

    def release(self):
        with self._lock:
            self._held_up = self._held_down = False
        self._wake()

    def forget(self):
        """Serve none of the connections that there are ever again, and close none either; new ones are served."""
        with self._lock:
            for connection in self._connections:
                connection.up.forgotten = connection.down.forgotten = True

    def delay(self, seconds):
        """Pass each frame on so much later, in each direction."""
        with self._lock:
            self.delay_s = seconds

    def cut(self):
        """Close all connections; new ones are welcome."""
        with self._lock:
            for connection in list(self._connections):
                self._close(connection)

    def refuse(self):
        """Close all connections and the port."""
        with self._lock:
            if self._listener:
                self._selector.unregister(self._listener)
                self._listener.close()
                self._listener = None
            self.cut()
        self._wake()

    def accept(self):
        """Listen, on the same port as before."""
        with self._lock:
            listener = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
            listener.listen(128)
            listener.setblocking(False)
            self.port = listener.getsockname()[1]
            self._listener = listener
            self._selector.register(listener, selectors.EVENT_READ, "listener")
        self._wake()

    def close(self):
        self.refuse()
        self._running = False
        self._wake()
        self._thread.join()
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()

    # What was seen.

    def writes(self, session=None):
        """Requests that make a transaction, besides a session's creation and close; heartbeats are not among them."""
        return [one for one in list(self.requests)
                if one.name in wire.WRITES and not wire.is_heartbeat(one) and session in (None, one.session)]

    def wait_connection(self):
        """Until somebody is connected, and has said something."""
        eventually(lambda: any(one.up.frames for one in list(self._connections)), what="a connection")

    def heartbeats(self):
        return [one for one in list(self.requests) if wire.is_heartbeat(one)]

    def names(self):
        return [one.name for one in list(self.requests)]

    def wait_request(self, matches, within=20.0, what=""):
        return eventually(lambda: next((one for one in list(self.requests) if matches(one)), None), within, what)

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
        """Until the next delayed frame is due, or bytes that a full socket refused can be tried again."""
        with self._lock:
            if any(way.outgoing for c in self._connections for way in (c.up, c.down)):
                return 0.005
            due = [way.waiting[0][0] for c in self._connections for way in (c.up, c.down)
                   if way.waiting and not self._held(way)]
        return max(0.0, min(due) - now()) if due else None

    def _held(self, way):
        return way.forgotten or (self._held_up if way.upward else self._held_down)

    def _ready(self, key):
        if key.data is None:
            try:
                self._wake_reader.recv(4096)
            except BlockingIOError:
                return
        elif key.data == "listener":
            self._accepted()
        else:
            connection, way = key.data
            if not connection.closed:
                self._receive(connection, way)

    def _accepted(self):
        if self._listener is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target()), timeout=2)
        except OSError:
            client.close()
            return
        self._count += 1
        connection = _Connection(self._count, client, server)
        for way in (connection.up, connection.down):
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
            # A held way keeps even the end of the stream to itself.
            way.waiting.append((now() + self.delay_s, None))
            self._selector.unregister(way.source)
            return
        way.partial += data
        if way.upward and way.frames == 0 and way.partial[:4].isalpha():
            connection.raw = True
        if connection.raw:
            way.waiting.append((now() + self.delay_s, way.partial))
            way.partial = b""
            return
        while len(way.partial) >= 4:
            length = int.from_bytes(way.partial[:4], "big")
            if len(way.partial) < 4 + length:
                return
            frame, way.partial = way.partial[:4 + length], way.partial[4 + length:]
            verdict = self._seen(connection, way, frame[4:])
            if verdict == "cut":
                self._close(connection)
                return
            way.frames += 1
            if isinstance(verdict, int):
                frame = self._failed(connection, way, frame[4:], verdict)
            if isinstance(verdict, bytes):
                frame = verdict
            if verdict != "swallow":
                way.waiting.append((now() + self.delay_s, frame))

    @staticmethod
    def _failed(connection, way, body, code):
        """On its way up a question that harms nobody takes the request's place, so that the answers stay in order."""
        xid = body[:4]
        if way.upward:
            connection.failing[xid] = code
            return wire.framed(xid + wire.exists("/"))
        return wire.framed(xid + body[4:12] + code.to_bytes(4, "big", signed=True))

    def _seen(self, connection, way, body):
        if way.upward:
            if way.frames == 0:
                return None
            one = wire.request(now(), connection.number, connection.session, body)
            connection.sent[one.xid] = one
            self.requests.append(one)
            return self.on_request(one) if self.on_request else None
        if way.frames == 0:
            reader = wire.Reader(body)
            _, timeout_ms, connection.session = reader.take("iiq")
            self.handshakes.append((now(), connection.session, timeout_ms))
            return None
        xid = int.from_bytes(body[:4], "big", signed=True)
        asked = connection.sent.pop(xid, None)
        name = "notification" if xid == -1 else asked.name if asked else "unknown"
        one = wire.reply(now(), connection.number, connection.session, body, name)
        self.replies.append(one)
        if body[:4] in connection.failing:
            return connection.failing.pop(body[:4])
        return self.on_reply(one, asked) if self.on_reply else None

    def _pass_on(self, connection):
        for way in (connection.up, connection.down):
            while way.waiting and not self._held(way) and way.waiting[0][0] <= now() and not connection.closed:
                _, frame = way.waiting.popleft()
                if frame is None:
                    self._close(connection)
                    return
                way.outgoing += frame
            if way.outgoing and not connection.closed:
                try:
                    way.outgoing = way.outgoing[way.target.send(way.outgoing):]
                except BlockingIOError:
                    continue
                except OSError:
                    self._close(connection)
                    return

    def _close(self, connection):
        if connection.closed:
            return
        connection.closed = True
        self._connections.remove(connection)
        for one in (connection.client, connection.server):
            if one in {key.fileobj for key in self._selector.get_map().values()}:
                self._selector.unregister(one)
            one.close()
