"""Whether the servers themselves have lost what they had committed, as ZooKeeper 3.8.0 to 3.8.4 can (ZOOKEEPER-4785
and its kin; limit 9 of Docs/Guarantees.md): a leader began without a transaction that a client of an earlier one had
been told of.

Nothing is taken on trust: the witnesses are fencing tokens of commands that were started and what the tests' own client
was told, and the servers' logs say with what each leader began.
"""

import re

_SNAPSHOT = re.compile(r"Snapshotting: 0x([0-9a-f]+) ")
_LEADS = re.compile(r"starting up and setting last processed zxid: 0x([0-9a-f]+)")
_TRUNCATES = re.compile(r"Truncating log to get in sync with the leader 0x([0-9a-f]+)")
_READS = re.compile(r"Snapshot loaded in .* highest zxid is 0x([0-9a-f]+)")


def of_servers(logs, seen):
    """`logs`: text by the server's name; `seen`: transaction ids that clients were told of. Lines, none if all is
    well."""
    found = []
    for name, text in logs.items():
        had, cut = None, None
        for line in text.splitlines():
            if match := _SNAPSHOT.search(line):
                had = int(match[1], 16)
            elif match := _LEADS.search(line):
                first = int(match[1], 16)
                lost = [zxid for zxid in seen if had is not None and had < zxid < first]
                if lost:
                    found.append(f"{name} began to lead at {first:#x} with nothing after {had:#x}, though clients had "
                                 f"been told of {max(lost):#x}")
            elif match := _TRUNCATES.search(line):
                cut = int(match[1], 16)
            elif (match := _READS.search(line)) and cut is not None:
                # The log was cut, but the tree comes from a snapshot that knows more: the servers differ from here on.
                if int(match[1], 16) > cut:
                    found.append(f"{name} was told to forget what follows {cut:#x}, and read {int(match[1], 16):#x} "
                                 f"from a snapshot")
                cut = None
    return found


def of_trees(trees):
    """Where servers that are all up and asked after a sync do not show the same nodes: `trees` has, by the server's
    name, each path's czxid and mzxid."""
    found = []
    if not trees:
        return found
    (first, reference), *others = trees.items()
    for name, tree in others:
        found += [f"{name} and {first} do not agree on {path}: {_shown(tree, path)}, {_shown(reference, path)}"
                  for path in sorted(tree.keys() | reference.keys()) if tree.get(path) != reference.get(path)]
    return found


def _shown(tree, path):
    return "of " + " and ".join(f"{zxid:#x}" for zxid in tree[path]) if path in tree else "not there"
