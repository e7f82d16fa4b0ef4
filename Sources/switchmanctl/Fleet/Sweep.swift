import Coordination
import Fleet
import Host
import Recipes
import Text

/// One round of tidying: each removal is guarded by the server itself, so that a run that begins meanwhile wins.
struct Sweep {
    let fleet: FleetConnection
    let isDry: Bool

    /// What was removed.
    func everything(olderThanMilliseconds age: Int64) async throws -> [String] {
        var removed: [String] = []
        let old = try await fleet.children(of: [fleet.layout.records, fleet.layout.unlockedRuns])
        if !old.isEmpty, let instant = try await instant(before: age) {
            removed = try await records(endedBefore: instant) + unlockedRuns(endedBefore: instant)
        }
        return try await removed + outputs() + queues()
    }

    private struct Instant {
        /// Milliseconds since the epoch.
        let oldest, now: Int64
    }

    /// By ZooKeeper's clock; nil: before all time.
    private func instant(before age: Int64) async throws -> Instant? {
        let clock = try await fleet.serverClock()
        guard let now = clock.milliseconds else { throw clock.refusal?.interruption ?? .sessionExpired }
        let (oldest, overflow) = now.subtractingReportingOverflow(age)
        return overflow ? nil : Instant(oldest: oldest, now: now)
    }

    /// What is remembered of runs without a lock, of jobs of which none has ended since. A run that ends meanwhile keeps all of it.
    private func unlockedRuns(endedBefore instant: Instant) async throws -> [String] {
        let folders = try await fleet.children(of: [fleet.layout.unlockedRuns])
        var removals: [(path: String, operations: [Operation])] = []
        for folder in folders {
            let places = try await fleet.children(of: [folder])
            let stats = try await fleet.ask(places.map { .exists($0, watch: false) })
            let known = try zip(places, stats).compactMap { place, reply in try reply.stat().map { (place, $0) } }
            // Without one, it is about to be filled for the first time.
            guard !known.isEmpty, known.allSatisfy({ $0.1.mtimeMilliseconds < instant.oldest }) else { continue }
            let guarded = known.flatMap { [Operation.check($0.0, version: $0.1.version), .delete($0.0)] }
            removals.append((folder, guarded + [Operation.delete(folder)]))
        }
        return try await remove(removals)
    }

    /// Records that ended so long ago, of locks that nobody holds; their paths. It is a day at least, the longest term: a release
    /// whose reply was lost may be tried again for as long, and what is made anew could have the version that it names.
    private func records(endedBefore instant: Instant) async throws -> [String] {
        let layout = fleet.layout
        let folder = try await fleet.talk.askAgain([
            .children(layout.records, watch: false), .get(layout.records, watch: false),
        ])
        let names = try folder[0].children().sorted()
        let folderData = try folder[1].node()?.data ?? []
        if names.isEmpty { return [] }
        let replies = try await fleet.ask(
            names.flatMap {
                [
                    Request.get(layout.record($0), watch: false), Request.exists(layout.lock($0), watch: false),
                    Request.exists(layout.output($0), watch: false),
                ]
            })
        var latest: [Generation] = []
        for (index, name) in names.enumerated() {
            let success = try replies[3 * index].node().flatMap { JobRecord(bytes: $0.data) }?.lastSuccess
            if let token = success?.token { latest.append(Generation(job: name, token: token)) }
        }
        var old: [(path: String, operations: [Operation])] = []
        for (index, name) in names.enumerated() {
            guard let node = try replies[3 * index].node(), try replies[3 * index + 1].stat() == nil,
                let record = JobRecord(bytes: node.data), record.state == .ended,
                node.stat.mtimeMilliseconds < min(instant.oldest, instant.now - record.ticks.remembered * 1000),
                !record.generations.isNeeded(beside: latest)
            else { continue }
            let path = layout.record(name)
            let removal = layout.removal(of: path, data: node.data, version: node.stat.version, above: folderData)
            // What its last failure has left.
            let hasOutput = try replies[3 * index + 2].stat() != nil
            old.append((path, removal + (hasOutput ? [.delete(layout.output(name))] : [])))
        }
        return try await remove(old)
    }

    /// Outputs of jobs without a record: one that was made while the record was removed.
    private func outputs() async throws -> [String] {
        let lists = try await fleet.ask(
            [fleet.layout.outputs, fleet.layout.records].map { .children($0, watch: false) })
        let known = Set(try lists[1].children().map { ExactName($0) })
        let orphans = try lists[0].children().sorted().filter { !known.contains(ExactName($0)) }
        return try await remove(orphans.map { (fleet.layout.output($0), [.delete(fleet.layout.output($0))]) })
    }

    /// Queues without a place in them. The server refuses to delete one that somebody has entered.
    ///
    /// Originals look for a queue once, and die if it is gone when they enter it: in a mixed fleet theirs are made anew in the same
    /// transaction, and only once half of their numbers are used up.
    private func queues() async throws -> [String] {
        let parents = ["queues", "waiters"].map { "\(fleet.layout.prefix)/\($0)" }
        let paths = try await fleet.children(of: parents)
        let looks = try await fleet.ask(
            paths.flatMap { [Request.children($0, watch: false), .exists($0, watch: false)] })
        var removals: [(String, [Operation])] = []
        for (index, path) in paths.enumerated() {
            let list = looks[2 * index]
            guard list.failureReason == nil, try list.children().isEmpty, let stat = try looks[2 * index + 1].stat()
            else { continue }
            let isKept = fleet.settings.mixedFleet && path.utf8.starts(with: "\(parents[0])/".utf8)
            if isKept, stat.childrenMade < SequenceNumber.warning { continue }
            removals.append(
                (path, [.delete(path)] + (isKept ? [.create(path, data: fleet.nodeData, .persistent)] : [])))
        }
        return try await remove(removals)
    }

    /// What was removed of these, each in a transaction of its own.
    private func remove(_ removals: [(path: String, operations: [Operation])]) async throws -> [String] {
        if isDry { return removals.map(\.path) }
        var removed: [String] = []
        var rest = removals[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.burst)
            for (removal, reply) in zip(some, try await fleet.ask(some.map { .multi($0.operations) })) {
                switch reply.failureReason {
                case nil: removed.append(removal.path)
                // Somebody was faster, or has begun to use it.
                case .noNode?, .badVersion?, .other(Self.notEmpty)?: break
                default: throw reply.interruption
                }
            }
            rest = rest.dropFirst(Self.burst)
            if !rest.isEmpty { try await fleet.talk.rest(until: fleet.talk.clock.now.advanced(by: Self.pause)) }
        }
        return removed
    }

    /// A take that meets a removal on its way is made again: it is to find the time between two.
    private static let burst = 50
    private static let pause = Duration.milliseconds(100)

    /// ZNOTEMPTY.
    private static let notEmpty: Int32 = -111
}
