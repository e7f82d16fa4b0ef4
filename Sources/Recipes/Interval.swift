package import Coordination

/// `--min-interval`: the least time from one start to the next.
struct Interval {
    private let milliseconds: UInt64

    init(_ duration: Duration) { milliseconds = UInt64(clamping: duration.nanoseconds / 1_000_000) }

    /// Whether that start was less than the interval ago, both by the servers' clock.
    ///
    /// In either direction, since a new leader's clock may lie behind the old one's: a start that seems to lie in the future
    /// must not keep the job from running for longer than the interval says.
    func covers(_ startMilliseconds: Int64, nowMilliseconds: Int64) -> Bool {
        let (difference, overflows) = nowMilliseconds.subtractingReportingOverflow(startMilliseconds)
        return !overflows && difference.magnitude < milliseconds
    }
}

extension Claims {
    /// Whether the job's last start was less than `interval` before this take, whose time is the server's now.
    func isWithin(_ interval: Duration, ofLastStartUnlessFailed retriesFailed: Bool) -> Bool {
        guard let now = breaks.contains(.intervalByOwnClock) ? serverMilliseconds(at: acknowledged) : takenMilliseconds,
            let last = record?.content.lastStart(unlessFailed: retriesFailed)
        else {
            return false
        }
        return Interval(interval).covers(last, nowMilliseconds: now)
    }

    /// The servers' clock at an instant of ours, in milliseconds since the epoch, as well as we can know it.
    package func serverMilliseconds(at instant: BootInstant) -> Int64? {
        if breaks.contains(.intervalByOwnClock) { return instant.nanoseconds / 1_000_000 }
        return takenMilliseconds.map {
            $0.addingReportingOverflow(acknowledged.duration(to: instant).nanoseconds / 1_000_000).partialValue
        }
    }
}

extension JobRecord {
    /// When a command of this job was last started. Nil also if that run failed, or was lost, and does not count for it.
    package func lastStart(unlessFailed: Bool) -> Int64? {
        guard let last = runs.last(where: { $0.started != nil && $0.wasStarted }) else { return nil }
        return unlessFailed && !last.hasSucceeded ? nil : last.started
    }
}

extension PastRun {
    /// Whether there was a command; one that could not be executed is no start.
    var wasStarted: Bool { !["not-found", "not-executable", "os-error"].contains(outcome) }
    package var hasSucceeded: Bool { outcome == "ran" && code == 0 }
}
