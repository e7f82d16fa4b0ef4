import Coordination

/// Processes of a dead run that do not die: when the guardian is asked again, and when the user is told.
struct Resistance: Sendable {
    private var pause = Duration.milliseconds(50)
    private var tellAt: BootInstant

    init(since now: BootInstant) { tellAt = now.advanced(by: .seconds(1)) }

    /// Twice the one before, from 100 ms to one second.
    mutating func nextPause() -> Duration {
        pause = min(pause * 2, .seconds(1))
        return pause
    }

    /// True after a second, since most die within a moment, and then each minute.
    mutating func isToBeTold(at now: BootInstant) -> Bool {
        guard now >= tellAt else { return false }
        tellAt = now.advanced(by: .seconds(60))
        return true
    }
}
