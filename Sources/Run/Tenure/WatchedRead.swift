import Coordination
import Recipes

/// A read that leaves a watch, so that each change of what was read is noticed. One is under way at a time.
struct WatchedRead: Sendable {
    private enum State {
        /// Nothing watches: it was never read, it has changed since, or the reply was lost.
        case due
        /// - Parameter isStale: it has changed since it was asked for.
        case asked(ticket: Int, isStale: Bool)
        case watched
        /// A read that is refused sets no watch.
        case refused(until: BootInstant)
    }

    private var state: State
    /// The newest answer was a refusal: what was read before still counts, and may be old.
    private(set) var isRefused = false
    /// A server that is throttled, or whose permissions somebody is changing, is not asked at once.
    private static let pauseAfterRefusal = Duration.seconds(10)

    /// That nothing is there is an answer as well, and watched (`exists`, unlike `getData`).
    private let absenceCounts: Bool

    init(isDue: Bool, absenceCounts: Bool = false) {
        state = isDue ? .due : .watched
        self.absenceCounts = absenceCounts
    }

    var isDue: Bool { if case .due = state { true } else { false } }

    /// Nothing newer is known to be there, or to be on its way.
    var isSettled: Bool {
        switch state {
        case .due, .asked: false
        case .watched, .refused: true
        }
    }

    func isAnswered(by ticket: Int) -> Bool { if case .asked(ticket, _) = state { true } else { false } }

    /// When to look again, if nothing happens before.
    var againAt: BootInstant? { if case .refused(let until) = state { until } else { nil } }

    mutating func asked(ticket: Int) {
        assert(isDue, "a read that is \(state) was asked for once more")
        state = .asked(ticket: ticket, isStale: false)
    }

    mutating func changed() {
        if case .asked(let ticket, _) = state { state = .asked(ticket: ticket, isStale: true) } else { state = .due }
    }

    /// Watches end with their session.
    mutating func beginAnew() { state = .due }

    mutating func answered(_ reply: Reply, at now: BootInstant) {
        guard case .asked(_, let isStale) = state else {
            return assertionFailure("an answer to a read that is \(state)")
        }
        if reply.isLost { return state = .due }
        isRefused = reply.failureReason.map { !absenceCounts || $0 != .noNode } ?? false
        state = isStale ? .due : isRefused ? .refused(until: now.advanced(by: Self.pauseAfterRefusal)) : .watched
    }

    mutating func tick(at now: BootInstant) {
        if case .refused(let until) = state, now >= until { state = .due }
    }
}
