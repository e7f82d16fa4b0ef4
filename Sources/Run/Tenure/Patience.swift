import Coordination

/// How long a server may take to answer before another is tried.
///
/// Without it one hung server of three would end a healthy job, or hold its release up: the C client waits two thirds of the
/// session timeout, 20 s of a term of 30.
struct Patience: Sendable {
    private var length: Duration = .zero
    private(set) var endsAt = BootInstant.never

    /// Something is asked. What is slow every time is no reason to go elsewhere, and each further try gets twice as long.
    mutating func begin(at now: BootInstant, first: Duration, period: Duration) {
        length = length == .zero ? first : min(length * 2, period * 64)
        endsAt = now.advanced(by: length)
    }

    mutating func answered() { (length, endsAt) = (.zero, .never) }

    /// True once.
    mutating func isOver(at now: BootInstant) -> Bool {
        guard now >= endsAt else { return false }
        endsAt = .never
        return true
    }
}
