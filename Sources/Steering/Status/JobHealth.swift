import Recipes
import Text

/// Whether a job needs a look: what is shown of it where many jobs are shown, in a terminal and on a page.
package struct JobHealth: Sendable {
    package let lock: LockStatus
    /// Milliseconds since the epoch.
    private let now: Int64

    package init(_ lock: LockStatus, nowMilliseconds: Int64) { (self.lock, now) = (lock, nowMilliseconds) }

    /// Of the last runs that are over, the oldest first.
    package var marks: [RunMark] { (lock.record?.runs ?? []).suffix(JobRecord.runsMax).map { RunMark($0) } }

    /// Whether the newest run that is over was none that anybody wanted. A run that an operator stopped is no failure.
    package var hasFailed: Bool { marks.last.map { $0 == .failed || $0 == .brokenOff } ?? false }

    /// Of a job with `--once-per`: when a whole period will have gone by in which nobody started it. From then on it is late.
    /// Milliseconds since the epoch; nil if it has no period.
    package var lateFrom: Int64? {
        guard let ticks = lock.record?.ticks, let period = ticks.period,
            let newest = [ticks.current, ticks.started].compactMap({ $0?.seconds }).max()
        else { return nil }
        // Of the longest month, and of a day that an hour is added to.
        let seconds = period == .month ? 31 * 86_400 : period.seconds
        return (newest + 2 * seconds + (period.isByDate ? 3600 : 0)) * 1000
    }

    package var isLate: Bool {
        lock.state == .free && !lock.isPaused && lateFrom.map { now > $0 } ?? false
    }

    /// What needs a look first has the lowest.
    package var rank: Int {
        switch lock.state {
        case .lost, .persistent, .unreadable: return 0
        default: break
        }
        if hasFailed { return 1 }
        if isLate { return 2 }
        if lock.state == .waiting || !lock.waiting.isEmpty || !lock.permitWaits.runs.isEmpty { return 3 }
        if lock.state != .free { return 4 }
        return lock.isPaused ? 5 : 6
    }

    /// When the last run of a job ended that has failed, and is neither lost nor worse: failures are in this order, the newest
    /// first. Milliseconds since the epoch; 0 if nobody wrote it down. Nil for other jobs.
    package var failedAt: Int64? { rank == 1 ? lock.record?.runs.last?.endMilliseconds ?? 0 : nil }

    /// The complement of a number turns the order round, and unlike its negative there is always one.
    fileprivate var failureAge: Int64 { failedAt.map { ~$0 } ?? 0 }

    /// Lost, failed or late.
    package var needsLook: Bool { rank < 3 }

    /// Its state and what is to be known of it, such as `running` or `failed, late`.
    package var words: String {
        var words = lock.state == .free && (hasFailed || isLate) ? [] : [lock.state.rawValue]
        if hasFailed { words.append("failed") }
        if isLate { words.append("late") }
        if lock.state == .free {
            if !lock.waiting.isEmpty {
                words.append("awaited")
            } else if !lock.permitWaits.runs.isEmpty {
                words.append("queued")
            }
        }
        if lock.isPaused { words.append("paused") }
        return words.joined(separator: ", ")
    }

    package var paint: Paint {
        if needsLook { return .bad }
        if lock.isPaused { return .warning }
        return switch lock.state {
        case .running: .good
        case .waiting, .original: .warning
        case .lost, .persistent, .unreadable: .bad
        case .free: .dim
        }
    }
}

extension [JobHealth] {
    /// First what needs a look, of failures the newest first, then what goes on, each in the order of the names.
    package var inOrderOfNeed: [JobHealth] {
        // A hundred thousand of them are sorted by their places: each is some hundred bytes.
        indices.map {
            (rank: self[$0].rank, age: self[$0].failureAge, name: ExactName(self[$0].lock.lockname), place: $0)
        }
        .sorted { ($0.rank, $0.age, $0.name) < ($1.rank, $1.age, $1.name) }.map { self[$0.place] }
    }
}
