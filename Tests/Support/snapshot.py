"""Edits the newest snapshot of a server that is down: for states that take years to come about."""

import glob
import struct
import zlib

# czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid (zookeeper.jute, StatPersisted)
STAT = struct.Struct(">qqqqiiiqq")
CVERSION = 5
# A checksum (Adler-32, of all bytes before it) and the path "/": behind the tree, behind the digest, and, from 3.9 on, behind the
# last zxid (FileSnap.java).
SEAL, MARK = 13, b"\0\0\0\1/"
DIGEST, ZXID = 20, 8


def set_cversion(data, path, cversion):
    """The server in whose folder `data` it is reads it at its next start, if no transaction was logged since the snapshot."""
    name = max(glob.glob(f"{data}/version-2/snapshot.*"), key=lambda file: int(file.rsplit(".", 1)[1], 16))
    with open(name, "rb") as file:
        content = bytearray(file.read())
    key = struct.pack(">i", len(path)) + path.encode()
    at = content.index(key) + len(key)
    length, = struct.unpack_from(">i", content, at)
    at += 4 + max(length, 0) + 8
    stat = list(STAT.unpack_from(content, at))
    stat[CVERSION] = cversion
    STAT.pack_into(content, at, *stat)
    for end in _seals(content):
        struct.pack_into(">q", content, end - SEAL, zlib.adler32(content[:end - SEAL]))
    with open(name, "wb") as file:
        file.write(content)


def _seals(content):
    """Where they end, the first one first."""
    for parts in ((DIGEST, ZXID), (DIGEST,), ()):
        ends = [len(content)]
        for part in reversed(parts):
            ends.insert(0, ends[0] - SEAL - part)
        if all(content[end - len(MARK):end] == MARK for end in ends):
            return ends
    raise AssertionError("a snapshot of another form")
