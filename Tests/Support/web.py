"""One `switchman-web` on one fleet, and raw HTTP to it."""

import http.client
import json
import os
import re
import signal
import socket

from .control import checked
from .eventually import eventually
from .run import Run

TOKEN = "a-long-random-word-of-the-tests"


class Web:
    """Listens at a free port of this host; `wait=False` does not wait for the fleet to be read."""

    def __init__(self, program, fleet, *words, config=None, wait=True, prefixed=()):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHMAN_")}
        self.config = config or fleet.config("web.conf")
        self.run = Run([*prefixed, program, "--config", self.config, "--listen", "127.0.0.1:0", *words], fleet.folder, environment)
        fleet.runs.append(self.run)
        found = eventually(lambda: re.search(r"listening at http://127\.0\.0\.1:(\d+)/", self.run.err), within=20)
        self.port = int(found[1])
        if wait:
            eventually(lambda: self.get("/healthz").status == 200, within=20)

    def stop(self):
        """As systemd does."""
        if self.run.running:
            self.run.send(signal.SIGTERM)
            self.run.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def open_files(self):
        return len(os.listdir(f"/proc/{self.run.front}/fd"))

    def memory_kb(self):
        with open(f"/proc/{self.run.front}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def json(self, path, status=200):
        answer = self.get(path)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/json"), (answer.status, answer.text)
        return json.loads(answer.text) if status < 400 else checked(answer.text, "web error")

    def act(self, verb, name=None, token=TOKEN, run=None, **more):
        """Asks for an action as a program does: the status, and what is said. `run`: the fencing token of the one that is meant."""
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        headers.update({key.replace("_", "-"): value for key, value in more.pop("headers", {}).items()})
        who = {"all": True} if name is None else {"name": name}
        if run is not None:
            who["token"] = run
        body = more.pop("body", json.dumps({"verb": verb, **who, **more}))
        answer = self.get("/api/actions", "POST", body=body, **headers)
        return answer.status, checked(answer.text, "web action" if answer.status < 400 else "web error")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, request):
        """All that is answered to these bytes, until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            parts = []
            try:
                while part := connection.recv(65536):
                    parts.append(part)
            except ConnectionResetError:
                pass
            return b"".join(parts).decode()


def acting_on(program, fleet, **options):
    """One that may act, for whoever knows its token."""
    path = fleet.write("token", f"{TOKEN}\n")
    os.chmod(path, 0o600)
    return Web(program, fleet, "--allow-actions", "--token-file", path, **options)


class Events:
    """A live page's view: `next` is the next event of that kind."""

    def __init__(self, web):
        self.socket = web.connect()
        self.socket.sendall(f"GET /api/events HTTP/1.1\r\nHost: localhost:{web.port}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        while self.file.readline().strip():
            pass

    def any(self):
        """The next event: its kind, and what it says."""
        name = None
        while True:
            line = self.file.readline()
            assert line, "the stream has ended"
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                return name, json.loads(line[6:])

    def next(self, kind):
        while (found := self.any())[0] != kind:
            continue
        return found[1]

    def close(self):
        self.file.close()
        self.socket.close()
