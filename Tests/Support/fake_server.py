"""Something that answers like a ZooKeeper server of any version and with any settings, or like none."""

import socket
import struct
import threading


class FakeServer:
    """Answers four-letter words from a dictionary (a word that is not in it is refused as the whitelist does it; None:
    no answer at all) and grants every session `granted_ms`, or answers a handshake with `handshake` (False: never, but stays).
    In a session no node exists. `answers`: False, and no request is ever answered; None, and it hangs up; a number, and each fails
    with that code.
    `asked` has the types of each session's requests (-11: close)."""

    EXISTS, PING, CLOSE, NO_NODE = 3, 11, -11, -101

    def __init__(self, version="3.9.4", mode="follower", tick_ms=2000, sessions_ms=(4000, 40000), sync_limit=5, voters=3,
                 granted_ms=None, handshake=None, words=None, max_connections=60, connections=20, answers=NO_NODE):
        self.granted_ms, self.handshake, self.answers, self.asked = granted_ms, handshake, answers, []
        members = "".join(f"server.{n + 1}=h{n}:2888:3888:participant\n" for n in range(voters))
        self.words = {
            "srvr": f"Zookeeper version: {version}-abc, built on 2025-08-19 19:53 UTC\nMode: {mode}\nNode count: 5\n",
            "conf": f"clientPort=2181\ntickTime={tick_ms}\nminSessionTimeout={sessions_ms[0]}\n"
                    f"maxSessionTimeout={sessions_ms[1]}\nsyncLimit={sync_limit}\nmaxClientCnxns={max_connections}\n"
                    f"membership: \n{members}version=0",
            "mntr": f"zk_version\t{version}-abc, built on x\nzk_server_state\t{mode}\nzk_quorum_size\t{voters}\n"
                    f"zk_num_alive_connections\t{connections}\n",
            **(words or {}),
        }
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            first = connection.recv(4)
            if first == struct.pack(">i", 45):
                request = connection.recv(45)
                asked = struct.unpack_from(">i", request, 12)[0]
                body = struct.pack(">iiqi16sb", 0, self.granted_ms or asked, 77, 16, b"p" * 16, 0)
                if self.handshake is None:
                    connection.sendall(struct.pack(">i", len(body)) + body)
                    self._answer(connection)
                elif self.handshake is False:
                    self._open.append(connection)
                    return
                else:
                    connection.sendall(self.handshake)
            else:
                word = first.decode(errors="replace")
                answer = self.words.get(word, f"{word} is not executed because it is not in the whitelist.\n")
                if answer is None:
                    self._open.append(connection)
                    return
                connection.sendall(answer if isinstance(answer, bytes) else answer.encode())
            connection.close()
        except OSError:
            connection.close()

    def _answer(self, connection):
        """The requests of one session, until it is closed or hung up."""
        types = []
        self.asked.append(types)
        while head := connection.recv(4, socket.MSG_WAITALL):
            request = connection.recv(struct.unpack(">i", head)[0], socket.MSG_WAITALL)
            xid, kind = struct.unpack_from(">ii", request)
            types.append(kind)
            code = 0 if kind in (self.PING, self.CLOSE) else self.answers
            if code is None:
                return
            if code is not False:
                connection.sendall(struct.pack(">iiqi", 16, xid, 0, code))
            if kind == self.CLOSE:
                return


def good(*changes):
    """Three servers with nothing wrong, but for the changes of each."""
    modes = ("leader", "follower", "follower")
    return [{"mode": mode, **(changes[n] if n < len(changes) else {})} for n, mode in enumerate(modes)]


# Terms that fit them.
CALM = {"ownership_term": 60, "session_timeout": 20}
