"""A large fleet, as its tree shows it."""


def crowd(client, path, locks=1000, waiters=10):
    """So many locks that are held, and so many runs that wait for each; `path` names what is below the prefix."""
    for folder in ("locks", "jobs", "waiters"):
        client.ensure_path(path(folder))
    for number in range(locks):
        name = f"job-{number:04}"
        transaction = client.transaction()
        transaction.create(path("locks", name), b"host1.example.org 4711", ephemeral=True)
        transaction.create(path("waiters", name), b"")
        for _ in range(waiters):
            transaction.create(path("waiters", name, f"{name}-"), b"host2.example.org 12", ephemeral=True, sequence=True)
        transaction.commit()
