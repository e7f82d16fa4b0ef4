import Coordination
import Text

/// The take: record, lock, permits and places, all in one multi or nothing.
///
/// The marks are written in the same multi as the claims, so that whoever finds no mark may start at once; and the
/// first operation is a guard, so that a take whose reply was lost can simply be made again: the second cannot succeed
/// when the first has.
struct Take {
    enum Outcome {
        case taken(Claims)
        /// Somebody else holds the lock.
        case held
        /// What we had read is out of date: read and decide again.
        case changed
    }

    let job: Job
    let talk: Conversation
    /// Counts our takes in this session.
    let n: Int
    /// The record as it was read, nil if there was none.
    let found: FoundRecord?
    /// Those of this very run, given up before it had started anything.
    let earlierSessions: Set<Int64>
    /// Our places in the queues, which the take gives up.
    let places: [String]
    /// Orphaned marks that have been waited out.
    let spentMarks: [String]
    /// The numbers of each lease's permits, in the order of the leases; nil where they have none.
    var slots: [SlotSet?] = []
    /// Of the prefix data that declares the totals and the holds.
    let fleetVersion: Int32?
    /// What it comes after.
    let after: [Generation]

    /// A take whose reply was lost, as `Claims` counts: what is asked and answered later proves nothing of an earlier moment.
    private struct Lost {
        let submitted: BootInstant
        let submittedBefore: BootInstant
    }

    func perform() async throws(Interruption) -> Outcome {
        guard let session = talk.ensemble.session else { throw .sessionExpired }
        if case .impossible = job.lifetime(session: session.timeout).fit(grace: .zero) {
            throw .refused(
                "the servers grant a session timeout of only \(session.timeout), too short beside originals (mixed_fleet); "
                    + "raise their maxSessionTimeout")
        }
        let content = record(session)
        let operations = operations(session, content)
        // The first of those whose reply was lost: it may be the one that was carried out.
        var lost: Lost?
        // When that was noticed: a host may have slept meanwhile.
        var noticedSince: BootInstant?
        var lacking = 0
        while true {
            // Read before the call that submits: never later than the truth. If this take succeeds, none before it has.
            let submitted = talk.clock.now
            let before = talk.newestAnswered ?? submitted
            let replies = try await talk.ask(
                [.multi(operations)] + (job.takesLock ? [.exists(job.lockPath, watch: true)] : []))
            switch replies.first {
            case .success(.committed(let made))?:
                return try await taken(
                    Claims(
                        leases: zip(operations, made).filter { $0.0.isLease }.compactMap(\.1),
                        marks: markPaths(session),
                        record: job.takesLock ? (job.recordPath, found.map { $0.version &+ 1 } ?? 0, content) : nil,
                        session: session, submitted: submitted, submittedBefore: before,
                        acknowledged: talk.clock.now,
                        found: waitOut, slots: namedSlots),
                    lock: replies.count > 1 ? replies[1] : nil)
            case .failure(let failure)? where failure.reason == .connectionLost:
                lost = lost ?? Lost(submitted: submitted, submittedBefore: before)
                noticedSince = noticedSince ?? talk.clock.now
                try await talk.reconnected(lostSince: noticedSince)
            case .failure(let failure)?:
                guard let index = failure.operation, operations.indices.contains(index) else {
                    throw failure.interruption
                }
                if failure.reason == .noNode, operations[index].isCreate {
                    lacking += 1
                    try await Parents(job: job, talk: talk).make(
                        for: operations.filter(\.isCreate).map(\.path), attempt: lacking)
                } else if let lost, index == 0, failure.reason == .badVersion || failure.reason == .nodeExists {
                    // The failed multi went through a quorum, so what is read now is not older than it.
                    if let claims = try await resolved(session, lost, content) { return claims }
                    try await checkPlaces()
                    return .changed
                } else if lost != nil,
                    failure.reason == .noNode && places.contains(operations[index].path)
                        || failure.reason == .nodeExists && markPaths(session).contains(operations[index].path)
                {
                    // The first was carried out, its claims were taken away, and its mark, or of several the first, was waited out
                    // by somebody else.
                    throw .sessionExpired
                } else {
                    return try decide(failure, operations[index])
                }
            default: throw .badData("ZooKeeper sent a reply of the wrong kind")
            }
        }
    }

    /// Our places are gone: a take of ours was carried out after all, its claims were taken away, and somebody else has the
    /// record by now. Begin anew.
    private func checkPlaces() async throws(Interruption) {
        if places.isEmpty { return }
        for reply in try await talk.askAgain(places.map { .exists($0, watch: false) }) where try reply.stat() == nil {
            throw .sessionExpired
        }
    }

    // MARK: What it is made of

    private var waitOut: Term? {
        guard job.takesLock, let found, found.record.state == .running else { return nil }
        return Term(seconds: found.record.term)
    }

    private func record(_ session: Session) -> JobRecord {
        var runs = found?.runs ?? []
        var term = job.term.seconds
        var ticks = found?.record.ticks ?? Ticks()
        var generations = found?.record.generations ?? Generations()
        if let oncePer = job.oncePer, let found {
            ticks = ticks.believed(at: found.writtenMilliseconds, beside: oncePer.period)
        }
        if let found, found.record.state == .running {
            // Who waited had started nothing, and has put those before him into the list; nor had we under an earlier session.
            let hasStarted = !found.record.isWaiting && !found.record.isOf(earlierSessions)
            if hasStarted { runs.append(found.lostRun) }
            ticks.conclude(hasStarted: hasStarted, isDone: false)
            generations.conclude(hasStarted: hasStarted, isDone: false)
            // In case we die while we wait it out.
            term = max(term, found.record.term)
        }
        var record = JobRecord(session: session.text, n: n, term: term, host: job.host, pid: job.pid, runs: runs)
        if let oncePer = job.oncePer { (ticks.current, ticks.period) = (oncePer.tick, oncePer.period) }
        record.ticks = ticks
        generations.current = after
        record.generations = generations
        record.lastSuccess = found?.lastSuccess
        record.isWaiting = waitOut != nil || job.minInterval != nil
        return record
    }

    private func numbers(_ index: Int) -> SlotSet? { slots.indices.contains(index) ? slots[index] : nil }

    private var namedSlots: [(resource: String, slots: SlotSet)] {
        job.leases.indices.compactMap { index in numbers(index).map { (job.leases[index].resource, $0) } }
    }

    /// One for each lease, or for each range of its numbers.
    private func markPaths(_ session: Session) -> [String] {
        job.leases.enumerated().flatMap { index, lease in
            let folder = job.layout.marks(lease.resource)
            func path(_ count: Int64, _ first: Int64?) -> String {
                let name = Permit.mark(
                    count, of: lease.total, session: session, n: n, term: job.term, first: first)
                return "\(folder)/\(name)"
            }
            return numbers(index)?.ranges.map { path(Int64($0.count), $0.lowerBound) } ?? [path(lease.count, nil)]
        }
    }

    private func operations(_ session: Session, _ content: JobRecord) -> [Operation] {
        var list: [Operation] = []
        if job.takesLock {
            if let found {
                list.append(.set(job.recordPath, data: content.encoded(), version: found.version))
                list.append(.check(job.layout.records, version: found.removals))
            } else {
                list.append(.create(job.recordPath, data: content.encoded(), .persistent))
            }
            list.append(.create(job.lockPath, data: job.nodeData, .ephemeral))
        }
        // Without a lock the first mark is the guard: its name is ours alone.
        list += markPaths(session).map { .create($0, data: job.nodeData, .persistent) }
        list += job.leases.map {
            .create(
                "\(job.layout.leases($0.resource))/\($0.count)_\($0.total)_\(session.text)_", data: job.nodeData,
                .ephemeralSequential)
        }
        // Counted by totals that are declared no more, the permits would be too many; and of a resource that is held by now none
        // is to be given out.
        if let fleetVersion, !job.leases.isEmpty {
            list.append(.check(job.layout.prefix, version: fleetVersion))
        }
        return list + (places + spentMarks).map { .delete($0) }
    }

    // MARK: How it went

    /// The look behind the take tells the creation zxid, and watches the lock from its first moment on.
    private func taken(_ claims: Claims, lock: Reply?) async throws(Interruption) -> Outcome {
        guard job.takesLock, let lock else { return .taken(claims) }
        var claims = claims
        let reply = lock.isLost ? try await talk.askAgain([.exists(job.lockPath, watch: true)])[0] : lock
        guard let stat = try reply.stat(), stat.ephemeralOwner == claims.session.id else {
            // Gone again before anything started: begin anew. Our record says running, and is waited out like any other.
            throw .sessionExpired
        }
        claims.lock = (job.lockPath, stat.czxid)
        claims.takenMilliseconds = stat.ctimeMilliseconds
        return .taken(claims)
    }

    /// A take whose reply was lost: the record, or the mark, tells whether it was carried out.
    private func resolved(_ session: Session, _ lost: Lost, _ content: JobRecord) async throws(Interruption)
        -> Outcome?
    {
        var claims = Claims(
            leases: [], marks: markPaths(session), session: session, submitted: lost.submitted,
            submittedBefore: lost.submittedBefore, acknowledged: talk.clock.now, found: waitOut,
            slots: namedSlots)
        if job.takesLock {
            guard let node = try await talk.askAgain([.get(job.recordPath, watch: false)])[0].node(),
                let record = JobRecord(bytes: node.data), record.session == session.text, record.n == n
            else { return nil }
            claims.record = (job.recordPath, node.stat.version, content)
        }
        for lease in job.leases {
            let names = try await talk.askAgain([.children(job.layout.leases(lease.resource), watch: false)])[0]
                .children()
            let mine = names.first { Permit(lease: $0)?.session == session.text }
            // Deleted by hand already: the first heartbeat will say so.
            claims.leases.append("\(job.layout.leases(lease.resource))/\(mine ?? "deleted")")
        }
        claims.acknowledged = talk.clock.now
        let lock = job.takesLock ? try await talk.askAgain([.exists(job.lockPath, watch: true)])[0] : nil
        return try await taken(claims, lock: lock)
    }

    /// A failed multi is decided by its first failing operation.
    private func decide(_ failure: Failure, _ operation: Operation) throws(Interruption) -> Outcome {
        switch (failure.reason, operation) {
        case (.nodeExists, .create(job.lockPath, _, _)): return .held
        case (.badVersion, .set), (.badVersion, .check), (.nodeExists, .create(job.recordPath, _, _)), (.noNode, .set):
            return .changed
        case (.noNode, .delete(let path)) where spentMarks.contains(path): return .changed
        case (.noNode, .delete(let path)):
            throw .badData("somebody deleted \(path), this run's place in its queue; start the run again")
        default: throw failure.interruption
        }
    }
}

extension Operation {
    var isCreate: Bool { if case .create = self { true } else { false } }
    var isLease: Bool { if case .create(_, _, .ephemeralSequential) = self { true } else { false } }
}

/// Persistent nodes that others stand under: made when a create says that they are missing, not looked for on every run.
package struct Parents {
    let layout: Layout
    let nodeData: [UInt8]
    let talk: Conversation

    init(job: Job, talk: Conversation) { self.init(layout: job.layout, nodeData: job.nodeData, talk: talk) }

    /// - Parameter nodeData: who makes them, for their data.
    package init(layout: Layout, nodeData: [UInt8], talk: Conversation) {
        (self.layout, self.nodeData, self.talk) = (layout, nodeData, talk)
    }

    /// - Parameter attempt: how often in a row, from 1 on. A server that shows what the others refuse as missing (its tree differs
    ///   from theirs: Docs/Guarantees.md, limit 9) is left for another, with a pause.
    package func make(for paths: [String], attempt: Int = 1) async throws(Interruption) {
        var ancestors: [String] = []
        for ancestor in paths.flatMap(Layout.ancestors)
        where !ancestors.contains(where: { $0.isSameName(as: ancestor) }) {
            ancestors.append(ancestor)
        }
        // Only the missing ones: to create one that exists takes a permission on its parent that we may not have.
        let replies = try await talk.askAgain(ancestors.map { .exists($0, watch: false) })
        let missing = zip(ancestors, replies).filter { $0.1.failureReason == .noNode }.map(\.0)
        let creates = missing.map {
            Request.multi([.create($0, data: layout.seed($0, nodeData: nodeData), .persistent)])
        }
        if attempt > 1 {
            // Pauses are all that it has cost so far.
            if Contradictions.pause * attempt > talk.connectTimeout { throw Contradictions.refusal(of: paths[0]) }
            talk.ensemble.dropConnection()
            try await talk.rest(until: talk.clock.now.advanced(by: Contradictions.pause))
        }
        if creates.isEmpty { return }
        // Gone again meanwhile (a container node that is reaped, somebody's cleaner): whoever needs them asks once more.
        for case .failure(let failure) in try await talk.askAgain(creates)
        where failure.reason != .nodeExists && failure.reason != .noNode { throw failure.interruption }
    }
}
