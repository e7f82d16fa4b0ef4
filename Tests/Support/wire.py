"""ZooKeeper's framing, as far as a test has to see it: which request, on which paths, how answered."""

import collections
import struct

NAMES = {
    -11: "close", -10: "session", 0: "notification", 1: "create", 2: "delete", 3: "exists", 4: "getData",
    5: "setData", 6: "getACL", 7: "setACL", 8: "getChildren", 9: "sync", 11: "ping", 12: "getChildren2",
    13: "check", 14: "multi", 15: "create2", 16: "reconfig", 17: "checkWatches", 18: "removeWatches",
    19: "createContainer", 21: "createTTL", 22: "multiRead", 100: "auth", 101: "setWatches", 102: "sasl",
    105: "setWatches2", 106: "addWatch",
}
WRITES = {"create", "create2", "createContainer", "createTTL", "delete", "setData", "setACL", "multi"}

# `time` is CLOCK_BOOTTIME at the proxy; `parts` are a multi's operations as (name, path).
Request = collections.namedtuple("Request", "time connection session xid name path parts size")
Reply = collections.namedtuple("Reply", "time connection session xid name error zxid size frame")


class Reader:
    """A cursor over one frame's bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        values = struct.unpack_from(">" + layout, self.data, self.at)
        self.at += struct.calcsize(">" + layout)
        return values[0] if len(values) == 1 else values

    def buffer(self):
        length = self.take("i")
        if length < 0:
            return b""
        self.at += length
        return self.data[self.at - length:self.at]

    def path(self):
        return self.buffer().decode(errors="replace")


def multi_parts(reader):
    """The operations of a multi, in order, as (name, path)."""
    parts = []
    while True:
        kind, done, _ = reader.take("i?i")
        if done:
            return tuple(parts)
        name, path = NAMES.get(kind, str(kind)), reader.path()
        if name.startswith("create"):
            reader.buffer()
            for _ in range(reader.take("i")):
                reader.take("i")
                reader.buffer()
                reader.buffer()
            reader.take("i")
            if name == "createTTL":
                reader.take("q")
        elif name == "setData":
            reader.buffer()
            reader.take("i")
        else:
            reader.take("i")
        parts.append((name, path))


def request(time, connection, session, frame):
    """Decode a frame that follows the handshake on its way to the server."""
    reader = Reader(frame)
    xid, kind = reader.take("ii")
    name, path, parts = NAMES.get(kind, str(kind)), None, ()
    if name == "multi":
        parts = multi_parts(reader)
    elif name not in ("ping", "close", "auth", "setWatches", "setWatches2", "sasl"):
        path = reader.path()
    return Request(time, connection, session, xid, name, path, parts, len(frame))


def reply(time, connection, session, frame, name):
    """Decode an answer's header; `name` is that of the request it answers."""
    xid, zxid, error = Reader(frame).take("iqi")
    return Reply(time, connection, session, xid, name, error, zxid, len(frame), frame)


def framed(body):
    """With its length in front."""
    return len(body).to_bytes(4, "big") + body


def exists(path):
    """A question, without its xid."""
    return struct.pack(">ii", 3, len(path)) + path.encode() + b"\0"


def is_take(one):
    """Whether the request makes a lock."""
    return one.name == "multi" and any(name == "create" and "/locks/" in path for name, path in one.parts)


def is_heartbeat(one):
    """A multi of nothing but checks, as Docs/Guarantees.md has it."""
    return one.name == "multi" and bool(one.parts) and all(name == "check" for name, _ in one.parts)
