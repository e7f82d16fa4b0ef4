"""A stand-in for a holder of a lock, as it shows itself in ZooKeeper: the lock, and a running record that names its session."""

import json

from .eventually import eventually


class Holder:
    def __init__(self, client, prefix, lockname, host="host7.example.org", pid=77, record=True):
        self.client, self.prefix, self.lockname, self.host, self.pid = client, prefix, lockname, host, pid
        self.lock, self.record = f"{prefix}/locks/{lockname}", f"{prefix}/jobs/{lockname}"
        client.ensure_path(f"{prefix}/locks")
        if record:
            client.ensure_path(f"{prefix}/jobs")
            client.create(self.record, self._record("running"))
        client.create(self.lock, f"{host} {pid}".encode(), ephemeral=True)
        self.token = client.exists(self.lock).czxid
        self.request = f"{prefix}/stops/{lockname}-{self.token:x}"

    def _record(self, state, runs=()):
        return json.dumps({"state": state, "session": f"{self.client.client_id[0]:x}", "n": 1, "term": 30,
                           "host": self.host, "pid": self.pid, "runs": list(runs)}).encode()

    def asked(self, within=20.0):
        """Wait for an operator's request; its owner's session."""
        return eventually(lambda: self.client.exists(self.request), within, f"{self.request}").ephemeralOwner

    def release(self, outcome="released", code=None, held_ms=61500):
        run = {"host": self.host, "started": 1700000000000, "held_ms": held_ms, "outcome": outcome, "code": code,
               "token": self.token, "waited_ms": 12}
        transaction = self.client.transaction()
        transaction.set_data(self.record, self._record("ended", [run]))
        transaction.delete(self.lock)
        assert not [one for one in transaction.commit() if isinstance(one, Exception)]
