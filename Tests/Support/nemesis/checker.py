"""The judge of a history. It believes the commands' own records and the kernel, not the program."""

from .contenders import LOCKS, QUEUED, RESOURCES, SKIPPED, TOO_SOON, TOTAL

BAD_DATA, UNAVAILABLE, OS_ERROR, NO_PERMITS, RELEASED, LOST, TIMEOUT = 65, 69, 71, 75, 80, 81, 124
# Codes that say: nothing was started (Docs/switchman.1).
NOT_STARTED = {SKIPPED: "skipped", QUEUED: "queued", TOO_SOON: "too soon", UNAVAILABLE: "unavailable",
               NO_PERMITS: "no permits", RELEASED: "deleted before anything was started"}
# By the number, or by that very signal: always after SIGINT, and while the configuration is read.
ASKED_TO_END = {128 + 15: {"SIGTERM front"}, -15: {"SIGTERM front"}, 128 + 2: {"SIGINT front"}, -2: {"SIGINT front"}}
# Of the outcomes that have one of their own.
CODES = {"os-error": OS_ERROR, "timeout": TIMEOUT}


def overlaps(records, attempts):
    """Never two holders of a lock, never more than a resource's total: by stamps, and by the kernel's own locks."""
    found = [f"the kernel says that {event.label} started while another held {event.detail[0]}"
             for event in records.events("violation")]
    for lock in LOCKS:
        found += _too_much(records, {one.label: 1 for one in attempts if one.lock == lock}, 1, f"lock {lock}")
    for resource in RESOURCES:
        weights = {one.label: one.weights[resource] for one in attempts if resource in one.weights}
        found += _too_much(records, weights, TOTAL, resource)
    return found


def _too_much(records, weights, total, what):
    try:
        records.assert_totals(weights, total)
    except AssertionError as error:
        return [f"{what}: {error}"]
    return []


def tokens(records, attempts):
    """A later holder of a lock has a larger fencing token."""
    found, locks = [], {one.label: one.lock for one in attempts}
    for lock in LOCKS:
        newest = (0, "nobody")
        for event in sorted(records.events("start"), key=lambda event: event.time):
            # A further attempt of the same run is under the same lock.
            if locks.get(event.label) != lock or event.label == newest[1]:
                continue
            token = int(event.detail[0]) if event.detail[0].isdigit() else None
            if token is None or token <= newest[0]:
                found.append(
                    f"lock {lock}: {event.label} started with token {token} after {newest[1]} with {newest[0]}")
            else:
                newest = (token, event.label)
    return found


def intervals(records, attempts):
    """No run starts within its own --min-interval of the last start of its lock: the recorders' clock is the servers'
    here, and a run's first attempt is what counts."""
    found, runs, last = [], {one.label: one for one in attempts}, {}
    for event in sorted(records.events("start"), key=lambda event: event.time):
        one = runs.get(event.label)
        if one is None or one.lock is None or last.get(one.lock, (None,))[0] == one.label:
            continue
        label, time = last.get(one.lock, ("nobody", float("-inf")))
        if event.time - time < one.interval:
            found.append(f"lock {one.lock}: {one.label} started {event.time - time:.3f} s after {label}, "
                         f"with an interval of {one.interval} s")
        last[one.lock] = one.label, event.time
    return found


def exit_codes(records, attempts):
    """Each exit code is documented and true, whatever the servers did."""
    started = {event.label for event in records.events("start")}
    completed = {event.label for event in records.events("end")}
    found = []
    for one in attempts:
        def wrong(what, one=one):
            found.append(f"{one.label} (run {one.run.front}) exited with {one.code}: {what}")
        if one.ended is None or one.code == BAD_DATA:
            continue
        if one.code == LOST:
            # It may have been killed before it could write down that it was started: then its run says so.
            if one.label not in started and not one.touched and "ending the command" not in one.run.err:
                wrong("that says that something was lost, but nothing was started")
            continue
        if one.code in NOT_STARTED:
            if one.label in started:
                wrong(f"that says {NOT_STARTED[one.code]}, but its command was started")
            if one.code == NO_PERMITS and (one.lease_wait is None or one.ended - one.began < one.lease_wait):
                wrong(f"it would have waited for {one.lease_wait or 'ever'}")
        elif one.code == one.status:
            if one.label not in completed:
                wrong("its command did not run to the end")
            # A guardian or a supervisor that is stopped lets the time pass.
            if one.timeout and one.length > one.timeout + 2 and not one.touched:
                wrong(f"its command ran for {one.length} s, with a timeout of {one.timeout} s")
        elif one.code == TIMEOUT and one.timeout:
            # Each attempt has its own time, and a command that is stopped lets it pass.
            if one.length + 0.5 < one.timeout and not one.touched:
                wrong("its command needs less time")
        elif one.code == OS_ERROR:
            if not one.touched & {"SIGKILL supervisor", "SIGKILL guardian", "SIGSTOP guardian", "SIGSTOP supervisor"}:
                wrong("nothing was done to its processes")
            if one.label in started:
                wrong("that says that nothing was started, but its command was")
        elif one.code == 137:
            if not one.touched:
                wrong("nobody killed its command")
        elif one.code == -9:
            if not one.touched & {"SIGKILL front", "host lost"}:
                wrong("nobody killed it")
        elif one.code in ASKED_TO_END:
            if not one.touched & ASKED_TO_END[one.code]:
                wrong("nobody asked it to end")
        else:
            wrong("there is no such code")
    return found


def blamed(attempts):
    """Who says that somebody has deleted or changed what is its own (65): nobody has, but servers that lose commits."""
    return [f"{one.label} (run {one.run.front}) exited with {one.code}: {one.run.err.strip()}"
            for one in attempts if one.ended is not None and one.code == BAD_DATA]


def needless(attempts, faults):
    """Who says that something was lost or deleted, or that the servers could not be reached, and nothing had been in their way; and
    who has not ended."""
    found = []
    for one in attempts:
        if one.ended is None:
            found.append(f"{one.label} (run {one.run.front}) has not ended")
        elif one.code in (LOST, UNAVAILABLE) and not one.touched and not any(fault.reached(one) for fault in faults):
            what = "it was killed needlessly" if one.code == LOST else "it gave up needlessly"
            found.append(f"{one.label} (run {one.run.front}) exited with {one.code}: no fault had reached it: {what}")
        elif one.code == RELEASED and not any(fault.deletes and fault.reached(one) for fault in faults):
            found.append(f"{one.label} (run {one.run.front}) exited with {one.code}: nobody had deleted its lock")
    return found


def remembered(jobs, records, attempts):
    """What a job's record tells of its last runs is what they told their callers. `jobs`: the records by lock."""
    found, labels = [], {event.detail[0]: event.label for event in records.events("start")}
    runs = {one.label: one for one in attempts}
    for lock, record in jobs.items():
        for past in record.get("runs", ()):
            one = runs.get(labels.get(str(past.get("token"))))
            # Of one that was lost before it had said how it ended, its successor knows no more.
            if one is None or one.code in (None, -9) or past["outcome"] == "lost":
                continue
            code = past.get("code", CODES.get(past["outcome"]))
            if code != (one.code if one.code >= 0 else 128 - one.code):
                found.append(f"{one.label} exited with {one.code}, and the record of {lock} says {past}")
    return found


def reaped(records, attempts):
    """When a run has exited, nothing of its command is alive; unless its front was killed, which then cannot wait."""
    found = []
    spans = records.spans()
    for one in attempts:
        late = [span for span in spans if span.label == one.label and one.ended and span.last > one.ended]
        if late and one.code != -9:
            found.append(f"{one.label} exited with {one.code}, and process {late[0].pid} of its command was alive "
                         f"{late[0].last - one.ended:.3f} s later")
    return found
