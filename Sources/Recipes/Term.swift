package import Coordination

/// The ownership term W and what follows from it: when the holder's command must be dead, and how long a successor waits.
///
/// Only the rates of two clocks enter, never a server's timeout: see Docs/Guarantees.md for the proof.
package struct Term: Sendable, Equatable {
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// How far a machine's clock may be from true in rate, in percent: twenty times what NTP corrects by (500 ppm). chrony slews
    /// a large offset by more, unless told otherwise: see Docs/Guarantees.md.
    static let driftPercent: Int64 = 1
    /// For killing and reaping, at the least.
    package static let killingBudget = KillingBudget.least.whole
    /// Below this nothing is left between two heartbeats without an answer and the kill.
    package static let secondsMin: Int64 = 3
    /// A longer one in a record or mark is not believed: it would block the job for its length.
    package static let secondsMax: Int64 = 86_400

    private var duration: Duration { .seconds(seconds) }

    /// From one heartbeat to the next.
    package var period: Duration { duration / 10 }

    /// The holder's promise: dead by then, `since` being the instant before the newest acknowledged heartbeat was submitted.
    package func deadline(since: BootInstant) -> BootInstant {
        since.advanced(by: duration * Int(100 - Self.driftPercent) / 100)
    }

    /// What a successor waits from the acknowledgement of its own take on.
    package var waitOut: Duration { duration * Int(100 + Self.driftPercent) / 100 }

    /// The shortest session timeout with which a mixed fleet leaves a heartbeat's time to live: of D (Docs/Guarantees.md,
    /// "Mixed fleets") the drift, five periods of a tenth each (three of them for round trips), the relay and the time for
    /// killing are spent.
    package static func leastSession(relay: Duration) -> Duration {
        (relay + .milliseconds(100) + killingBudget) * 100 / 49
    }

    /// When the tree is ended if no further heartbeat is acknowledged.
    ///
    /// SIGTERM never comes before three periods without an acknowledgement: one lost heartbeat kills nothing, and there is
    /// time to try another server. A guardian's lateness brings SIGKILL no nearer than that either. The size of the tree does:
    /// without the time for it the deadline would not be kept.
    /// - Parameter period: from one heartbeat to the next, where it is not the term's own.
    /// - Parameter budget: how long killing may take.
    package func schedule(
        since: BootInstant, grace: Duration, noLaterThan limit: BootInstant = .never, period: Duration? = nil,
        budget: KillingBudget = .least
    ) -> Schedule {
        let deadline = min(deadline(since: since), limit)
        let patience = since.advanced(by: (period ?? self.period) * 3)
        let latest = deadline.advanced(by: .zero - budget.bySize)
        let kill = max(deadline.advanced(by: .zero - budget.whole), min(latest, patience))
        let term = max(kill.advanced(by: .zero - grace), patience)
        return Schedule(terminate: min(term, kill), kill: kill)
    }
}
