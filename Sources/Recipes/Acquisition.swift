package import Coordination

/// From the first question to the claims: who may run, in the order in which it is decided.
///
/// Protocol: Docs/Protocol.md, "The order of a run".
package final class Acquisition {
    package enum Verdict {
        case owned(Claims)
        /// Neither lock nor leases were asked for.
        case nothingToOwn
        case skipped(Skip)
    }

    /// Why this run is not needed: somebody else has it, or it was meant.
    package enum Skip: Sendable, Equatable {
        case notInGroup
        case locked
        case queued
    }

    var job: Job
    let talk: Conversation
    private let notice: (Notice) -> Void
    private let earlierSessions: Set<Int64>
    private var takes = 0
    private var contradiction: Contradiction?
    private var limit: BootInstant?

    /// - Parameter limit: when the wait for permits runs out, if it has begun before under an earlier session.
    /// - Parameter earlierSessions: those of this very run, given up: a lock of theirs is nobody's.
    package init(
        job: Job, talk: Conversation, limit: BootInstant? = nil, earlierSessions: Set<Int64> = [],
        notice: @escaping (Notice) -> Void
    ) {
        self.earlierSessions = earlierSessions
        self.job = job
        self.talk = talk
        self.limit = limit
        self.notice = notice
    }

    /// When the wait for permits runs out, once it has begun.
    package var waitLimit: BootInstant? { limit }

    package func perform() async throws(Interruption) -> Verdict {
        while true {
            if let skip = try await look() { return .skipped(skip) }
            if !job.takesLock, job.leases.isEmpty { return .nothingToOwn }
            if job.leases.isEmpty {
                switch try await take(places: [], spentMarks: []) {
                case .taken(let claims): return .owned(claims)
                case .held where earlierSessions.isEmpty: return .skipped(.locked)
                case .held, .changed: try await contradicted()
                }
                continue
            }
            return try await acquireWithPermits()
        }
    }

    // MARK: The first look

    private var foundRecord: (record: JobRecord, version: Int32)?

    /// One pipelined burst: the fleet's data if it matters, the lock, and the record.
    private func look() async throws(Interruption) -> Skip? {
        let needsFleet = job.group != nil || !job.leases.isEmpty
        let fleetRequests: [Request] = needsFleet ? [.get(job.layout.prefix, watch: job.group != nil)] : []
        // Watched only by a run that is going to wait; the take sets its own watch.
        let lockRequests: [Request] =
            job.takesLock
            ? [.exists(job.lockPath, watch: !job.leases.isEmpty), .get(job.recordPath, watch: false)] : []
        // Bare --no-lock asks all the same: a server that is not there is an error also then.
        let requests = fleetRequests + lockRequests
        let replies = try await talk.askAgain(requests.isEmpty ? [.exists(job.layout.prefix, watch: false)] : requests)
        if needsFleet, let skip = try considerFleet(replies[0]) { return skip }
        return job.takesLock ? try await considerLock(Array(replies.suffix(2))) : nil
    }

    private func considerFleet(_ reply: Reply) throws(Interruption) -> Skip? {
        let fleet = try FleetReader(job: job).read(reply)
        if let group = job.group, try !FleetReader(job: job).contains(fleet, group: group) { return .notInGroup }
        if !job.leases.isEmpty {
            let order = fleet.orderedResources(macros: job.macros)
            func rank(_ lease: LeaseRequest) -> Int? { order.firstIndex { $0.isSameName(as: lease.resource) } }
            if let unknown = job.leases.first(where: { rank($0) == nil }) {
                throw .badData(
                    "--lease \(unknown.resource): not in \"resources\" of the data of \(job.layout.prefix); add it there"
                )
            }
            job.leases.sort { (rank($0) ?? 0) < (rank($1) ?? 0) }
        }
        return nil
    }

    /// The lock and the record as they were read; reads them again while the lock is our own from an earlier session.
    private func considerLock(_ first: [Reply]) async throws(Interruption) -> Skip? {
        var replies = first
        while true {
            foundRecord = nil
            if let node = try replies[1].node() {
                guard let record = JobRecord(bytes: node.data) else {
                    throw .badData(
                        "\(job.recordPath) is not a job's record, or its term is longer than a day; "
                            + "if no run of this job can be alive, delete it")
                }
                foundRecord = (record, node.stat.version)
            }
            guard let lock = try replies[0].stat() else { return nil }
            guard earlierSessions.contains(lock.ephemeralOwner) else {
                if !job.mixedFleet, foundRecord?.record.state != .running { notice(.lockWithoutRecord(job.lockPath)) }
                return .locked
            }
            // Nobody holds it: it goes when that session, which we gave up, is closed or expires.
            let watched = Request.exists(job.lockPath, watch: true)
            if try await talk.askAgain([watched])[0].stat() != nil { try await talk.pause() }
            replies = try await talk.askAgain([watched, .get(job.recordPath, watch: false)])
        }
    }

    func take(places: [String], spentMarks: [String]) async throws(Interruption) -> Take.Outcome {
        takes += 1
        talk.hold()
        let outcome = try await Take(
            job: job, talk: talk, n: takes, found: foundRecord, places: places, spentMarks: spentMarks
        ).perform()
        if case .taken = outcome { return outcome }
        try talk.unhold()
        return outcome
    }

    // MARK: With permits

    private func acquireWithPermits() async throws(Interruption) -> Verdict {
        if limit == nil { limit = job.leaseWait.map { talk.clock.now.advanced(by: $0) } }
        let queues = Queues(job: job, talk: talk, earlierSessions: earlierSessions, notice: notice)
        enqueueing: while true {
            guard try await queues.enter() else { return .skipped(.queued) }
            let permits = Permits(job: job, talk: talk)
            if job.breaks.contains(.orphanClockKept) { try await permits.glance() }
            while true {
                // At the head of all queues, until the take.
                if let skip = try await queues.awaitHead(limit: limit, changed: considerChanges) {
                    return .skipped(skip)
                }
                let spent: [String]
                switch try await permits.awaitRoom(limit: limit, changed: considerChanges) {
                case .needless(let skip): return .skipped(skip)
                case .free(let marks): spent = marks
                }
                switch try await take(places: queues.paths, spentMarks: spent) {
                case .held where earlierSessions.isEmpty: return .skipped(.locked)
                case .held, .changed:
                    try await contradicted()
                    if let skip = try await lookAgain() { return .skipped(skip) }
                case .taken(let claims):
                    if job.mixedFleet, try await permits.isOverTotal(claims) {
                        // Only possible if somebody deleted an original's place. The lock goes too: nothing has started.
                        try await giveBack(claims)
                        try talk.unhold()
                        if let skip = try await lookAgain() { return .skipped(skip) }
                        continue enqueueing
                    }
                    return .owned(claims)
                }
            }
        }
    }

    /// What was read is out of date, so it is read again. If that goes on, the server that we read from does not follow
    /// those that decide: it lags for good, or its tree has another content (seen with ZooKeeper 3.8.0, after crashes).
    private func contradicted() async throws(Interruption) {
        let now = talk.clock.now
        var latest = contradiction ?? Contradiction(since: now, last: now)
        if latest.last.duration(to: now) > Contradiction.memory { latest = Contradiction(since: now, last: now) }
        (latest.count, latest.last) = (latest.count + 1, now)
        if latest.count <= Contradiction.tolerated { latest.since = now }
        contradiction = latest
        if latest.count < Contradiction.tolerated { return }
        if latest.since.duration(to: now) >= talk.connectTimeout {
            throw .unavailable(
                "ZooKeeper refuses again and again what its own answers for \(job.lockname) ask for; do its servers show the "
                    + "same nodes? (a follower may have lost or kept transactions, as those of 3.8.0 to 3.8.4 can)")
        }
        talk.ensemble.dropConnection()
        try await talk.rest(until: now.advanced(by: Contradiction.pause))
    }

    /// The lock and the record once more, after a take that came too late.
    private func lookAgain() async throws(Interruption) -> Skip? {
        guard job.takesLock else { return nil }
        return try await considerLock(
            try await talk.askAgain([.exists(job.lockPath, watch: true), .get(job.recordPath, watch: false)]))
    }

    /// What may have happened while we waited: the lock has appeared, or this host has left the group.
    private func considerChanges() async throws(Interruption) -> Skip? {
        if job.takesLock, try talk.noticed(job.lockPath), let skip = try await lookAgain() { return skip }
        if let group = job.group, try talk.noticed(job.layout.prefix) {
            let reply = try await talk.askAgain([.get(job.layout.prefix, watch: true)])[0]
            // Data that cannot be read now says nothing about this host: go on with what was read before.
            let reader = FleetReader(job: job)
            if let fleet = try? reader.read(reply), let member = try? reader.contains(fleet, group: group), !member {
                return .notInGroup
            }
        }
        return nil
    }

    private func giveBack(_ claims: Claims) async throws(Interruption) {
        // A record still to be waited out stays running.
        let outcome: Release.Record = claims.found == nil ? .ended(nil) : .waitingOut(claims.record?.content.term ?? 0)
        var release = Release(claims: claims, record: outcome, keepsLock: false)
        while !release.isDone {
            let replies = try await talk.askAgain(release.requests)
            if let reply = replies.first, reply.isUnsettled { throw reply.interruption }
            release.settle(replies)
        }
    }
}

/// Takes in a row that failed because what had just been read was out of date.
private struct Contradiction {
    /// When the first server was left for it.
    var since: BootInstant
    var last: BootInstant
    var count = 0

    /// Rivals can come between a look and its take, but hardly so often.
    static let tolerated = 4
    static let pause = Duration.milliseconds(500)
    /// One that comes later than this has nothing to do with those before.
    static let memory = Duration.seconds(5)
}

/// What is worth a line in the log on the way.
package enum Notice: Sendable, Equatable {
    /// The lock is held, and no record says that one of ours is running: an original holds it.
    case lockWithoutRecord(String)
    case waitingInQueue(String, ahead: Int)
    case waitingForPermits(String)
    case sequenceHigh(String)
}
