import Coordination

/// Our places in the queues of all resources that are wanted, and the wait for the head of each.
///
/// All places are made in one multi, so that any two runs stand in the same order in every queue and cannot wait for
/// each other; each waits for its immediate predecessor alone, so that one release wakes one (ZooKeeper Recipes, "Locks").
final class Queues {
    private let job: Job
    private let talk: Conversation
    private let earlierSessions: Set<Int64>
    private let notice: (Notice) -> Void
    private var places: [Place] = []

    /// - Parameter earlierSessions: those of this very run, given up: their places are only waited for.
    init(job: Job, talk: Conversation, earlierSessions: Set<Int64>, notice: @escaping (Notice) -> Void) {
        self.job = job
        self.talk = talk
        self.earlierSessions = earlierSessions
        self.notice = notice
    }

    private var resources: [String] { job.leases.map(\.resource) }

    var paths: [String] { zip(resources, places).map { "\(job.layout.queue($0))/\($1.name)" } }

    // MARK: Entering

    /// False if somebody of the same lockname stands in one of the queues already: this run is not needed.
    func enter() async throws(Interruption) -> Bool {
        if try await hasRival(before: nil) { return false }
        try await enqueue()
        // Checked before only, two may both get in; checked afterwards only, both would leave. The lower one stays.
        if !job.breaks.contains(.lockNameCheckedOnlyBefore), try await hasRival(before: places) {
            // The end of the session, which comes next, takes our places away.
            return false
        }
        if let high = places.first(where: { $0.sequence > Sequence.warning }) { notice(.sequenceHigh(high.name)) }
        return true
    }

    /// Whether somebody else of the same lockname stands in one of the queues, or stands there before our places.
    private func hasRival(before ours: [Place]?) async throws(Interruption) -> Bool {
        for (index, queue) in try await list().enumerated() {
            let namesakes = queue.filter {
                $0.lockname.isSameName(as: job.lockname) && $0.sequence < ours?[index].sequence ?? .max
            }
            if namesakes.isEmpty { continue }
            if earlierSessions.isEmpty { return true }
            let looks = namesakes.map {
                Request.exists("\(job.layout.queue(resources[index]))/\($0.name)", watch: false)
            }
            for reply in try await talk.askAgain(looks) {
                if let stat = try reply.stat(), !earlierSessions.contains(stat.ephemeralOwner) { return true }
            }
        }
        return false
    }

    /// Makes all places in one multi, which gives up those that we had.
    private func enqueue() async throws(Interruption) {
        if job.breaks.contains(.enqueueOneByOne) { return try await enqueueOneByOne() }
        let leaving = paths
        let multi = Request.multi(
            leaving.map { .delete($0) }
                + resources.map {
                    .create("\(job.layout.queue($0))/\(job.lockname)-", data: job.nodeData, .ephemeralSequential)
                })
        while true {
            switch try await talk.ask([multi])[0] {
            case .success(.committed(let made)):
                places = made.compactMap { $0 }.compactMap { Place(name: Layout.name(of: $0)) }
                guard places.count == resources.count else { throw .badData("ZooKeeper made places without numbers") }
                return
            case .failure(let failure) where failure.reason == .connectionLost:
                try await talk.reconnected()
                if !job.breaks.contains(.lostPlaceIsFailure), try await foundAgain() { return }
            case .failure(let failure) where failure.reason == .noNode && leaving.contains(failure.path):
                throw lost(failure.path)
            case .failure(let failure) where failure.reason == .noNode:
                try await Parents(job: job, talk: talk).make(for: resources.map { "\(job.layout.queue($0))/place" })
            case let reply: throw reply.interruption
            }
        }
    }

    private func lost(_ path: String) -> Interruption {
        .badData("our place \(path) was deleted from its queue by somebody; start the run again")
    }

    /// For a negative control: as the original does.
    private func enqueueOneByOne() async throws(Interruption) {
        try await Parents(job: job, talk: talk).make(for: resources.map { "\(job.layout.queue($0))/place" })
        places = []
        for resource in resources {
            let reply = try await talk.ask([
                .multi([
                    .create("\(job.layout.queue(resource))/\(job.lockname)-", data: job.nodeData, .ephemeralSequential)
                ])
            ])[0]
            guard case .success(.committed(let made)) = reply, let path = made[0],
                let place = Place(name: Layout.name(of: path))
            else { throw .sessionExpired }
            places.append(place)
        }
    }

    /// Whether a multi whose reply was lost was carried out: its places belong to our session.
    private func foundAgain() async throws(Interruption) -> Bool {
        // A committed write first: without it the lists may be older than our lost multi.
        let write: Request =
            job.breaks.contains(.noCommittedWriteBeforeList)
            ? .exists(job.layout.prefix, watch: false) : .multi([.check(job.layout.prefix)])
        for case .failure(let failure) in try await talk.askAgain([write])
        where failure.reason != .noNode { throw failure.interruption }
        guard let session = talk.ensemble.session else { throw .sessionExpired }
        var found: [Place] = []
        for (resource, queue) in zip(resources, try await list()) {
            let candidates = queue.filter { $0.lockname.isSameName(as: job.lockname) }
            if candidates.isEmpty { continue }
            let replies = try await talk.askAgain(
                candidates.map { .exists("\(job.layout.queue(resource))/\($0.name)", watch: false) })
            for (place, reply) in zip(candidates, replies) where try reply.stat()?.ephemeralOwner == session.id {
                found.append(place)
            }
        }
        if found.isEmpty { return false }
        guard found.count == resources.count else { throw lost("in one of \(resources.map(job.layout.queue))") }
        places = found
        return true
    }

    // MARK: Waiting

    /// Returns nil at the head of every queue.
    func awaitHead(
        limit: BootInstant?, changed: () async throws(Interruption) -> Acquisition.Skip?
    ) async throws(Interruption) -> Acquisition.Skip? {
        while true {
            let lists = try await list()
            var predecessors: [String] = []
            var ahead = 0
            for (index, queue) in lists.enumerated() {
                guard queue.contains(where: { $0.sequence == places[index].sequence }) else {
                    throw lost(paths[index])
                }
                let earlier = queue.filter { $0.sequence < places[index].sequence }
                ahead = max(ahead, earlier.count)
                let watchesHead = job.breaks.contains(.watchHead)
                if let predecessor = earlier.max(by: { ($0.sequence < $1.sequence) != watchesHead }) {
                    predecessors.append("\(job.layout.queue(resources[index]))/\(predecessor.name)")
                }
            }
            if predecessors.isEmpty { return nil }
            notice(.waitingInQueue(predecessors[0], ahead: ahead))
            let replies = try await talk.askAgain(predecessors.map { .exists($0, watch: true) })
            if replies.contains(where: { $0.failureReason == .noNode }) { continue }
            for reply in replies { _ = try reply.stat() }
            if job.mixedFleet, try await isInterlocked(lists) {
                for path in predecessors + headed(lists) { talk.forget(path) }
                try await enqueue()
                continue
            }
            waiting: while true {
                if let skip = try await changed() { return skip }
                for predecessor in predecessors where try talk.noticed(predecessor) {
                    if job.breaks.contains(.noRereadAfterWait) { return nil }
                    break waiting
                }
                if job.mixedFleet { for queue in headed(lists) where try talk.noticed(queue) { break waiting } }
                if let limit, talk.clock.now >= limit {
                    throw .noPermits(
                        "no permits within the lease wait: \(ahead) ahead in the queue, next is \(predecessors[0])")
                }
                try await talk.pause(until: limit)
            }
        }
    }

    // MARK: Mixed fleets

    /// The queues that we head while we are blocked in another.
    private func headed(_ lists: [[Place]]) -> [String] {
        lists.indices.filter { index in !lists[index].contains { $0.sequence < places[index].sequence } }
            .map { job.layout.queue(resources[$0]) }
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

    private func list() async throws(Interruption) -> [[Place]] {
        let replies = try await talk.askAgain(resources.map { .children(job.layout.queue($0), watch: false) })
        var lists: [[Place]] = []
        for (resource, reply) in zip(resources, replies) {
            var queue: [Place] = []
            for name in try reply.children() {
                guard let place = Place(name: name) else {
                    throw .badData(
                        "\(job.layout.queue(resource))/\(name) is nobody's place in a queue (LOCKNAME-SEQ); delete it")
                }
                queue.append(place)
            }
            lists.append(queue)
        }
        return lists
    }
}
