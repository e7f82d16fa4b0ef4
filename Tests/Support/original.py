"""A stand-in for the Perl original in a mixed fleet: what it does on the wire (Docs/Protocol.md), and no more."""

import subprocess

from kazoo.exceptions import KazooException, NodeExistsError, NoNodeError
from kazoo.protocol.states import EventType

from .eventually import eventually


class Original:
    """It knows no marks and no records; it takes a lock the moment the node is gone."""

    def __init__(self, client, prefix, host="old.example.org", pid=4711):
        self.client, self.prefix = client, prefix
        self.data = f"{host} {pid}".encode()

    def take_lock(self, lockname):
        """Whether the lock is ours now."""
        self.client.ensure_path(f"{self.prefix}/locks")
        try:
            self.client.create(f"{self.prefix}/locks/{lockname}", self.data, ephemeral=True)
        except NodeExistsError:
            return False
        return True

    def release_lock(self, lockname):
        self.client.delete(f"{self.prefix}/locks/{lockname}", version=-1)

    def take_and_run(self, lockname, command):
        """Poll for the lock as the original does, and start the command at once when it is ours."""
        eventually(lambda: self.take_lock(lockname), within=60, what=f"the original gets {lockname}")
        return subprocess.Popen(command)

    def enqueue(self, resource, lockname):
        """Join one queue: it joins them one by one."""
        self.client.ensure_path(f"{self.prefix}/queues/{resource}")
        return self.client.create(
            f"{self.prefix}/queues/{resource}/{lockname}-", self.data, ephemeral=True, sequence=True)

    def places(self, resource):
        """Who stands in this queue; nobody if there is none."""
        try:
            return self._children(f"{self.prefix}/queues/{resource}")
        except NoNodeError:
            return []

    def watch_lock(self, lockname, lost):
        """Calls `lost` once the lock is deleted or its data written. False: it is gone already."""
        def changed(event):
            if event.type in (EventType.DELETED, EventType.CHANGED):
                lost()
        return self.client.retry(self.client.exists, f"{self.prefix}/locks/{lockname}", watch=changed) is not None

    def heads(self, place):
        """Whether the place is the first of its queue."""
        folder, name = place.rsplit("/", 1)
        names = sorted(self._children(folder), key=lambda one: int(one.rsplit("-", 1)[1]))
        return names[0] == name

    def lease(self, resource, count, total):
        """Create the lease if it fits: the sum of all COUNT_TOTAL_... there; its path, or None."""
        folder = f"{self.prefix}/semaphores/{resource}/leases"
        self.client.ensure_path(folder)
        try:
            names = self._children(folder)
        except KazooException:
            names = []  # as the original has it
        taken = sum(int(name.split("_")[0]) for name in names)
        if taken + count > total:
            return None
        return self.client.create(f"{folder}/{count}_{total}_", self.data, ephemeral=True, sequence=True)

    def _children(self, folder):
        """What is only read may be read again after a moment without a connection."""
        return self.client.retry(self.client.get_children, folder)
