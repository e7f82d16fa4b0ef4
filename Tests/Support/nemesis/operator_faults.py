"""What somebody does by hand to sessions and claims."""

from kazoo.exceptions import KazooException, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

from ..server import expire_session
from .contenders import LOCKS, RESOURCES
from .fault import Fault


class OperatorFault(Fault):
    lasting, path = False, None

    def reaches(self, attempt):
        """Who wants this lock, or permits of this resource."""
        parts = self.path.split("/")
        return attempt.lock in parts or bool(set(attempt.weights) & set(parts))

    def claims(self):
        """Paths of what is owned or waited for, and their sessions, as far as ZooKeeper answers at once."""
        client, prefix, found = self.world.fleet.client, self.world.fleet.prefix, []
        try:
            for folder in ("locks", *map("waiters/{}".format, LOCKS), *map("queues/{}".format, RESOURCES),
                           *map("semaphores/{}/leases".format, RESOURCES)):
                found += self._owned(client, f"{prefix}/{folder}")
        except (KazooException, KazooTimeoutError):
            pass
        return sorted(found)

    @staticmethod
    def _owned(client, folder):
        try:
            names = client.get_children_async(folder).get(timeout=0.5)
        except NoNodeError:
            return []
        stats = [(f"{folder}/{name}", client.exists_async(f"{folder}/{name}").get(timeout=0.5)) for name in names]
        return [(path, stat.ephemeralOwner) for path, stat in stats if stat]


class Expire(OperatorFault):
    weight, name = 4, "session expired by force"

    def begin(self):
        claims = self.claims()
        servers = [server for server in self.world.ensemble.servers if server.mode() in ("leader", "follower")]
        if not claims or not servers:
            return None
        path, session = self.dice.choice(claims)
        self.path = path
        try:
            expire_session(self.dice.choice(servers).address, session, within=1.0)
        except (AssertionError, OSError) as error:
            self.name += ", perhaps"
            return f"{session:#x} of {path}: perhaps; {type(error).__name__}"
        return f"{session:#x} of {path}"


class DeleteClaim(OperatorFault):
    weight, name, deletes = 2, "claim deleted by hand", True

    def begin(self):
        claims = [claim for claim in self.claims() if "/queues/" not in claim[0] and "/waiters/" not in claim[0]]
        if not claims:
            return None
        path, _ = self.dice.choice(claims)
        self.path = path
        try:
            self.world.fleet.client.delete_async(path).get(timeout=1)
        except (KazooException, KazooTimeoutError) as error:
            self.name += ", perhaps"
            return f"{path}: perhaps; {type(error).__name__}"
        return path
