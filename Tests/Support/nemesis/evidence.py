"""What is looked at when something is wrong, while it is still there."""

import os


def logs(ensemble):
    """What each server has written, by its name."""
    found = {}
    for name, server in zip(ensemble.names, ensemble.servers):
        with open(f"{server.folder}/output", encoding="utf-8", errors="replace") as file:
            found[name] = file.read()
    return found


def trees(ensemble, prefix, note):
    """Each path's czxid and mzxid as each server shows them, by its name; none if somebody changes them meanwhile, so
    that they cannot be compared."""
    found = {
        name: _tree(server, prefix, lambda what, name=name: note(name, what))
        for name, server in zip(ensemble.names, ensemble.servers)
    }
    again = _tree(ensemble.servers[0], prefix, lambda _: None)
    return found if again == found[ensemble.names[0]] else {}


def _tree(server, prefix, note):
    client, tree = server.client(), {}
    client.sync(prefix)
    for path in _walk(client, prefix):
        data, stat = client.get(path)
        tree[path] = stat.czxid, stat.mzxid
        note(f"has {path} of {stat.ephemeralOwner:#x}, {stat.czxid:#x}: {data!r}")
    client.stop()
    client.close()
    return tree


def _walk(client, path):
    yield path
    for name in sorted(client.get_children(path)):
        yield from _walk(client, f"{path}/{name}")


def threads(pid):
    """Where the kernel says that the process's threads are."""
    found = []
    for thread in sorted(os.listdir(f"/proc/{pid}/task")):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as comm:
            with open(f"/proc/{pid}/task/{thread}/wchan", encoding="ascii") as wchan:
                found.append(f"{comm.read().strip()}: {wchan.read()}")
    return found
