"""A large fleet, as its tree shows it."""

import json


def crowd(client, path, locks=1000, waiters=10, runs=0):
    """So many locks that are held, and so many runs that wait for each; `path` names what is below the prefix. With so many runs
    in each job's record; with none there is no record, as with originals."""
    for folder in ("locks", "jobs", "waiters"):
        client.ensure_path(path(folder))
    run = {"host": "host1.example.org", "outcome": "ran", "code": 0, "started": 1_790_000_000_000, "held_ms": 61_000, "token": 7}
    record = {"state": "running", "session": f"{client.client_id[0] & (1 << 64) - 1:x}", "n": 1, "term": 30,
              "host": "host1.example.org", "pid": 4711, "runs": [run] * runs}
    for number in range(locks):
        name = f"job-{number:04}"
        transaction = client.transaction()
        transaction.create(path("locks", name), b"host1.example.org 4711", ephemeral=True)
        if runs:
            transaction.create(path("jobs", name), json.dumps(record).encode())
        transaction.create(path("waiters", name), b"")
        for _ in range(waiters):
            transaction.create(path("waiters", name, f"{name}-"), b"host2.example.org 12", ephemeral=True, sequence=True)
        transaction.commit()
