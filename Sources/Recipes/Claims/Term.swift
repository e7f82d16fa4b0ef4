package import Coordination

/// The ownership term W and what follows from it: when the holder's command must be dead, and how long a successor waits.
///
/// Only the rates of two clocks enter, never a server's timeout: see Docs/Guarantees.md for the proof. `Lifetime` says when the
/// command is ended.
package struct Term: Sendable, Equatable {
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// How far a machine's clock may be from true in rate, in percent: twenty times what NTP corrects by (500 ppm). chrony slews
    /// a large offset by more, unless told otherwise: see Docs/Guarantees.md.
    static let driftPercent: Int64 = 1
    /// Below this nothing is left between two heartbeats without an answer and the kill.
    package static let secondsMin: Int64 = 3
    /// A longer one in a record or mark is not believed: it would block the job for its length.
    package static let secondsMax: Int64 = 86_400

    private var duration: Duration { .seconds(seconds) }

    /// From one heartbeat to the next.
    package var period: Duration { duration / 10 }

    /// The holder's promise: dead by then, `since` being the instant before the newest acknowledged heartbeat was submitted.
    package func deadline(since: BootInstant) -> BootInstant {
        since.advanced(by: Self.slowed(duration))
    }

    /// What the slowest clock shows of a time that the true one calls `duration`.
    static func slowed(_ duration: Duration) -> Duration { duration * Int(100 - driftPercent) / 100 }

    /// What a successor waits from the acknowledgement of its own take on.
    package var waitOut: Duration { duration * Int(100 + Self.driftPercent) / 100 }
}
