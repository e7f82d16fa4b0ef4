"""Something that answers like a ZooKeeper server of any version and with any settings, or like none."""

import socket
import struct
import threading


class FakeServer:
    """Answers four-letter words from a dictionary (a word that is not in it is refused as the whitelist does it; None:
    no answer at all) and grants every session `granted_ms`, or answers a handshake with `handshake` (False: never, but stays)."""

    def __init__(self, version="3.9.4", mode="follower", tick_ms=2000, sessions_ms=(4000, 40000), sync_limit=5, voters=3,
                 granted_ms=None, handshake=None, words=None, max_connections=60, connections=20):
        self.granted_ms, self.handshake, self.asked = granted_ms, handshake, []
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
                    self.asked.append(connection.recv(12))
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
