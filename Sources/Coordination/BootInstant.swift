/// A point in time on CLOCK_BOOTTIME, which goes on while the machine is suspended, as the servers' clocks do.
package struct BootInstant: InstantProtocol, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than anything that happens.
    package static let never = BootInstant(nanoseconds: .max)

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Saturates instead of trapping: a `forever` added to anything is `never`.
    package func advanced(by duration: Duration) -> Self {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Self(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    package func duration(to other: Self) -> Duration {
        .nanoseconds(other.nanoseconds.subtractingReportingOverflow(nanoseconds).partialValue)
    }
}

extension Duration {
    /// Whole nanoseconds, saturating at about 292 years.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, again) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || again ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with milliseconds, for programs.
    package var seconds: Double { Double(nanoseconds / 1_000_000) / 1000 }
}

/// The clock and the one alarm of a run; real, or a simulation's.
package protocol Timekeeper: AnyObject, Sendable {
    var now: BootInstant { get }
    /// Puts one `Event.timer` into the inbox at that instant, in place of any earlier wish; nil: none.
    func wake(at instant: BootInstant?)
}

/// Where all events of one run arrive.
package protocol Inbox: AnyObject, Sendable {
    func post(_ event: Event)
    /// The next event, waiting for one if there is none.
    func next() async -> Event
    /// The next event if there is one already.
    func poll() -> Event?
}
