"""Permits: never over total, strictly first come, first served; judged from the commands' own records."""

import random

from Support.eventually import always, eventually, now


def take_order(fleet):
    """Labels in the order of their takes: the token is the creation zxid of the lock, taken in the same multi."""
    starts = fleet.records.events("start")
    return [event.label for event in sorted(starts, key=lambda event: int(event.detail[0], 0))]


def enqueue(fleet, label, leases, duration_ms):
    """Start a run, and wait until it stands in its queues, so that the order of arrival is known."""
    words = [word for resource, (count, total) in leases.items() for word in ("--lease", f"{resource}={count}:{total}")]
    claims = [word for resource, (count, total) in leases.items() for word in ("--claim", f"{resource}:{total}:{count}")]
    run = fleet.launch_job(label, "--for", duration_ms, *claims, arguments=words, until=False)
    for resource in leases:
        fleet.queued(resource, label)
    return run


def block(fleet, totals):
    """Take all permits, so that what is started next has to queue."""
    words = [word for resource, total in totals.items() for word in ("--lease", f"{resource}={total}:{total}")]
    fleet.start_job("blocker", arguments=words)


def play(fleet, totals, weights, seed):
    """Let all these jobs through one after the other has queued, and check totals and order of each resource."""
    dice = random.Random(seed)
    fleet.resources(*totals)
    block(fleet, totals)
    runs = []
    for number, weight in enumerate(weights):
        leases = {resource: (count, totals[resource]) for resource, count in weight.items()}
        runs.append(enqueue(fleet, f"job{number}", leases, dice.randrange(10, 250)))
    fleet.end_job("blocker")
    for run in runs:
        assert run.wait(60) == 0, run
    for resource, total in totals.items():
        users = {f"job{n}": weight[resource] for n, weight in enumerate(weights) if resource in weight}
        fleet.records.assert_totals(users, total)
        order = [label for label in take_order(fleet) if label in users]
        assert order == list(users), f"{resource}: not first come, first served"
    fleet.records.assert_no_violation()
    for resource in totals:
        assert (fleet.queue(resource), fleet.leases(resource), fleet.marks(resource)) == ([], [], [])


def test_mixed_weights_on_one_resource(fleet):
    play(fleet, {"r": 5}, [{"r": count} for count in (1, 4, 2, 2, 5, 1, 1, 3, 3, 2, 1, 5)], seed=1)


def test_mixed_weights_on_two_resources(fleet):
    dice = random.Random(2)
    totals = {"cpu": 4, "mem": 10}
    weights = []
    for _ in range(14):
        chosen = dice.choice([["cpu"], ["mem"], ["cpu", "mem"], ["cpu", "mem"]])
        weights.append({resource: dice.randint(1, totals[resource]) for resource in chosen})
    play(fleet, totals, weights, seed=2)


def test_two_resources_in_any_order_do_not_deadlock(fleet):
    """All at once, named in either order, without waiting for one another's places."""
    fleet.resources("one", "two")
    runs = []
    for number in range(12):
        leases = ["--lease", "one=1:1", "--lease", "two=1:1"]
        if number % 2:
            leases = leases[2:] + leases[:2]
        runs.append(fleet.launch_job(f"job{number}", "--for", 20, "--claim", "one:1:1", "--claim", "two:1:1",
                                     arguments=leases, until=False))
    for run in runs:
        assert run.wait(60) == 0, run
    fleet.records.assert_totals({f"job{number}": 1 for number in range(12)}, 1)
    fleet.records.assert_no_violation()


def test_a_small_one_does_not_overtake_a_large_one(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=3:5"))
    fleet.launch_job("large", arguments=("--lease", "r=4:5"))
    fleet.queued("r", "large")
    fleet.launch_job("small", arguments=("--lease", "r=1:5"))
    fleet.queued("r", "small")
    always(lambda: len(fleet.records.events("start")) == 1, during=1.0, what="nobody overtakes")
    fleet.end_job("holder")
    fleet.records.started("large")
    fleet.records.started("small")
    fleet.end_job("large")
    fleet.end_job("small")
    for run in fleet.runs:
        assert run.wait() == 0


def test_what_fits_runs_beside_each_other(fleet):
    fleet.resources("r")
    for number in range(5):
        fleet.start_job(f"job{number}", arguments=("--lease", "r=1:5"))
    assert len(fleet.leases("r")) == 5
    for number in range(5):
        fleet.end_job(f"job{number}")


def test_without_the_lock_permits_count_all_the_same(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--no-lock", "--lockname", "a", "--lease", "r=1:1"))
    fleet.launch_job("next", arguments=("--no-lock", "--lockname", "b", "--lease", "r=1:1"))
    fleet.queued("r", "b")
    always(lambda: not fleet.records.events("start", "next"), during=0.5)
    fleet.end_job("holder")
    fleet.records.started("next")
    fleet.end_job("next")


def test_a_released_permit_is_handed_over_at_once(fleet):
    """The original polls once a second; here an event wakes the next."""
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    fleet.launch_job("next", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "next")
    fleet.end_job("holder")
    handed_over = fleet.records.started("next").time - fleet.records.events("end", "holder")[0].time
    assert handed_over < 0.25, handed_over
    fleet.end_job("next")


def test_a_lease_wait_runs_out(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    run = fleet.start("--lockname", "a", "--lease", "r=1:1", "--lease-wait", "2s", "--", "false").finished()
    assert run.code == 75 and 1.9 < now() - run.began < 4
    holder = fleet.runs[0].front
    assert run.err == (
        "switchman: a: no permits within the lease wait: r has 1 of 1 permits taken, 1 wanted "
        f"({fleet.settings['fqdn']}, process {holder})\n")
    eventually(lambda: fleet.queue("r") == [])
    fleet.end_job("holder")


def test_who_stands_before_one_whose_wait_runs_out(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    first = fleet.launch_job("first", arguments=("--lease", "r=1:1"))
    fleet.queued("r", "first")
    run = fleet.run("--verbose", "--lockname", "a", "--lease", "r=1:1", "--lease-wait", "1s", "--", "false")
    assert run.code == 75 and "switchman: a: waiting for 1 permit of r: 1 ahead, the next is first\n" in run.err
    assert (f"switchman: a: no permits within the lease wait: 1 ahead in the queue of r, the next is first "
            f"({fleet.settings['fqdn']}, process {first.front})\n") in run.err
    for label in ("first", "holder"):
        fleet.end_job(label)


def test_a_wait_that_runs_out_while_the_servers_are_away_is_one_all_the_same(own_fleet, server):
    """Who has the permits would be good to know, and nobody waits for it."""
    own_fleet.resources("r")
    config = own_fleet.config("long.conf", session_timeout=12)
    own_fleet.start_job("holder", arguments=("--lease", "r=1:1", "--term", "60s"), config=config)
    run = own_fleet.start("--lockname", "a", "--lease", "r=1:1", "--lease-wait", "4s", "--", "false", config=config)
    own_fleet.queued("r", "a")
    always(lambda: run.running, during=1, what="it has counted the permits, and waits")
    server.stop()
    assert run.wait(20) == 75 and now() - run.began < 8
    server.cont()
    own_fleet.end_job("holder")


def test_the_configured_lease_wait_runs_out(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    config = fleet.config(resources_wait_timeout=1)
    assert fleet.run("--lockname", "a", "--lease", "r=1:1", "--", "false", config=config).code == 75
    run = fleet.launch_job("b", arguments=("--lease", "r=1:1", "--lease-wait", "forever"), config=config)
    fleet.queued("r", "b")
    always(lambda: run.running, during=2, what="the option is stronger than the file")
    fleet.end_job("holder")
    fleet.records.started("b")
    fleet.end_job("b")


def test_zero_in_the_configuration_is_for_ever(fleet):
    fleet.resources("r")
    fleet.start_job("holder", arguments=("--lease", "r=1:1"))
    run = fleet.launch_job("b", arguments=("--lease", "r=1:1"), config=fleet.config(resources_wait_timeout=0))
    fleet.queued("r", "b")
    always(lambda: run.running, during=1)
    fleet.end_job("holder")
    fleet.records.started("b")
    fleet.end_job("b")


def test_a_wait_of_zero_takes_what_is_free(fleet):
    fleet.resources("r")
    assert fleet.run("--lockname", "a", "--lease", "r=1:1", "--lease-wait", 0, "--", "true").code == 0


def test_the_order_of_resources_is_that_of_the_prefix_data(fleet):
    """One multi enqueues everywhere, in this order: lower places in the first queue are lower in all."""
    fleet.resources("zz", "aa")
    block(fleet, {"zz": 1, "aa": 1})
    fleet.launch_job("a", arguments=("--lease", "aa=1:1", "--lease", "zz=1:1"))
    fleet.queued("aa", "a")
    places = [fleet.stat("queues", resource, fleet.queue(resource)[0]) for resource in ("zz", "aa")]
    assert places[0].czxid == places[1].czxid, "one multi"
    fleet.end_job("blocker")
    fleet.records.started("a")
    fleet.end_job("a")
