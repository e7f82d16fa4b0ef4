import Coordination
import Text

/// What a run reads before it takes anything, and again when something changes: the fleet's data, the lock, its queue, the
/// record. `--dry-run` and `switchmanctl explain` decide with the very same.
extension Acquisition {
    private var waits: Bool { !job.leases.isEmpty || job.waitsForLock }

    /// One pipelined burst.
    func look() async throws(Interruption) -> Skip? {
        // Bare --no-lock asks all the same: a server that is not there is an error also then.
        let watchesFleet = job.group != nil || waits
        let fleetRequest = Request.get(job.layout.prefix, watch: watchesFleet)
        // Watched only by a run that is going to wait for something; the take sets its own watch.
        let lockRequests: [Request] =
            job.takesLock
            ? lockRequests(watch: !job.leases.isEmpty && !job.waitsForLock)
                + [.children(job.layout.lockQueue(job.lockname), watch: false)] + parentRequests(watch: false) : []
        var replies = try await talk.askAgain([fleetRequest] + lockRequests)
        if watchesFleet { replies[0] = try await watched(replies[0]) }
        let reader = FleetReader(job: job)
        let fleet = try fleet(in: replies[0], reader)
        noteFleetVersion(replies[0])
        if let fleet, let skip = try considerFleet(fleet, reader) { return skip }
        if let fleet { heldResources = reader.held(fleet) }
        let skip = job.takesLock ? try await considerLocks(replies) : nil
        // Who is not needed has nothing to complain of.
        if let fleet, skip == nil || job.waitsForLock { job.leases = try reader.ordered(fleet, job.leases) }
        return skip
    }

    private func considerLocks(_ replies: [Reply]) async throws(Interruption) -> Skip? {
        let skip = try await considerLock(Array(replies[1...3]), parents: Array(replies[5...]))
        // Without --waiters a held lock is all that there is to know, however long its queue is.
        if let skip, job.waiters == nil || !isWaitedFor(skip) { return skip }
        let places = try Queues.places(in: job.layout.lockQueue(job.lockname), replies[4])
        if try await isCrowded(places) {
            skipSentence = crowd
            return .queued
        }
        if let skip { return skip }
        return try await considerLine(places) ? .locked : nil
    }

    /// What is above the record comes before it: a removal in between shows when the take is made.
    private func lockRequests(watch: Bool) -> [Request] {
        [
            .exists(job.lockPath, watch: watch), .exists(job.layout.records, watch: false),
            .get(job.recordPath, watch: false),
        ]
    }

    // MARK: The fleet's data

    /// A read of PREFIX that tells of the next change. Of a node that is missing, only a look at whether it is there keeps a watch
    /// (ZooKeeper Programmer's Guide, "ZooKeeper Watches"): the first run of a fleet waits before anybody has made it.
    private func watched(_ reply: Reply) async throws(Interruption) -> Reply {
        guard reply.failureReason == .noNode else { return reply }
        let look = try await talk.askAgain([.exists(job.layout.prefix, watch: true)])[0]
        if look.failureReason == .noNode { return reply }
        // Read once more, and not until it is there: if it has gone again the watch tells, and a server may contradict itself for
        // ever. What may not be looked at is judged as what may not be read.
        return try await talk.askAgain([.get(job.layout.prefix, watch: true)])[0]
    }

    /// Nil: it cannot be read, and this run needs nothing of it but the pauses.
    private func fleet(in reply: Reply, _ reader: FleetReader) throws(Interruption) -> FleetData? {
        do throws(Interruption) {
            return try reader.read(reply)
        } catch {
            guard job.group == nil, job.leases.isEmpty, error.isAboutData else { throw error }
            pausesUnknown = error
            notice(.pausesUnknown("\(error)"))
            return nil
        }
    }

    /// A refusal to show the data tells no version: that of what was read before stays. It sets no watch either, so whoever holds
    /// the claims has to read again.
    private func noteFleetVersion(_ reply: Reply) {
        do throws(Interruption) {
            fleetVersion = try reply.node()?.stat.version
            fleetIsUnread = false
        } catch { fleetIsUnread = true }
    }

    private func considerFleet(_ fleet: FleetData, _ reader: FleetReader) throws(Interruption) -> Skip? {
        if let group = job.group {
            groupEntry = try reader.entry(fleet, in: group)
            if groupEntry == nil { return outside(group, fleet) }
        }
        return pause(in: fleet, reader)
    }

    private func outside(_ group: String, _ fleet: FleetData) -> Skip {
        let members = fleet.members(of: group)
        var list = members.prefix(Self.mostMembers).map { Excerpt.of($0, longest: Excerpt.longestName) }
        if members.count > list.count { list.append("and \(members.count - list.count) more") }
        let hosts = list.isEmpty ? "it has no hosts" : list.joined(separator: ", ")
        skipSentence = "\(job.host) is not in group \(Excerpt.of(group)) (\(hosts))"
        return .notInGroup
    }

    /// Of a group, in a sentence.
    private static let mostMembers = 5

    private func pause(in fleet: FleetData, _ reader: FleetReader) -> Skip? {
        let pause = reader.pause(fleet)
        pauseSentence = pause?.sentence
        return pause?.skip
    }

    /// What may have happened while we waited: this host has left the group, nothing is to be started any more, or there are more
    /// permits or fewer.
    func considerFleetChanges() async throws(Interruption) -> Skip? {
        guard try talk.noticed(job.layout.prefix) else { return nil }
        return try await considerFleetAgain()
    }

    func considerFleetAgain() async throws(Interruption) -> Skip? {
        let reply = try await watched(try await talk.askAgain([.get(job.layout.prefix, watch: true)])[0])
        let reader = FleetReader(job: job)
        let fleet: FleetData
        do throws(Interruption) { fleet = try reader.read(reply) } catch {
            // They may hold what we want: a take must not rest on a version that we have not read.
            if !job.leases.isEmpty { throw error }
            noteFleetVersion(reply)
            // It says nothing about this host: go on with what was read before.
            return nil
        }
        noteFleetVersion(reply)
        if let group = job.group {
            do throws(Interruption) {
                if try reader.entry(fleet, in: group) == nil { return outside(group, fleet) }
            } catch {
                // A group that is not described any more has no members to be one of.
            }
        }
        if let skip = pause(in: fleet, reader) { return skip }
        heldResources = reader.held(fleet)
        job.leases = try reader.renewed(fleet, job.leases)
        return nil
    }

    // MARK: The lock

    /// The lock and the record as they were read; reads them again while the lock is our own from an earlier session.
    private func considerLock(_ first: [Reply], parents: [Reply]) async throws(Interruption) -> Skip? {
        var (replies, parents) = (first, parents)
        while true {
            foundRecord = try FoundRecord(replies[2], above: replies[1], job)
            holderSession = try replies[0].stat()?.ephemeralOwner
            guard let lock = try replies[0].stat() else {
                if let skip = considerTick(holder: nil) { return skip }
                return try considerAfter(parents, holder: nil)
            }
            // This server follows those that decide.
            contradictions = Contradictions()
            try lock.checkIsEphemeral(job.lockPath)
            if job.waitsForLock, let outer = job.outerSession, lock.ephemeralOwner.isSession(outer) {
                throw .waitsForItself(
                    "--wait: \(job.lockPath) is held by the run that started this one (SWITCHMAN_SESSION_ID), so the wait "
                        + "would never end")
            }
            guard earlierSessions.contains(lock.ephemeralOwner) else {
                if let skip = considerTick(holder: lock.ephemeralOwner) { return skip }
                if let skip = try considerAfter(parents, holder: lock.ephemeralOwner) { return skip }
                holderWithoutRecord = try await holderWithoutRecord(of: lock)
                if let holderWithoutRecord { notice(.lockWithoutRecord(job.lockPath, holder: holderWithoutRecord)) }
                return .locked
            }
            // Nobody holds it: it goes when that session, which we gave up, is closed or expires.
            let watched = Request.exists(job.lockPath, watch: true)
            if try await talk.askAgain([watched])[0].stat() != nil { try await talk.pause() }
            replies = try await talk.askAgain(lockRequests(watch: true) + parentRequests(watch: false))
            parents = Array(replies[3...])
        }
    }

    /// The holder, if it is somebody whom the record does not know: an original, mostly. Read between two looks at the same lock;
    /// else it may be of another run.
    private func holderWithoutRecord(of lock: NodeStat) async throws(Interruption) -> String? {
        let record = foundRecord?.record
        if job.mixedFleet || record?.state == .running { return nil }
        if let record, lock.ephemeralOwner.isSession(record.session) { return nil }
        let replies = try await talk.askAgain([.exists(job.lockPath, watch: false), .get(job.lockPath, watch: false)])
        guard try replies[0].stat()?.czxid == lock.czxid else { return nil }
        // It may be closed to us.
        guard case .success(.node(let data, let stat)) = replies[1], stat.czxid == lock.czxid else { return "somebody" }
        return NodeMaker.text(data)
    }

    /// Whether somebody waits for the lock who was there before us: then it is as good as held.
    private func considerLine(_ places: [Place]) async throws(Interruption) -> Bool {
        let queue = job.layout.lockQueue(job.lockname)
        guard let head = places.min(by: { $0.sequence < $1.sequence }) else { return false }
        // Places that we gave up with an earlier session are nobody's.
        let paths = (earlierSessions.isEmpty ? [head] : places).map { "\(queue)/\($0.name)" }
        for (path, reply) in zip(paths, try await talk.askAgain(paths.map { .exists($0, watch: false) })) {
            guard let stat = try reply.stat(), !earlierSessions.contains(stat.ephemeralOwner) else { continue }
            try stat.checkIsEphemeral(path)
            return true
        }
        return earlierSessions.isEmpty
    }

    /// The lock and the record once more, after a wait or a take that came too late.
    ///
    /// - Parameter watchesParents: for one who waits for the jobs that it comes after.
    func lookAgain(watchesParents: Bool = false) async throws(Interruption) -> Skip? {
        guard job.takesLock else { return nil }
        let replies = try await talk.askAgain(
            lockRequests(watch: true) + parentRequests(watch: watchesParents))
        return try await considerLock(Array(replies[..<3]), parents: Array(replies[3...]))
    }

    /// What may have happened while we waited for permits: the lock has appeared, or the fleet's data has changed.
    func considerChanges() async throws(Interruption) -> Skip? {
        if job.takesLock, try talk.noticed(job.lockPath), let skip = try await lookAgain() { return skip }
        return try await considerFleetChanges()
    }
}

/// The record as it was read, with what guards the take.
struct FoundRecord {
    let record: JobRecord
    let version: Int32
    /// Of what is above the record: another once a record was removed. Without it a record that was removed and made again could
    /// be taken for this one, since its versions begin anew.
    let removals: Int32
    /// The server's clock when it was last written, in milliseconds since the epoch.
    let writtenMilliseconds: Int64

    init(record: JobRecord, version: Int32, removals: Int32 = 0, writtenMilliseconds: Int64) {
        (self.record, self.version, self.removals) = (record, version, removals)
        self.writtenMilliseconds = writtenMilliseconds
    }

    /// The runs so far, each dated no later than it was written down. After a lost reply a run only knows the latest instant
    /// at which it may have started, which may lie so far ahead that no interval reaches it: by a term at the most, since
    /// nothing starts on an older proof. What lies further ahead was written by another clock, or by nobody of ours.
    var runs: [PastRun] {
        record.runs.map { run in
            var run = run
            run.started = run.started.map(believed)
            return run
        }
    }

    /// The last success, dated likewise.
    var lastSuccess: PastSuccess? {
        record.lastSuccess.map { success in
            var success = success
            success.started = success.started.map(believed)
            success.ended = success.ended.map(believed)
            return success
        }
    }

    private func believed(_ milliseconds: Int64) -> Int64 {
        let ahead = milliseconds.subtractingReportingOverflow(writtenMilliseconds)
        return !ahead.overflow && (0...record.term * 1000).contains(ahead.partialValue)
            ? writtenMilliseconds : milliseconds
    }

    /// The holder that wrote this and was not heard of again. It started after it had written, and its term, which is waited
    /// out, is counted from there.
    var lostRun: PastRun {
        PastRun(
            host: record.host, started: writtenMilliseconds, outcome: "lost", token: record.token,
            tick: record.ticks.current?.text)
    }

    /// Nil if there is none.
    init?(_ reply: Reply, above: Reply, _ job: Job) throws(Interruption) {
        guard let node = try reply.node(), let parent = try above.stat() else { return nil }
        guard let record = JobRecord(bytes: node.data) else {
            throw .badData(
                "\(job.recordPath) is not a job's record, or its term is longer than a day; "
                    + "if no run of this job can be alive, delete it")
        }
        self.record = record
        version = node.stat.version
        removals = parent.version
        writtenMilliseconds = node.stat.mtimeMilliseconds
    }
}

extension Interruption {
    /// What was read will not do; the servers can be reached.
    var isAboutData: Bool {
        switch self {
        case .badData, .denied: true
        default: false
        }
    }
}
