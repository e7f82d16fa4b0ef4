"""Real ZooKeeper servers, from the Debian package or as SWITCHMAN_TEST_JARS says: one alone, or three."""

import itertools
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from kazoo.client import KazooClient

from . import processes
from .eventually import eventually

# Another ZooKeeper's: Tests/run --server.
JARS = os.environ.get("SWITCHMAN_TEST_JARS")
CLASS_PATH, CLASS_PATH_WITH_LOG = (
    ":".join([JARS or "/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-api.jar", f"/usr/share/java/{jar}.jar"])
    for jar in ("slf4j-nop", "slf4j-simple"))
LOG_FLAGS = [f"-Dorg.slf4j.simpleLogger.{flag}" for flag in (
    "defaultLogLevel=info", "showDateTime=true", "dateTimeFormat=HH:mm:ss.SSS", "showShortLogName=true")]
# What a server needs for TLS, as java's flags and members of its class path; another ZooKeeper's jars have it already.
NETTY = ["-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory"]
NETTY_JARS = [] if JARS else [f"/usr/share/java/netty-{part}.jar" for part in (
    "buffer", "codec", "common", "handler", "resolver", "transport", "transport-native-epoll", "transport-native-unix-common")]
JAVA_FLAGS = [
    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx96m",
    "-Dzookeeper.admin.enableServer=false",
    # A log on a memory disk: neither its fsync nor its 64 MB blocks are what is tested.
    "-Dzookeeper.forceSync=no", "-Dzookeeper.preAllocSize=1024",
]
# Lost votes are sent again after at most so long, not after up to a minute: or a test waits for an election.
ELECTION_FLAGS = ("-Dzookeeper.fastleader.maxNotificationInterval=1000",)
MEMORY_DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _ports():
    """This worker's share of the ports below those that the kernel hands to outgoing connections, round and round."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    workers = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
    share = (32000 - 10240) // int(workers)
    first = 10240 + share * int(worker)
    start = random.randrange(share)
    yield from (first + (start + n) % share for n in itertools.count())


PORTS = _ports()


def free_ports(count):
    """Loopback ports that nobody listens on, and that no other test is given for long: a server that is killed and
    restarted finds its own free again."""
    ports = []
    while len(ports) < count:
        port = next(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    return ports


class Server:
    """What can be asked of any server, from outside."""

    host, port = "127.0.0.1", 0

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def ask(self, word):
        """The answer to a four-letter word; empty when the server does not answer."""
        try:
            with socket.create_connection((self.host, self.port), timeout=0.5) as connection:
                connection.settimeout(0.5)
                connection.sendall(word.encode())
                answer = b""
                while chunk := connection.recv(65536):
                    answer += chunk
                return answer.decode(errors="replace")
        except OSError:
            return ""

    def zxid(self):
        """The newest transaction's identifier: it grows by one for each write."""
        line = next(line for line in self.ask("srvr").splitlines() if line.startswith("Zxid:"))
        return int(line.split()[1], 16)

    def mode(self):
        return next((line.split()[1] for line in self.ask("srvr").splitlines() if line.startswith("Mode:")), "none")

    @property
    def version(self):
        return self.ask("srvr").split("Zookeeper version: ", 1)[1].split("-", 1)[0]

    def client(self, timeout=30.0, **options):
        return connected_client(self.address, timeout, **options)


class Sandbox(Server):
    """A server as `switchmanctl sandbox` starts one for anybody."""

    def __init__(self, controller):
        self.process = subprocess.Popen(
            [controller, "sandbox", *(("--jars", JARS) if JARS else ()), "--",
             "sh", "-c", 'cat "$SWITCHMAN_CONFIG"; echo; exec cat >&2'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, **({"TMPDIR": MEMORY_DISK} if MEMORY_DISK else {})})
        self.port = int(json.loads(self.process.stdout.readline())["zkhosts"].rsplit(":", 1)[1])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


class ZooKeeperServer(Server):
    """One server process; `members` makes it one of an ensemble (number, and the lines that name all of them).

    `jars` are further ones for its class path.
    `host` is its address and `prefixed` the words before java, for one in a network namespace; `data` is a folder for
    its data, if not one of its own; with `log` it writes one to its folder's `output`; `flags` are java's; `words` are the
    four-letter words that it answers. `lines`: a zoo.cfg of the test's own, but for port, data and members. On
    `secure_port` it expects TLS, as `members` say.
    """

    def __init__(self, tick_ms=500, port=None, number=None, members=(), max_session_ms=120000, wait=True,
                 host="127.0.0.1", prefixed=(), data=None, log=False, flags=(), words="*", jars=(), lines=None,
                 secure_port=None):
        self.port, self.secure_port, self.host, self.prefixed = port or free_ports(1)[0], secure_port, host, prefixed
        self.flags, self.class_path = ([*LOG_FLAGS, *flags], CLASS_PATH_WITH_LOG) if log else (flags, CLASS_PATH)
        self.class_path = ":".join([self.class_path, *jars])
        self.folder = tempfile.mkdtemp(prefix="switchman-zookeeper-", dir=MEMORY_DISK)
        self.data = data or f"{self.folder}/data"
        self.process, self.has_been_away = None, False
        lines = [
            f"dataDir={self.data}", f"clientPort={self.port}", f"clientPortAddress={host}", *members,
            *([f"secureClientPort={secure_port}"] if secure_port else []),
            *([f"tickTime={tick_ms}", f"4lw.commands.whitelist={words}", "maxClientCnxns=0",
               f"maxSessionTimeout={max_session_ms}", "initLimit=20", "syncLimit=5"] if lines is None else lines),
        ]
        os.makedirs(self.data, exist_ok=True)
        if number is not None:
            with open(f"{self.data}/myid", "w", encoding="ascii") as file:
                file.write(str(number))
        with open(f"{self.folder}/zoo.cfg", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        self.start()
        if wait:
            self.wait_ready()

    def start(self):
        """Start it, or start it again on the same port and data."""
        with open(f"{self.folder}/output", "ab") as output:
            self.process = subprocess.Popen(
                [*self.prefixed, "java", *JAVA_FLAGS, *self.flags, "-cp", self.class_path,
                 "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{self.folder}/zoo.cfg"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def wait_ready(self):
        eventually(self._serves, within=60, what=lambda: f"server {self.address} answers; it said:\n{self.last_words()}")
        # That port comes after the plain one.
        if self.secure_port:
            eventually(lambda: self._accepts(self.secure_port), within=60, what=f"somebody listens at {self.secure_port}")

    def _serves(self):
        ended = self.process.poll()
        assert ended is None, f"server {self.address} has ended with {ended}; it said:\n{self.last_words()}"
        return "Mode:" in self.ask("srvr")

    def last_words(self, count=40):
        """The last lines of what it has written: without `log` only what it says outside of its log."""
        with open(f"{self.folder}/output", encoding="utf-8", errors="replace") as output:
            return "".join(output.readlines()[-count:])

    def _accepts(self, port):
        try:
            socket.create_connection((self.host, port), timeout=0.5).close()
            return True
        except OSError:
            return False

    def kill(self):
        self.has_been_away = True
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.has_been_away = True
        processes.stop(self.process.pid)

    def cont(self):
        self.process.send_signal(signal.SIGCONT)

    def restart(self):
        if self.process.poll() is None:
            self.kill()
        self.start()
        self.wait_ready()

    def empty(self):
        """Start it again with nothing, on the same port."""
        self.kill()
        shutil.rmtree(f"{self.data}/version-2")
        self.restart()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Ensemble:
    """Three servers that vote, or as many as have options of their own. `route` gives the port at which a learner finds a
    leader, for what stands between them: of the learner's number, the leader's, and its own port."""

    def __init__(self, tick_ms=200, options=({}, {}, {}), route=lambda learner, leader, port: port):
        count = len(options)
        ports = free_ports(3 * count)
        lines = [
            [f"server.{n + 1}=127.0.0.1:{route(me + 1, n + 1, ports[count + n])}:{ports[2 * count + n]}" for n in range(count)]
            for me in range(count)
        ]
        self.servers = [
            ZooKeeperServer(tick_ms=tick_ms, port=ports[n], number=n + 1, wait=False, log=True, **{
                **one, "flags": [*ELECTION_FLAGS, *one.get("flags", ())], "members": [*lines[n], *one.get("members", ())]})
            for n, one in enumerate(options)
        ]
        self.names = [f"zk{n + 1}" for n in range(count)]
        self.wait_ready()

    def wait_ready(self):
        for server in self.servers:
            server.wait_ready()

    @property
    def address(self):
        return ",".join(server.address for server in self.servers)

    @property
    def settings(self):
        """What the configuration of the runs needs besides."""
        return {}

    @property
    def has_been_away(self):
        return any(server.has_been_away for server in self.servers)

    def leader(self):
        return eventually(lambda: next((s for s in self.servers if s.mode() == "leader"), None), what="a leader")

    def followers(self):
        leader = self.leader()
        return [server for server in self.servers if server is not leader]

    def client(self, timeout=30.0, **options):
        return connected_client(self.address, timeout, **options)

    def close(self):
        for server in self.servers:
            server.cont()
            server.close()


def connected_client(address, timeout=30.0, **options):
    """A started kazoo client: the tests' own view, independent of the code under test."""
    client = KazooClient(hosts=address, timeout=timeout, **options)
    client.start(timeout=30)
    return client


def session_password(session):
    """What the server itself computes from the identifier: Java's Random(id ^ superSecret).nextBytes(16)."""
    mask = (1 << 48) - 1
    seed = ((session ^ 0xB3415C00) ^ 0x5DEECE66D) & mask
    password = b""
    for _ in range(4):
        seed = (seed * 0x5DEECE66D + 0xB) & mask
        password += (seed >> 16 & 0xFFFFFFFF).to_bytes(4, "little")
    return password


def expire_session(address, session, within=20.0):
    """End a living client's session by force: attach to it from elsewhere and close it in the same breath, since its
    owner takes it back as soon as it has reconnected; again until the server says that there is no such session."""
    def is_gone():
        attach = struct.pack(">iqiq", 0, 0, 10000, session) + struct.pack(">i", 16) + session_password(session) + b"\0"
        close = struct.pack(">ii", 1, -11)
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"".join(struct.pack(">i", len(frame)) + frame for frame in (attach, close)))
            answer = b""
            while chunk := connection.recv(4096):
                answer += chunk
        return len(answer) >= 20 and struct.unpack_from(">q", answer, 12)[0] != session
    eventually(is_gone, within, f"session {session:#x} is gone")
