import Coordination
import Text

/// Our places in the queues of all resources that are wanted, or in that of the lock, and the wait for the head of each.
///
/// All places are made in one multi, so that any two runs stand in the same order in every queue and cannot wait for
/// each other; each waits for its immediate predecessor alone, so that one release wakes one (ZooKeeper Recipes, "Locks").
final class Queues {
    private let job: Job
    private let talk: Conversation
    private let earlierSessions: Set<Int64>
    private let notice: (Notice) -> Void
    private let kind: Kind
    /// The nodes below which the places stand, in one order.
    private let queues: [String]
    private var places: [Place] = []
    /// What was found of this lockname in a queue of permits, in a sentence.
    private(set) var rivalSentence: String?

    enum Kind {
        /// Of the resources wanted: one run of a job in it is enough, and the originals are about.
        case permits
        /// Of the lock: there those of one job meet.
        case lock
    }

    /// - Parameter earlierSessions: those of this very run, given up: their places are only waited for.
    init(
        of kind: Kind, job: Job, talk: Conversation, earlierSessions: Set<Int64>, notice: @escaping (Notice) -> Void
    ) {
        self.kind = kind
        self.job = job
        self.talk = talk
        self.earlierSessions = earlierSessions
        self.notice = notice
        queues =
            switch kind {
            case .permits: job.leases.map { job.layout.queue($0.resource) }
            case .lock: [job.layout.lockQueue(job.lockname)]
            }
    }

    var paths: [String] { zip(queues, places).map { "\($0)/\($1.name)" } }

    // MARK: Entering

    /// The place of somebody of the same lockname in one of the queues: this run is not needed. Nil: we are in.
    func enter() async throws(Interruption) -> String? {
        if kind == .permits, let rival = try await rival(before: nil) { return rival }
        try await enqueue()
        // Checked before only, two may both get in; checked afterwards only, both would leave. The lower one stays.
        if kind == .permits, let rival = try await rival(before: places) { return rival }
        if let high = paths.first(where: { Place(name: Layout.name(of: $0))?.sequence ?? 0 >= SequenceNumber.warning })
        {
            notice(.sequenceHigh(high))
        }
        return nil
    }

    /// Gives the places up; the end of the session would as well.
    func leave() async throws(Interruption) {
        let leaving = paths
        places = []
        if leaving.isEmpty { return }
        for case .failure(let failure) in try await talk.askAgain(leaving.map { .multi([.delete($0)]) })
        where failure.reason != .noNode { throw failure.interruption }
    }

    /// Somebody else of the same lockname who stands in one of the queues, or stands there before our places.
    func rival(before ours: [Place]?) async throws(Interruption) -> String? {
        for (index, queue) in try await list().enumerated() {
            let namesakes = queue.filter {
                $0.lockname.isSameName(as: job.lockname) && $0.sequence < ours?[index].sequence ?? .max
            }
            let paths = namesakes.map { "\(queues[index])/\($0.name)" }
            if paths.isEmpty { continue }
            for (path, reply) in zip(paths, try await talk.askAgain(paths.map { .exists($0, watch: false) })) {
                guard let stat = try reply.stat(), !earlierSessions.contains(stat.ephemeralOwner) else { continue }
                try stat.checkIsEphemeral(path)
                let before = queue.filter { $0.sequence < Place(name: Layout.name(of: path))?.sequence ?? 0 }.count
                rivalSentence =
                    "a run of \(job.lockname) stands in the queue of \(job.leases[index].resource) already, "
                    + "\(before) ahead of it (\(path))"
                return path
            }
        }
        return nil
    }

    /// Makes all places in one multi, which gives up those that we had.
    private func enqueue() async throws(Interruption) {
        let leaving = paths
        let data = kind == .lock ? job.lockPlaceData : job.nodeData
        let multi = Request.multi(
            leaving.map { .delete($0) }
                + queues.map { .create("\($0)/\(job.lockname)-", data: data, .ephemeralSequential) })
        var lacking = 0
        var lostSince: BootInstant?
        while true {
            switch try await talk.ask([multi])[0] {
            case .success(.committed(let made)):
                places = made.compactMap { $0 }.compactMap { Place(name: Layout.name(of: $0)) }
                guard places.count == queues.count else { throw .badData("ZooKeeper made places without numbers") }
                return try checkNumbers()
            case .failure(let failure) where failure.reason == .connectionLost:
                lostSince = lostSince ?? talk.clock.now
                try await talk.reconnected(lostSince: lostSince)
                if try await foundAgain() { return try checkNumbers() }
            case .failure(let failure) where failure.reason == .noNode && leaving.contains(failure.path):
                throw lost(failure.path)
            case .failure(let failure) where failure.reason == .nodeExists:
                // The counter has stuck at its end, where others stand already.
                throw Self.usedUp(failure.path)
            case .failure(let failure) where failure.reason == .noNode:
                lacking += 1
                try await Parents(job: job, talk: talk).make(for: queues.map { "\($0)/place" }, attempt: lacking)
            case let reply: throw reply.interruption
            }
        }
    }

    /// At the end of the counter later places would not stand behind earlier ones. All that stand before its last stretch are in
    /// order, and whoever reads a place in it or beyond reads a number that is higher than theirs.
    private func checkNumbers() throws(Interruption) {
        guard let (queue, _) = zip(queues, places).first(where: { $0.1.sequence >= SequenceNumber.limit }) else {
            return
        }
        throw Self.usedUp(queue)
    }

    private static func usedUp(_ queue: String) -> Interruption {
        .badData(
            "\(queue): the numbers of this queue are used up, so no run can join it; when it is empty, run "
                + "switchmanctl tidy")
    }

    private func lost(_ path: String) -> Interruption {
        .badData("somebody deleted \(path), this run's place in its queue; start the run again")
    }

    /// Whether a multi whose reply was lost was carried out: its places belong to our session.
    private func foundAgain() async throws(Interruption) -> Bool {
        // First: without it the lists may be older than our lost multi.
        try await commitNothing()
        guard let session = talk.ensemble.session else { throw .sessionExpired }
        var found: [Place] = []
        for (path, queue) in zip(queues, try await list()) {
            let candidates = queue.filter { $0.lockname.isSameName(as: job.lockname) }
            if candidates.isEmpty { continue }
            let replies = try await talk.askAgain(candidates.map { .exists("\(path)/\($0.name)", watch: false) })
            for (place, reply) in zip(candidates, replies) where try reply.stat()?.ephemeralOwner == session.id {
                found.append(place)
            }
        }
        if found.isEmpty { return false }
        guard found.count == queues.count else { throw lost("in one of \(queues)") }
        places = found
        return true
    }

    /// A write that a quorum commits, for this session: what is read next is no older, and the session was alive.
    private func commitNothing() async throws(Interruption) {
        let write: Request = .multi([.check(job.layout.prefix)])
        for case .failure(let failure) in try await talk.askAgain([write])
        where failure.reason != .noNode { throw failure.interruption }
    }

    // MARK: Waiting

    /// Who stands before us in the lock's queue.
    func ahead() async throws(Interruption) -> [Place] {
        let own = places[0].sequence
        return try await list()[0].filter { $0.sequence < own }
    }

    /// Returns nil at the head of every queue.
    func awaitHead(
        limit: BootInstant?, changed: () async throws(Interruption) -> Acquisition.Skip?
    ) async throws(Interruption) -> Acquisition.Skip? {
        while true {
            let lists = try await list()
            var predecessors: [String] = []
            var next: (lease: LeaseRequest, lockname: String)?
            var ahead = 0
            for (index, queue) in lists.enumerated() {
                guard queue.contains(where: { $0.sequence == places[index].sequence }) else {
                    // Nobody's doing if the session has ended, which a server can answer reads of for a while.
                    try await commitNothing()
                    throw lost(paths[index])
                }
                let earlier = queue.filter { $0.sequence < places[index].sequence }
                ahead = max(ahead, earlier.count)
                if let predecessor = earlier.max(by: { $0.sequence < $1.sequence }) {
                    predecessors.append("\(queues[index])/\(predecessor.name)")
                    if kind == .permits, next == nil { next = (job.leases[index], predecessor.lockname) }
                }
            }
            if predecessors.isEmpty { return nil }
            if let next {
                notice(.waitingForPermits(next.lease, ahead: ahead, next: next.lockname))
            } else {
                notice(.waitingInLine(job.lockPath, ahead: ahead))
            }
            let replies = try await talk.askAgain(predecessors.map { .exists($0, watch: true) })
            if replies.contains(where: { $0.failureReason == .noNode }) { continue }
            for (path, reply) in zip(predecessors, replies) { try reply.stat()?.checkIsEphemeral(path) }
            if job.mixedFleet, kind == .permits, try await isInterlocked(lists) {
                for path in predecessors + headed(lists) { talk.forget(path) }
                try await enqueue()
                continue
            }
            waiting: while true {
                if let skip = try await changed() { return skip }
                for predecessor in predecessors where try talk.noticed(predecessor) { break waiting }
                if job.mixedFleet, kind == .permits {
                    for queue in headed(lists) where try talk.noticed(queue) { break waiting }
                }
                if let limit, talk.clock.now >= limit {
                    guard let next else { return .locked }
                    let name = Excerpt.of(next.lockname, longest: Excerpt.longestName)
                    throw .noPermits(
                        "no permits within the lease wait: \(ahead) ahead in the queue of \(next.lease.resource), the next is "
                            + "\(name)\(try await makers(of: predecessors.prefix(1), talk))")
                }
                try await talk.pause(until: limit)
            }
        }
    }

    // MARK: Mixed fleets

    /// The queues that we head while we are blocked in another.
    private func headed(_ lists: [[Place]]) -> [String] {
        lists.indices.filter { index in !lists[index].contains { $0.sequence < places[index].sequence } }
            .map { queues[$0] }
    }

    /// An original enters one queue at a time, so it may stand before us in one and behind us in another: neither would
    /// ever go on. Who sees that from the head of a queue gives way.
    private func isInterlocked(_ lists: [[Place]]) async throws(Interruption) -> Bool {
        let heads = headed(lists)
        if heads.isEmpty { return false }
        let behind = try await talk.askAgain(heads.map { .children($0, watch: true) })
        var aheadElsewhere: Set<String> = []
        for (index, queue) in lists.enumerated() {
            for place in queue where place.sequence < places[index].sequence { aheadElsewhere.insert(place.lockname) }
        }
        for reply in behind {
            for name in try reply.children() {
                if let place = Place(name: name), !place.lockname.isSameName(as: job.lockname),
                    aheadElsewhere.contains(place.lockname)
                {
                    return true
                }
            }
        }
        return false
    }

    // MARK: Reading

    func list() async throws(Interruption) -> [[Place]] {
        let replies = try await talk.askAgain(queues.map { .children($0, watch: false) })
        var lists: [[Place]] = []
        for (path, reply) in zip(queues, replies) { lists.append(try Self.places(in: path, reply)) }
        return lists
    }

    /// Everybody's places in a queue.
    static func places(in path: String, _ reply: Reply) throws(Interruption) -> [Place] {
        var queue: [Place] = []
        for name in try reply.children() {
            guard let place = Place(name: name) else {
                throw .badData("\(path)/\(name) is not named as a place in a queue is (LOCKNAME-SEQ); delete it")
            }
            queue.append(place)
        }
        return queue
    }
}
