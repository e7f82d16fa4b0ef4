/// What can happen to a run. All of it arrives through one inbox in one order, so that a run is one loop, and a
/// simulation can replay it.
package enum Event: Sendable {
    /// The answers to the requests submitted under this ticket.
    case replies(ticket: Int, [Reply])
    /// A one-shot watch fired. It precedes every reply that shows a state after the change.
    case watch(path: String, Change)
    case session(SessionEvent)
    /// The instant asked for with `Timekeeper.wake(at:)` has come.
    case timer
    /// A signal for the command, from outside. From the terminal: the kernel sent it to the whole foreground process
    /// group, so the command has it already.
    /// - Parameter isPlaced: who sent it is known not to be one of the command's own processes, or is that of nobody (the
    ///   terminal).
    ///   False: the sender has gone, so it may have been one, and the signal may have reached the command already.
    case signal(Int32, fromTerminal: Bool, isPlaced: Bool = true)
    /// The front, our caller's child, is gone: nobody waits for the command any more.
    case callerGone
    case tree(TreeReport)

    package enum Change: Sendable, Equatable {
        case created, deleted, changed, children
    }
}

package enum SessionEvent: Sendable, Equatable {
    /// The handshake is done, for the first time or again.
    case connected(Session)
    /// The connection is lost; the session may live on.
    case suspended
    case expired
    /// The servers have forgotten what they once told this session, and refuse it: whatever it owned is gone, or goes with it.
    case rolledBack
    case authenticationFailed
}

/// What the guardian tells of the command's process tree.
package enum TreeReport: Sendable, Equatable {
    case started(pid: Int32)
    /// exec or fork failed; nothing is running.
    case failedToStart(errno: Int32, inExec: Bool)
    /// The new deadline is in force; `budget` is for the next one.
    case acknowledged(sequence: UInt64, budget: KillingBudget = .least)
    /// The command itself was reaped. `ending`: whether a signal of ours to end it had been sent before.
    case exited(waitStatus: Int32, remaining: Int, ending: Ending)
    /// The command was stopped, or stopped itself.
    case stopped(signal: Int32, at: BootInstant)
    case continued
    /// Nothing was started. Either the deadline was too near (0), or so many processes of a dead run of the same lock on this
    /// host do not die.
    case refused(resisting: Int = 0)
    /// The guardian began to end the tree on its own.
    case ending(Ending)
    /// wait(2) says that nothing is left of the tree.
    case reaped
    /// So many processes outlive SIGKILL.
    case unkillable(Int)
    /// End of file or nonsense from the guardian: it is dead or broken.
    case guardianGone

    package enum Ending: Sendable, Equatable {
        case none
        /// The supervisor asked for it.
        case requested
        /// The time after a forwarded signal ran out.
        case escalation
        /// The ownership deadline.
        case deadline
    }
}
