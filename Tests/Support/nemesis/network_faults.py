"""Messages that do not arrive, or late."""

from ..eventually import now
from .fault import Fault

HOWS = ("hold", "drop", "reset")
CUT_OFF = "cut off"


class Partition(Fault):
    """Between one party and some others; in one direction or in both."""

    weight = 8

    def begin(self):
        ensemble, hosts = self.world.ensemble, list(self.world.configs)
        kinds = ("host", "host", "pair") if self.world.is_mixed else ("host", "host", "pair", "server", "isolated server")
        kind = self.dice.choice(kinds)
        if kind == "host":
            one, others = self.dice.choice(hosts), ensemble.names
        elif kind == "pair":
            one, others = self.dice.choice(hosts), [self.dice.choice(ensemble.names)]
        else:
            one = self.dice.choice(ensemble.names)
            others = [name for name in ensemble.names if name != one] + (hosts if kind == "isolated server" else [])
        self.host = one if one in hosts else None
        direction = self.dice.choice(("both", "both", "from", "to"))
        self.how = self.dice.choice(HOWS)
        self.cuts = [(one, other) for other in others if direction in ("both", "from")]
        self.cuts += [(other, one) for other in others if direction in ("both", "to")]
        if not self.reserve(*self.cuts):
            return None
        for source, target in self.cuts:
            ensemble.block(source, target, self.how)
        how = self.how if self.how != "hold" or ensemble.holds_back else "drop"
        between = {"server": "server-server", "isolated server": "all of a server"}.get(kind, "client-server")
        self.name = f"partition, {between}, {'both ways' if direction == 'both' else 'one way'}, {how}"
        arrow = {"both": "<->", "from": "->", "to": "<-"}[direction]
        return f"{one} {arrow} {' '.join(others)}"

    def reaches(self, attempt):
        return self.host in (None, attempt.host)

    def end(self):
        for source, target in self.cuts:
            self.world.ensemble.unblock(source, target)


class CutHolder(Partition):
    """Of a mixed fleet: a host on which a long command has just begun hears nothing until the servers have long given its lock
    to an original, which does not wait for anybody's term."""

    weight, name = 8, "holder cut off"

    def begin(self):
        world = self.world
        self.least_s = 2 * world.session_s
        begun = {event.label for event in world.fleet.records.events("start") if event.time > now() - 2}
        holders = [one for one in world.contenders.running()
                   if one.lock and one.label in begun and one.length > world.session_s and not one.touched]
        if not holders:
            return None
        holder = self.dice.choice(holders)
        host = self.host = holder.host
        self.cuts = [cut for name in world.ensemble.names for cut in ((host, name), (name, host))]
        if not self.reserve(*self.cuts):
            return None
        for source, target in self.cuts:
            world.ensemble.block(source, target, "drop")
        # Nothing else is done to it: it is to live as long as it may.
        holder.touched.add(CUT_OFF)
        return f"{host}, where {holder.label} runs"


class Delay(Fault):
    weight, name = 2, "delay"

    def begin(self):
        self.who = self.dice.choice([*(() if self.world.is_mixed else self.world.ensemble.names), *self.world.configs])
        if not self.reserve(("delay", self.who)):
            return None
        seconds = self.dice.choice((0.02, 0.1, 0.3))
        self.name = self.world.ensemble.delay(self.who, seconds)
        return f"{self.who}, {seconds} s"

    def reaches(self, attempt):
        return self.who not in self.world.configs or self.who == attempt.host

    def end(self):
        self.world.ensemble.delay(self.who, 0)
