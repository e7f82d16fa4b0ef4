import Coordination
import Host
package import Recipes
package import Steering
package import Text

/// Requests to stop, one for each lock, kept until that lock is gone.
///
/// Each is an ephemeral node of this session that names the lock's czxid: it goes when the operator goes, and one that is
/// left over stops nobody else. Of two operators the second finds the first's, and keeps it in being after him.
package final class Stopping {
    package enum End: Sendable {
        /// The lock is gone; what the record says of its last run, if the holder wrote it.
        case stopped(JobRecord?)
        /// No record of its session: an original's, which knows no requests.
        case original
        case timedOut
        /// It has answered, and its command has not ended yet: it ends for good.
        case ending
        /// No sign of the holder within the time that was set for one.
        case unanswered
    }

    private struct Target {
        let lock: LockStatus
        let czxid: Int64
        let holder: Contender
        var hasAsked = false
        /// Since when no record has named the lock's session.
        var strangeSince: BootInstant?
        /// What the request's node said last.
        var news: [UInt8]?
        /// The holder has written into it.
        var hasAnswered = false
        var tries = 0
        var contradictions = Contradictions()
    }

    private let fleet: FleetConnection
    /// For the run's history.
    private let asker: String
    private let timeout: Duration?
    private let answerWithin: Duration?
    private let say: (String) -> Void

    /// - Parameter asker: who asks.
    /// - Parameter why: a reason as that of a pause.
    /// - Parameter timeout: nil: for as long as it takes.
    /// - Parameter answerWithin: how long to wait for a first sign of the holder; nil: for as long as for its end.
    package init(
        _ fleet: FleetConnection, asker: String, why: String? = nil, timeout: Duration?, answerWithin: Duration? = nil,
        say: @escaping (String) -> Void
    ) {
        (self.fleet, self.timeout, self.answerWithin, self.say) = (fleet, timeout, answerWithin, say)
        self.asker = asker + (why.map { ": \($0)" } ?? "")
    }

    /// How long a holder may take: the grace, and what killing, reaping and a new connection may take.
    package static func patience(_ fleet: FleetConnection) -> Limit {
        .seconds(fleet.settings.terminationTimeoutSeconds + 30)
    }

    /// A release may come between the looks at the lock and at the record; and in a mixed fleet a lock outlives its record until
    /// the session is closed.
    private static let originalPatience = Duration.seconds(2)

    /// Asks all holders at once, and waits for all; what became of each, in the order of the locks.
    package func perform(_ locks: [LockStatus]) async throws -> [End] {
        var targets: [Int: Target] = [:]
        for (index, lock) in locks.enumerated() {
            guard let czxid = lock.token, let holder = lock.holder else { continue }
            targets[index] = Target(lock: lock, czxid: czxid, holder: holder)
        }
        // Not held: there is nothing to be stopped.
        var ends: [End?] = locks.indices.map { targets[$0] == nil ? .stopped(nil) : nil }
        let begun = fleet.talk.clock.now
        let limit = timeout.map { begun.advanced(by: $0) }
        let answerLimit = answerWithin.map { begun.advanced(by: $0) } ?? .never
        while !targets.isEmpty {
            var wake = limit
            var hasNews = false
            for (index, replies) in try await look(at: targets) {
                guard var target = targets[index] else { continue }
                switch try await consider(&target, replies) {
                case .pending:
                    target.strangeSince = nil
                    if !target.hasAnswered, fleet.talk.clock.now >= answerLimit { ends[index] = .unanswered }
                    if !target.hasAnswered { wake = min(wake ?? .never, answerLimit) }
                case .asked: (target.strangeSince, hasNews) = (nil, true)
                case .gone(let record):
                    ends[index] = .stopped(record)
                    hasNews = true
                case .notOurs:
                    let now = fleet.talk.clock.now
                    let since = target.strangeSince ?? now
                    target.strangeSince = since
                    let patience = min(since.advanced(by: Self.originalPatience), limit ?? .never)
                    if now >= patience {
                        ends[index] = .original
                    } else {
                        wake = min(wake ?? .never, patience)
                    }
                }
                targets[index] = ends[index] == nil ? target : nil
            }
            if hasNews || targets.isEmpty { continue }
            if let limit, fleet.talk.clock.now >= limit {
                for (index, target) in targets where target.hasAnswered { ends[index] = .ending }
                break
            }
            try await fleet.talk.pause(until: wake)
        }
        return ends.map { $0 ?? .timedOut }
    }

    // MARK: One look

    private func requestPath(_ target: Target) -> String {
        fleet.layout.stopRequest(target.lock.lockname, czxid: target.czxid)
    }

    private func look(at targets: [Int: Target]) async throws -> [(Int, ArraySlice<Reply>)] {
        let order = targets.sorted { $0.key < $1.key }
        let replies = try await fleet.ask(
            order.flatMap { _, target in
                [
                    Request.exists(fleet.layout.lock(target.lock.lockname), watch: true),
                    Request.get(fleet.layout.record(target.lock.lockname), watch: false),
                    Request.get(requestPath(target), watch: true),
                ]
            })
        return order.enumerated().map { ($0.element.key, replies[(3 * $0.offset)..<(3 * $0.offset + 3)]) }
    }

    private enum Sight {
        case pending
        case asked
        case gone(JobRecord?)
        case notOurs
    }

    private func consider(_ target: inout Target, _ replies: ArraySlice<Reply>) async throws -> Sight {
        let first = replies.startIndex
        let record = try replies[first + 1].node().flatMap { JobRecord(bytes: $0.data) }
        guard let lock = try replies[first].stat(), lock.czxid == target.czxid else { return .gone(record) }
        guard let record, record.state == .running, lock.ephemeralOwner.isSession(record.session) else {
            return .notOurs
        }
        guard let request = try replies[first + 2].node() else {
            try await ask(&target)
            return .asked
        }
        let isOurs = request.stat.ephemeralOwner == fleet.talk.ensemble.session?.id
        if !isOurs, !target.hasAsked {
            target.hasAsked = true
            say("\(target.lock.lockname): another operator has asked for this already; waiting for the same")
        } else if let news = target.news ?? (isOurs ? Array(asker.utf8) : nil), news != request.data {
            target.hasAnswered = true
            say("\(target.lock.lockname): \(Excerpt.of(request.data))")
        }
        target.news = request.data
        return .pending
    }

    private func ask(_ target: inout Target) async throws {
        let path = requestPath(target)
        let data = Array(asker.utf8)
        while true {
            // It was asked for before, and is not there.
            if target.tries > 0 { try await target.contradictions.met(path, fleet.talk) }
            target.tries += 1
            switch try await fleet.talk.ask([.multi([.create(path, data: data, .ephemeral)])])[0] {
            case .success: break
            // Another operator's, of this moment, or ours, if its reply was lost: the next look tells.
            case .failure(Failure(.nodeExists, path: path, operation: 0)): return
            case .failure(let failure) where failure.reason == .noNode:
                try await fleet.makeParents(of: path)
                continue
            // The next look tells.
            case .failure(let failure) where failure.reason == .connectionLost:
                return try await fleet.talk.reconnected()
            case let reply: throw reply.interruption
            }
            target.news = data
            if !target.hasAsked {
                target.hasAsked = true
                let holder = target.holder
                say(
                    "\(target.lock.lockname): asked \(holder.host), process \(holder.pid.map { "\($0)" } ?? "?"), "
                        + "to end the command and release"
                )
            }
            return
        }
    }
}
