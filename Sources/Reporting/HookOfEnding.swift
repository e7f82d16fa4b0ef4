package import Host
package import Run

extension Hook {
    /// The hook of a run's end. Nil for a skip: that is what most runs of a fleet are meant to do.
    ///
    /// - Parameter hasSucceeded: what the job says of a command that ran.
    package init?(for ended: Ended, hasSucceeded: Bool) {
        switch ended.outcome {
        case .ran: self = hasSucceeded ? .succeeded : .failed
        case .lost: self = .lost
        case .released: self = .released
        case .signaled, .badData, .unavailable, .osError, .noPermits, .denied, .groupExit, .timeout, .notExecutable,
            .notFound:
            self = .failed
        case .locked, .queued, .notInGroup, .tooSoon, .alreadyRun, .notReady, .paused: return nil
        // Decided before there is a configuration to go by.
        case .usage, .badConfig: return nil
        }
    }
}
