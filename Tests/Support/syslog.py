"""The other end of /dev/log: a daemon's socket in a place of the test's own."""

import os
import re
import shutil
import socket
import struct
import tempfile

LINE = re.compile(r"<(\d+)>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) switchman\[(\d+)\]: (.*)", re.DOTALL)


class Syslog:
    """Takes datagrams, and keeps them in the order in which they came."""

    def __init__(self):
        # A socket's path has room for 107 bytes only, and pytest's folders have long names.
        self._folder = tempfile.mkdtemp(prefix="syslog-")
        self.path = f"{self._folder}/log"
        self._datagrams = []
        self._socket = None
        self.start()

    def start(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)

    def stop(self):
        self._socket.close()
        os.unlink(self.path)

    def close(self):
        self._socket.close()
        shutil.rmtree(self._folder)

    def fill(self):
        """Until there is no room for one more."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.connect(self.path)
            try:
                while True:
                    sender.send(b"x" * 100)
            except BlockingIOError:
                return

    def datagrams(self):
        try:
            while True:
                self._datagrams.append(self._socket.recv(1 << 17, socket.MSG_DONTWAIT))
        except BlockingIOError:
            return self._datagrams

    def lines(self):
        """Priority, process and message of each."""
        matches = [LINE.fullmatch(one.decode()) for one in self.datagrams()]
        assert None not in matches, self._datagrams
        return [(int(match[1]), int(match[3]), match[4]) for match in matches]

    def entries(self):
        """The fields of each, by the journal's own protocol."""
        return [_fields(one) for one in self.datagrams()]


def _fields(datagram):
    fields = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length, = struct.unpack_from("<Q", datagram)
            value, datagram = datagram[8:8 + length], datagram[8 + length + 1:]
        fields[name.decode()] = value.decode()
    return fields
