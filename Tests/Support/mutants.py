"""The mutants of the sources: each breaks one rule, so that the simulation and the tests can show that they would see it.

An entry is (declaration, what stands there, what the mutants' copy has instead). The declaration is `Type.member`; the text is found in
it whatever its line breaks and blanks are, exactly once. `$name` is true while the mutant of that name plays: the names that occur
here are all there are. Tests/Support/mutation.py writes the copy."""

# What carries the switches through the code.
CARRIERS = [
    ("Job.outerSession", "package var outerSession: String?", "package var outerSession: String?\n    package var breaks = Break.always"),
    ("Claims.found", "package var found: Term?", "package var found: Term?\n    package var breaks: Set<Break> = []"),
    ("Take.taken", "claims.takenMilliseconds = stat.ctimeMilliseconds",
     "claims.takenMilliseconds = stat.ctimeMilliseconds\n        claims.breaks = job.breaks"),
    ("Conversation.hasNews", "private var hasNews = false", "private var hasNews = false\n    private var breaks: Set<Break> = []"),
    ("Conversation.init", "prefix: job.layout.prefix, firstTicket: firstTicket)",
     "prefix: job.layout.prefix, firstTicket: firstTicket)\n        breaks = job.breaks"),
    ("Tenure.init", "self.claims = claims", "self.claims = claims\n        self.claims?.breaks = job.breaks"),
]

MUTANTS = [
    # Heartbeats, and when they were sent.
    ("Claims.heartbeat", ".multi(paths.map { .check($0) })", "$heartbeatByRead ? .exists(paths[0], watch: true) : .multi(paths.map { .check($0) })"),
    ("Claims.heartbeat", "return [check] +", "if $recordInHeartbeat, let record { return [check, .get(record.path, watch: false)] }\n        return [check] +"),
    ("Claims.judge", "case .success(.stat(let stat)):", "case .success(.stat(let stat)) where !$checkWithoutOwner:"),
    ("Tenure.expectTick", "private mutating func expectTick(",
     "mutating func submittedOnly(at now: BootInstant) { if heartbeatTicket != nil { heartbeats?.submitted(at: now) } }\n\n"
     "    private mutating func expectTick("),
    ("Life.tenure", "tenure.carriedOut(actions, at: clock.now)",
     "tenure.carriedOut(actions, at: clock.now)\n            if $sReadAfterCall { tenure.submittedOnly(at: clock.now) }"),
    ("Tenure.settledHeartbeat", "heartbeats?.acknowledged(at: now)",
     "if $sReadAtReply { heartbeats?.submitted(at: now) }\n                heartbeats?.acknowledged(at: now)"),
    # The take.
    ("Take.perform", "acknowledged: talk.clock.now,", "acknowledged: $waitOutFromSubmission ? submitted : talk.clock.now,"),
    ("Take.perform", "lost = lost ?? Lost(", "if $lostTakeIsFailure { return .changed }\n                lost = lost ?? Lost("),
    ("Take.perform", "throw .sessionExpired\n } else {",
     "throw .sessionExpired\n                } else if operations[index].path == job.lockPath, failure.reason == .nodeExists, $nodeExistsIsMine {\n"
     "                    return .taken(\n                        Claims(\n"
     "                            lock: (job.lockPath, 0), leases: [], marks: [], session: session, submitted: submitted,\n"
     "                            submittedBefore: before, acknowledged: talk.clock.now))\n                } else {"),
    ("Take.waitOut", "found.record.state == .running else { return nil }",
     "found.record.state == .running, !$noWaitOut else { return nil }\n"
     "        if $ownOldMarkTrusted, found.record.host == job.host, found.record.pid == job.pid { return nil }"),
    ("Take.record", "found?.runs ??", "($startDatedAhead ? found?.record.runs : found?.runs) ??"),
    ("Take.record", "term = max(term, found.record.term)", "if !$ownTerm { term = max(term, found.record.term) }"),
    ("Take.record", "ticks.conclude(hasStarted: hasStarted,", "ticks.conclude(hasStarted: hasStarted && !$lostTickForgotten,"),
    ("Take.record", "generations.conclude(hasStarted: hasStarted,",
     "generations.conclude(hasStarted: hasStarted && !$lostGenerationForgotten,"),
    ("Acquisition.considerTick", "guard let oncePer = job.oncePer,", "guard !$tickIgnored, let oncePer = job.oncePer,"),
    ("Acquisition.considerTick", "!found.record.isWaiting &&", "!found.record.isWaiting && !$runningTickIgnored &&"),
    ("Acquisition.considerTick", "if covers(ticks.done) { return .alreadyRun }", "if covers(ticks.done), !$doneIgnored { return .alreadyRun }"),
    ("Acquisition.considerAfter", "if job.after.names.isEmpty {", "if $afterIgnored || job.after.names.isEmpty {"),
    ("Acquisition.considerAfter", "switch standing(parent, consumed) {",
     "switch $failedParentCounts ? .ready(parent.record?.runs.last?.token) : standing(parent, consumed) {"),
    ("Acquisition.generationsConsumed", "counts ? generations.current", "counts && !$runningGenerationIgnored ? generations.current"),
    ("Acquisition.generationsConsumed", "job.retriesFailed ? generations.done",
     "job.retriesFailed ? $doneGenerationIgnored ? [] : generations.done"),
    ("Acquisition.generationsConsumed", "return all.filter {", "return $consumedIgnored ? [] : all.filter {"),
    ("Take.record", "return record", "if $noMark { record.state = .ended }\n        return record"),
    ("Take.markPaths", "job.leases.enumerated()", "($noMark ? [] : job.leases).enumerated()"),
    ("Take.markPaths", "path(Int64($0.count), $0.lowerBound)", "path(Int64($0.count), $slotNotMarked ? nil : $0.lowerBound)"),
    ("Take.operations", "list.append(.check(job.layout.records, version: found.removals))",
     "if !$removedRecordTrusted { list.append(.check(job.layout.records, version: found.removals)) }"),
    ("Take.operations", "if let fleetVersion,", "if !$totalsUnguarded, let fleetVersion,"),
    ("Take.operations", "!job.leases.isEmpty {\n list", "!job.leases.isEmpty, !$holdUnguarded || job.leases.contains(where: { $0.origin == .declared }) {\n            list"),
    ("Take.operations", "(places + spentMarks)", "(($takeLeavesPlace ? [] : places) + spentMarks)"),
    # The guardian.
    ("Tenure.patience", "message.isStart ?", "message.isStart && !$startHasNoTime ?"),
    # Queues.
    ("Acquisition.acquireInTurn", "if let skip = try await line.awaitHead(", "if !$lockQueueIgnored, let skip = try await line.awaitHead("),
    ("Acquisition.acquireInTurn", "if job.waiters != nil, try await", "if job.waiters != nil, !$crowdSeenBeforeOnly, try await"),
    ("Queues.enter", "if kind == .permits, let rival = try await rival(before: places)",
     "if kind == .permits, !$lockNameCheckedOnlyBefore, let rival = try await rival(before: places)"),
    ("Queues.enqueue", "let leaving = paths", "if $enqueueOneByOne { return try await enqueueOneByOne() }\n        let leaving = paths"),
    ("Queues.lost", "private func lost(",
     "private func enqueueOneByOne() async throws(Interruption) {\n"
     "        try await Parents(job: job, talk: talk).make(for: queues.map { \"\\($0)/place\" })\n"
     "        places = []\n"
     "        for queue in queues {\n"
     "            let reply = try await talk.ask([\n"
     "                .multi([.create(\"\\(queue)/\\(job.lockname)-\", data: job.nodeData, .ephemeralSequential)])\n"
     "            ])[0]\n"
     "            guard case .success(.committed(let made)) = reply, let path = made[0],\n"
     "                let place = Place(name: Layout.name(of: path))\n"
     "            else { throw .sessionExpired }\n"
     "            places.append(place)\n"
     "        }\n    }\n\n    private func lost("),
    ("Queues.enqueue", "if try await foundAgain()", "if !$lostPlaceIsFailure, try await foundAgain()"),
    ("Queues.commitNothing", ".multi([.check(job.layout.prefix)])",
     "$noCommittedWriteBeforeList ? .exists(job.layout.prefix, watch: false) : .multi([.check(job.layout.prefix)])"),
    ("Queues.awaitHead", "earlier.max(by: { $0.sequence < $1.sequence })", "earlier.max(by: { ($0.sequence < $1.sequence) != $watchHead })"),
    ("Queues.awaitHead", "try talk.noticed(predecessor) { break waiting }",
     "try talk.noticed(predecessor) {\n                    if $noRereadAfterWait { return nil }\n                    break waiting\n                }"),
    # Permits.
    ("Acquisition.waitForPermits", "let permits = Permits(job: job, talk: talk) { [unowned self] in job.leases }",
     "let permits = Permits(job: job, talk: talk) { [unowned self] in job.leases }\n"
     "        if $orphanClockKept { _ = try await permits.survey() }"),
    ("Acquisition.considerFleetAgain", "job.leases = try reader.renewed(fleet, job.leases)",
     "if !$totalKept { job.leases = try reader.renewed(fleet, job.leases) }"),
    ("Permits.awaitRoom", "let onlyOrphans = counts.allSatisfy(\\.fitsWithoutOrphans)",
     "let onlyOrphans = counts.allSatisfy(\\.fitsWithoutOrphans) && !$leaseWaitRunsOut"),
    ("Permits.count", "{ !talk.changes(of: $0).isEmpty }).isEmpty {", "{ !talk.changes(of: $0).isEmpty }).isEmpty, !$earlyEventIgnored {"),
    ("Permits.count", "let replies = try await talk.askAgain(", "let asked = $orphanClockFromSubmission ? talk.clock.now : nil\n            let replies = try await talk.askAgain("),
    ("Permits.count", "let seen = talk.clock.now", "let seen = asked ?? talk.clock.now"),
    ("Permits.count", "orphans = orphansNow", "orphans = $orphanClockKept ? orphans.merging(orphansNow) { old, _ in old } : orphansNow"),
    ("Permits.count", "if sessions.contains(session) {", "if sessions.contains(session) || $orphansNotCounted {"),
    ("Permits.count", "addedUp(with: permit.count) count.numbered += [permit.slots]",
     "addedUp(with: permit.count)\n                count.numbered += [$orphanSlotGivenAway ? nil : permit.slots]"),
    ("Permits.noteHold", "guard let sentence =", "guard !$holdIgnored, let sentence ="),
    ("Permits.noteHold", "guard let until =", "guard !$holdSleepsOn, let until ="),
    ("Conversation.pause", "while !hasNews {", "while $oldNewsCounts ? changes.isEmpty : !hasNews {"),
    # Before the start, and the start.
    ("FleetReader.pause", "if let note = fleet.pauses.jobNotes[", "if $pauseIgnored { return nil }\n        if let note = fleet.pauses.jobNotes["),
    ("FleetReader.pause", "ExactName(job.lockname)] {", "ExactName(job.lockname)], !$endingPauseIgnored || note.until == nil {"),
    ("FleetReader.pause", "if let note = fleet.pauses.all {", "if let note = fleet.pauses.all, !$endingPauseIgnored || note.until == nil {"),
    ("FleetReader.read", "nowMilliseconds: job.wallMilliseconds()", "nowMilliseconds: $pauseNeverEnds ? 0 : job.wallMilliseconds()"),
    ("Tenure.init", "let wait = found.waitOut", "let wait = $noMargin ? Duration.seconds(found.seconds) : found.waitOut"),
    ("Tenure.init", "claims.record?.content.isWaiting == true {", "claims.record?.content.isWaiting == true, !$startNotWritten {"),
    ("Tenure.givesUpAt", "isBeforeStart ?", "isBeforeStart && !$idleForever && !$lossIgnored ?"),
    ("Tenure.waitedOut", "guard claims?.record != nil else {", "guard claims?.record != nil, !$foundTermKept else {"),
    ("Tenure.setRecord", "record.content.started == nil {", "record.content.started == nil, !$startNotWritten {"),
    ("Tenure.canStart", "if heartbeats.areHopeless(grace: grace, budget: budget) {",
     "if heartbeats.areHopeless(grace: grace, budget: budget), !$staleStart {"),
    ("Tenure.start", "guard canStart() else", "guard canStart() || $staleStart else"),
    ("Claims.isWithin", "guard let now = takenMilliseconds,",
     "guard let now = $intervalByOwnClock ? serverMilliseconds(at: acknowledged) : takenMilliseconds,"),
    ("Claims.serverMilliseconds", "takenMilliseconds.map {",
     "if $intervalByOwnClock { return instant.nanoseconds / 1_000_000 }\n        return takenMilliseconds.map {"),
    # The end.
    ("Tenure.lose", "claims != nil else {", "claims != nil, !$lossIgnored else {"),
    ("Tenure.beginRelease", "if case .waitingOut(let until) = phase {", "if case .waitingOut(let until) = phase, !$givingUpWritesEnded {"),
    ("Release.init", "operations.append(UnlockedRun.write(run, at: path))", "if !$runForgotten { operations.append(UnlockedRun.write(run, at: path)) }"),
    ("Tenure.beginRelease", "let keepsLock = job.mixedFleet || ending.lost != nil\n let release = Release(claims: claims,",
     "var released = claims\n        if $releaseUnguarded { released.record = nil }\n"
     "        let keepsLock = (job.mixedFleet || ending.lost != nil) && !$releaseUnguarded\n        let release = Release(claims: released,"),
    ("Tenure.continueRelease", "releasing.step = .asked(ticket: submit(releasing.release.requests))",
     "var requests = releasing.release.requests\n"
     "        if $outputInRelease, job.keptOutputBytes != nil, case .multi(let operations)? = requests.first {\n"
     "            let output = Operation.set(job.layout.output(job.lockname), data: [], version: -1)\n"
     "            requests = [.multi(operations + [output])]\n        }\n"
     "        releasing.step = .asked(ticket: submit(requests))"),
    ("Tenure.tree", "guard remaining > 0, waits,", "if $releaseBeforeReap { return beginRelease() }\n            guard remaining > 0, waits,"),
    ("Tenure.reckon", "budget = newest\n guard",
     "budget = $treeSizeIgnored ? newest.ofNewTree : newest\n"
     "        if $latenessIgnored {\n"
     "            budget = KillingBudget(whole: budget.bySize, bySize: budget.bySize, processes: budget.processes)\n        }\n        guard"),
    ("Tenure.reckon", "if budget.bySize > room {", "if budget.bySize > room, !$treeTooLargeIgnored {"),
]
