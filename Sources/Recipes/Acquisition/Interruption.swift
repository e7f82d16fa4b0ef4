/// What makes a run stop short of starting its command.
package enum Interruption: Error, Sendable, Equatable {
    // From outside.
    case signal(Int32)
    case callerGone
    case guardianGone
    /// This session is over; with a new one everything can be tried again.
    case sessionExpired
    /// No connection in time.
    case unavailable(String)
    /// The servers were reached, and would say the same again: a quota, a session timeout that is too short.
    case refused(String)

    // Found out.
    /// A znode is not what it should be.
    case badData(String)
    /// ACL or authentication.
    case denied(String)
    /// The wait for permits ran out.
    case noPermits(String)
    /// For what is released only when this run has ended.
    case waitsForItself(String)
}

extension Interruption: CustomStringConvertible {
    package var description: String {
        switch self {
        case .signal(let signal): "signal \(signal)"
        case .callerGone: "switchman's first process, which the caller started, was killed"
        case .guardianGone: "the guardian died"
        case .sessionExpired: "the session expired"
        case .unavailable(let why), .refused(let why), .badData(let why), .denied(let why), .noPermits(let why),
            .waitsForItself(let why):
            why
        }
    }
}
