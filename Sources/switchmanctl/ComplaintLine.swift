import Fleet

extension Complaint {
    /// In one line; a signal ends this process.
    func tell() {
        switch self {
        case .failed(_, let message), .no(let message): Screen.complain(message)
        case .signal(let signal): Signals.die(of: signal)
        }
    }
}
