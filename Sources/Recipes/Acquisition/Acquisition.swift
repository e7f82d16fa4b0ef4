package import Coordination
import Text

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
        case paused
        case drained
        case tooSoon
        /// Its tick was started, or is done: --once-per.
        case alreadyRun
        /// The jobs that it comes after have not succeeded since: --after.
        case notReady
        /// Nor will it be worth the wait: another run has had its turn, or the period is over.
        case neverReady
        case locked
        case queued
    }

    /// When the waits run out, if they have begun and do not last for ever.
    package struct Limits: Sendable {
        package var lock: BootInstant?
        package var permits: BootInstant?
        package init() {}
    }

    /// With the order and the totals of its leases, once the prefix data was read.
    package internal(set) var job: Job
    let talk: Conversation
    let notice: (Notice) -> Void
    let earlierSessions: Set<Int64>
    var foundRecord: FoundRecord?
    /// Of the last holder, whose term the claims have to wait out.
    package var lostHost: String? { foundRecord?.record.host }
    /// Of the prefix data, as it was read last.
    var fleetVersion: Int32?
    /// The newest look at the fleet's data was refused: nothing tells of a change.
    package internal(set) var fleetIsUnread = false
    /// What keeps this run from being started, in a sentence: of the skips `paused` and `drained`.
    package internal(set) var pauseSentence: String?
    /// The same of the skips that the outcome alone does not explain: `notInGroup`, `tooSoon` and `queued`.
    var skipSentence: String?
    /// The resources of this host that are held.
    var heldResources: [LeaseRequest] = []
    /// What in the fleet's data makes this host one of the group that was asked for: its name, or a pattern.
    var groupEntry: String?
    /// Why it cannot be told whether the job is paused, if it cannot.
    var pausesUnknown: Interruption?
    var after = AfterSight()
    /// Who holds the lock, if the newest look has seen somebody.
    var holderSession: Int64?
    /// What the node of a lock without a record says of who that is.
    var holderWithoutRecord: String?
    var takes = 0
    var contradictions = Contradictions()
    package private(set) var limits: Limits

    /// - Parameter limits: those that have begun under an earlier session.
    /// - Parameter earlierSessions: those of this very run, given up: a lock of theirs is nobody's.
    package init(
        job: Job, talk: Conversation, limits: Limits = Limits(), earlierSessions: Set<Int64> = [],
        notice: @escaping (Notice) -> Void
    ) {
        self.earlierSessions = earlierSessions
        self.job = job
        self.talk = talk
        self.limits = limits
        self.notice = notice
    }

    func decide() async throws(Interruption) -> Verdict {
        while true {
            if let skip = try await look() {
                return isWaitedFor(skip) ? try await acquireInTurn() : .skipped(skip)
            }
            if !job.takesLock, job.leases.isEmpty { return .nothingToOwn }
            if !job.leases.isEmpty, job.waitsForLock { return try await acquireInTurn() }
            if !job.leases.isEmpty {
                if case .verdict(let verdict) = try await acquirePermits(line: nil) { return verdict }
                continue
            }
            switch try await take(places: []) {
            case .taken(let claims): return try await owned(claims)
            case .held where job.waitsForLock: return try await acquireInTurn()
            case .held where earlierSessions.isEmpty: return .skipped(.locked)
            case .held, .changed: try await contradictions.met(job.lockname, talk)
            }
        }
    }

    private func take(places: [String], free: Permits.Free = ([], [])) async throws(Interruption) -> Take.Outcome {
        takes += 1
        talk.hold()
        let outcome = try await Take(
            job: job, talk: talk, n: takes, found: foundRecord, earlierSessions: earlierSessions, places: places,
            spentMarks: free.spent, slots: free.slots, fleetVersion: fleetVersion, after: after.seen
        ).perform()
        if case .taken = outcome { return outcome }
        try talk.unhold()
        return outcome
    }

    /// The interval is decided under the claim: nobody else can start meanwhile, and its creation time is the server's now.
    private func owned(_ claims: Claims) async throws(Interruption) -> Verdict {
        if let interruption = checkClock(claims) {
            try await giveBack(claims, keepsLock: job.mixedFleet)
            throw interruption
        }
        guard let interval = job.minInterval, claims.isWithin(interval, ofLastStartUnlessFailed: job.retriesFailed)
        else { return .owned(claims) }
        skipSentence = claims.takenMilliseconds.flatMap {
            claims.record?.content.tooSoon(interval, nowMilliseconds: $0)
        }
        try await giveBack(claims, keepsLock: job.mixedFleet)
        return .skipped(.tooSoon)
    }

    // MARK: In the lock's queue

    /// Waits for the lock: each in a place of its own, its predecessor watched, the lock watched by the head alone, so that one
    /// release wakes one.
    private func acquireInTurn() async throws(Interruption) -> Verdict {
        while true {
            // Made anew each time: a take that was given back has given up the place as well.
            let line = Queues(of: .lock, job: job, talk: talk, earlierSessions: earlierSessions, notice: notice)
            if limits.lock == nil { limits.lock = job.lockWait.duration.map { talk.clock.now.advanced(by: $0) } }
            // It begins when the lock is free.
            limits.permits = nil
            _ = try await line.enter()
            // Looked at only before, two may both have come in; the lower place stays.
            if job.waiters != nil, try await isCrowded(line.ahead()) {
                try await line.leave()
                skipSentence = crowd
                return .skipped(.queued)
            }
            if let skip = try await line.awaitHead(limit: limits.lock, changed: considerFleetChanges) {
                return .skipped(skip)
            }
            if let verdict = try await acquireAtHead(of: line) { return verdict }
        }
    }

    /// Nil: everything was given back, our place in the line too.
    private func acquireAtHead(of line: Queues) async throws(Interruption) -> Verdict? {
        while true {
            if let skip = try await awaitFreeLock() { return .skipped(skip) }
            if job.leases.isEmpty {
                switch try await take(places: line.paths) {
                case .taken(let claims): return try await owned(claims)
                case .held, .changed: try await contradictions.met(job.lockname, talk)
                }
            } else {
                let limit = limits.lock
                limits.lock = nil
                switch try await acquirePermits(line: line) {
                case .verdict(let verdict): return verdict
                case .lockAppeared:
                    // Each limit counts from entering its phase.
                    limits.permits = nil
                    limits.lock = job.lockWait.duration.map { talk.clock.now.advanced(by: $0) }
                case .rivalFound(let rival):
                    // Still the wait for the lock: whoever has it without the lock's queue is waited for there.
                    limits.lock = limit
                    if let skip = try await awaitDeparture(of: rival) { return .skipped(skip) }
                case .givenBack: return nil
                }
            }
        }
    }

    private func awaitFreeLock() async throws(Interruption) -> Skip? {
        while let held = try await lookAgain(watchesParents: true) {
            guard isWaitedFor(held) else { return held }
            notice(held == .notReady ? .waitingForJobs(after.sentence ?? "") : .waitingForLock(job.lockPath))
            waiting: while true {
                if let skip = try await considerFleetChanges() { return skip }
                if try talk.noticed(job.lockPath) { break waiting }
                if try parentsHaveChanged() { break waiting }
                if let limit = limits.lock, talk.clock.now >= limit { return held }
                try await talk.pause(until: limits.lock)
            }
        }
        return nil
    }

    /// Waits until a place is given up that makes ours needless.
    private func awaitDeparture(of rival: String) async throws(Interruption) -> Skip? {
        notice(.waitingForNamesake(rival))
        while try await talk.askAgain([.exists(rival, watch: true)])[0].stat() != nil {
            waiting: while true {
                if let skip = try await considerFleetChanges() { return skip }
                if try talk.noticed(rival) { break waiting }
                if let limit = limits.lock, talk.clock.now >= limit { return .queued }
                try await talk.pause(until: limits.lock)
            }
        }
        return nil
    }

    // MARK: With permits

    private enum Turn {
        case verdict(Verdict)
        /// Only for one who waits for it.
        case lockAppeared
        /// The place of another run of this job, which does not wait for the lock. Likewise.
        case rivalFound(String)
        /// Nothing is held, and nothing waited for.
        case givenBack
    }

    /// - Parameter line: our place in the lock's queue, at its head, for one who waits for the lock.
    private func acquirePermits(line: Queues?) async throws(Interruption) -> Turn {
        do throws(Interruption) {
            return try await waitForPermits(line: line)
        } catch {
            guard case .noPermits = error, let sentence = try await holdInTheWay() else { throw error }
            pauseSentence = sentence
            return .verdict(.skipped(.paused))
        }
    }

    private func waitForPermits(line: Queues?) async throws(Interruption) -> Turn {
        let queues = Queues(of: .permits, job: job, talk: talk, earlierSessions: earlierSessions, notice: notice)
        if let rival = try await queues.enter() {
            skipSentence = queues.rivalSentence
            if line == nil { return .verdict(.skipped(.queued)) }
            try await queues.leave()
            return .rivalFound(rival)
        }
        if limits.permits == nil { limits.permits = job.leaseWait.map { talk.clock.now.advanced(by: $0) } }
        let permits = Permits(job: job, talk: talk) { [unowned self] in job.leases }
        while true {
            // At the head of all queues, until the take.
            if let skip = try await queues.awaitHead(limit: limits.permits, changed: considerChanges) {
                return try await concede(skip, queues, line)
            }
            let free: Permits.Free
            switch try await permits.awaitRoom(limit: limits.permits, changed: considerChanges) {
            case .needless(let skip): return try await concede(skip, queues, line)
            case .free(let spent, let slots): free = (spent, slots)
            }
            switch try await take(places: queues.paths + (line?.paths ?? []), free: free) {
            case .held where line != nil:
                try await contradictions.met(job.lockname, talk)
                return try await concede(.locked, queues, line)
            case .held where earlierSessions.isEmpty: return .verdict(.skipped(.locked))
            case .held, .changed:
                try await contradictions.met(job.lockname, talk)
                if let skip = try await lookAgain() { return try await concede(skip, queues, line) }
                if let skip = try await considerFleetAgain() { return try await concede(skip, queues, line) }
            case .taken(let claims):
                if job.mixedFleet, try await permits.isOverTotal(claims) {
                    // Only possible if somebody deleted an original's place. The lock goes too: nothing has started.
                    try await giveBack(claims, keepsLock: false)
                    try talk.unhold()
                    return .givenBack
                }
                return .verdict(try await owned(claims))
            }
        }
    }

    /// Who waits for the lock leaves the other queues when it appears; for everybody else that is the end.
    private func concede(_ skip: Skip, _ queues: Queues, _ line: Queues?) async throws(Interruption) -> Turn {
        guard line != nil, isWaitedFor(skip) else { return .verdict(.skipped(skip)) }
        try await queues.leave()
        return .lockAppeared
    }

    /// - Parameter keepsLock: it goes with the session, which ends now.
    private func giveBack(_ claims: Claims, keepsLock: Bool) async throws(Interruption) {
        // A record still to be waited out stays running, with the term that was found: nothing of ours has run.
        let outcome: Release.Record = claims.found.map { .waitingOut($0.seconds) } ?? .ended(nil)
        var release = Release(claims: claims, of: job, record: outcome, keepsLock: keepsLock)
        while !release.isDone {
            let replies = try await talk.askAgain(release.requests)
            if let reply = replies.first, reply.isUnsettled { throw reply.interruption }
            // A release creates nothing, and a version that was just read is not often another one.
            if [.badVersion, .nodeExists].contains(replies.first?.failureReason) {
                try await contradictions.met(job.lockname, talk)
            }
            release.settle(replies)
        }
    }
}
