"""A seeded nemesis: contenders come again and again while servers are killed and stopped and runs are killed; the
commands' own records are judged at the end. SWITCHMAN_SEED repeats a run, SWITCHMAN_NEMESIS_S sets its length."""

import os
import random
import signal
import threading

from Support import processes
from Support.eventually import elapsed, now

SEED = int(os.environ.get("SWITCHMAN_SEED", "1"))
LENGTH_S = float(os.environ.get("SWITCHMAN_NEMESIS_S", "45"))
TERM_S = 4
CONTENDERS = 4


def contend(fleet, number, until, dice):
    turn = 0
    while now() < until:
        label = f"job{number}.{turn}"
        turn += 1
        options = ["--claim", "lock:1:1", "--for", dice.randrange(50, 3000)]
        if dice.random() < 0.3:
            options.append("--stubborn")
        run = fleet.start("--lockname", "a", "--descendants", "kill", "--", *fleet.job(label, *options))
        run.wait(90)
        if run.code not in (0, 69, 81) and not run.tormented:
            fleet.oddities.append(run)


def torment(ensemble, fleet, until, dice):
    while now() < until:
        what = dice.choice(["kill", "stop", "crash", "crash", "suspend"])
        victim = dice.choice(ensemble.servers)
        if what == "kill":
            victim.kill()
            elapsed(now() + dice.random() * 3)
            victim.start()
        elif what == "stop":
            victim.stop()
            elapsed(now() + dice.random() * TERM_S * 2)
            victim.cont()
        else:
            holders = [run for run in list(fleet.runs) if run.running and not run.tormented]
            if holders:
                run = dice.choice(holders)
                run.tormented = True
                if what == "crash":
                    fleet.lose_host(run)
                else:
                    victims = [one.pid for one in run.processes() if one.comm in ("switchman", "sm-guardian")]
                    chosen = dice.choice(victims) if victims else None
                    if chosen:
                        processes.kill(chosen, signal.SIGSTOP)
                        elapsed(now() + dice.random() * TERM_S * 2)
                        processes.kill(chosen, signal.SIGCONT)
        elapsed(now() + dice.random() * 3)


def test_never_two_whatever_happens(ensemble, ensemble_fleet):
    ensemble_fleet.leaves_marks = True
    ensemble_fleet.oddities = []
    ensemble_fleet.settings.update(session_timeout=4, ownership_term=TERM_S, termination_timeout=1, connect_timeout=5)
    until = now() + LENGTH_S
    threads = [
        threading.Thread(target=contend, args=(ensemble_fleet, number, until, random.Random(SEED * 100 + number)))
        for number in range(CONTENDERS)
    ]
    for thread in threads:
        thread.start()
    torment(ensemble, ensemble_fleet, until, random.Random(SEED))
    for thread in threads:
        thread.join()
    ensemble.wait_ready()
    ensemble_fleet.records.assert_never_two()
    assert len(ensemble_fleet.records.events("start")) >= 3, "something ran at all"
    assert not ensemble_fleet.oddities
