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
        guard let now = takenMilliseconds,
            let last = record?.content.lastStart(unlessFailed: retriesFailed)
        else {
            return false
        }
        return Interval(interval).covers(last, nowMilliseconds: now)
    }

    /// The servers' clock at an instant of ours, in milliseconds since the epoch: never too early, and late by as long as the
    /// take was under way at the most. Counted from its acknowledgement it would be too early, and an interval too short.
    package func serverMilliseconds(at instant: BootInstant) -> Int64? {
        takenMilliseconds.map {
            $0.addingReportingOverflow(submitted.duration(to: instant).nanoseconds / 1_000_000).partialValue
        }
    }
}

extension JobRecord {
    /// When a command of this job was last started; one that could not be executed has no such time. Nil also if that run
    /// failed, or was lost, and does not count for it.
    package func lastStart(unlessFailed: Bool) -> Int64? {
        guard let last = runs.last(where: { $0.started != nil }) else { return nil }
        return unlessFailed && !last.hasSucceeded ? nil : last.started
    }
}
