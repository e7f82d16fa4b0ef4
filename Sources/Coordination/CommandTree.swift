/// The supervisor's hold on the command: the guardian and what runs under it. What becomes of it arrives as
/// `Event.tree`.
package protocol CommandTree: AnyObject, Sendable {
    /// Starts the command with these changes to its environment (`NAME=VALUE`, or `NAME` to unset).
    /// - Parameter again: there may be another start, so the caller's descriptors are kept for it.
    func start(sequence: UInt64, schedule: Schedule, environment: [String], again: Bool)
    /// Puts off the end; acknowledged with the sequence.
    func postpone(sequence: UInt64, schedule: Schedule)
    /// Sends a signal to the command alone; with `escalates`, SIGKILL to the tree follows after the grace.
    func signal(_ signal: Int32, escalates: Bool)
    /// SIGTERM to the tree now, SIGKILL after the grace, at `limit` at the latest.
    func end(limit: BootInstant)
    func kill()
    /// The guardian is dead or does not answer: kill it, and the tree, from here.
    func takeOver()
    /// The command has stopped: let the caller's shell see that.
    func stopFront(signal: Int32, at: BootInstant)
    /// It goes on, and so must the front, or nobody would learn of its end.
    func continueFront()
}

/// When the guardian ends the command's tree on its own.
package struct Schedule: Sendable, Equatable {
    package let terminate: BootInstant
    package let kill: BootInstant

    package init(terminate: BootInstant, kill: BootInstant) {
        self.terminate = terminate
        self.kill = kill
    }

    package static let never = Schedule(terminate: .never, kill: .never)
}
