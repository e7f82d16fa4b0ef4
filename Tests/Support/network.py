"""Network namespaces for the tests: one for each party, on a bridge that lives in a namespace of its own, with filters
that drop or reset what one party sends to another. Needs root, and Debian's iproute2 and nftables; the machine's own
network is not touched."""

import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import uuid

FOLDER = "/run/netns"
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


class Network:
    """Parties by name, in the order of their addresses; `tests` is where `inside()` puts the calling thread."""

    def __init__(self, names):
        # The process id tells whose it is: see `sweep`.
        self._prefix = f"nemesis-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._addresses = {name: f"10.99.0.{number + 1}" for number, name in enumerate(names)}
        self._addresses["tests"] = "10.99.0.254"
        self._blocked = {}
        # The namespaces that there are, by the parties' names.
        self._there = []
        try:
            self._build(names)
        except BaseException:
            self.close()
            raise

    def _build(self, names):
        self._add("tests")
        self._ip("tests", "link", "add", "bridge", "type", "bridge", "forward_delay", "0")
        self._ip("tests", "address", "add", f"{self._addresses['tests']}/24", "dev", "bridge")
        self._ip("tests", "link", "set", "bridge", "up")
        for number, name in enumerate(names):
            self._add(name)
            self._ip("tests", "link", "add", f"port{number}", "type", "veth",
                     "peer", "name", "eth0", "netns", self._namespace(name))
            self._ip("tests", "link", "set", f"port{number}", "master", "bridge", "up")
            self._ip(name, "address", "add", f"{self._addresses[name]}/24", "dev", "eth0")
            self._ip(name, "link", "set", "eth0", "up")
            self._filter(name)

    def _add(self, name):
        _call("ip", "netns", "add", self._namespace(name))
        self._there.append(name)
        self._ip(name, "link", "set", "lo", "up")

    def _namespace(self, name):
        return f"{self._prefix}-{name}"

    def _ip(self, name, *words):
        _call("ip", "-netns", self._namespace(name), *words)

    def address(self, name):
        return self._addresses[name]

    def prefix(self, name):
        """The words before a program that is to run there; nsenter becomes the program."""
        return ("nsenter", f"--net={FOLDER}/{self._namespace(name)}", "--")

    @contextlib.contextmanager
    def inside(self):
        """The calling thread, and what it starts meanwhile, are on the bridge: where no filter ever stands."""
        with open("/proc/thread-self/ns/net", "rb") as former:
            with open(f"{FOLDER}/{self._namespace('tests')}", "rb") as there:
                _enter(there)
            try:
                yield
            finally:
                _enter(former)

    # Faults.

    def block(self, source, target, how):
        """Nothing gets from `source` to `target`: "drop", or "reset" to refuse TCP with a reset."""
        self._blocked[source, target] = how
        self._filter(target)

    def unblock(self, source, target):
        self._blocked.pop((source, target), None)
        self._filter(target)

    def delay(self, name, seconds):
        """What the party sends is late: by netem, or where the kernel has none, by a narrow line, which lets small
        packets pass until they are many. Which of the two; 0 ends it."""
        if not seconds:
            subprocess.run([*self.prefix(name), "tc", "qdisc", "delete", "dev", "eth0", "root"],
                           stderr=subprocess.DEVNULL, check=False)
            return None
        late = ["tc", "qdisc", "replace", "dev", "eth0", "root"]
        netem = [*self.prefix(name), *late, "netem", "delay", f"{int(seconds * 1000)}ms"]
        if subprocess.run(netem, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return "delay"
        # A packet of 500 bytes takes so long.
        rate = max(8, int(500 * 8 / seconds / 1000))
        _call(*self.prefix(name), *late, "tbf", "rate", f"{rate}kbit", "burst", "2000", "latency", "3s")
        return "narrow line"

    def _filter(self, target):
        """Replace the filter of what the party receives by one transaction."""
        rules = ["add table inet nemesis", "delete table inet nemesis", "table inet nemesis {",
                 "chain arriving {", "type filter hook input priority 0;"]
        for (source, to), how in self._blocked.items():
            if to == target:
                verdict = "meta l4proto tcp reject with tcp reset" if how == "reset" else "drop"
                rules.append(f"ip saddr {self._addresses[source]} {verdict}")
        _call(*self.prefix(target), "nft", "-f", "-", given="\n".join([*rules, "}", "}", ""]))

    def close(self):
        for name in self._there:
            _call("ip", "netns", "delete", self._namespace(name))


def why_not():
    """Why there can be no networks of our own here, or None."""
    for program in ("ip", "nft", "nsenter", "tc"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if os.geteuid() != 0:
        return "not root"
    sweep()
    try:
        network = Network(["one", "two"])
        try:
            network.block("one", "two", "reset")
            with network.inside():
                pass
        finally:
            network.close()
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or ""
        return f"network namespaces are not permitted: {error} {said}".strip()
    return None


def sweep():
    """Delete what a killed process of the tests has left."""
    for name in os.listdir(FOLDER) if os.path.isdir(FOLDER) else ():
        owner = re.match(r"nemesis-(\d+)-", name)
        if owner and not os.path.exists(f"/proc/{owner[1]}"):
            subprocess.run(["ip", "netns", "delete", name], check=False)


def _enter(namespace):
    if _libc.setns(namespace.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _call(*words, given=None):
    subprocess.run(words, input=given, text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
