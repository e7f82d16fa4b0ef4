package import Coordination
package import Recipes
import Text

/// How a run came to its end, as it becomes known, and what follows for the exit code.
struct Ending: Sendable {
    enum Cause: Sendable, Equatable {
        case signal(Int32)
        case groupExit
        case callerGone
        /// An operator's request.
        case released
        case timeout(Duration)
        /// The deadline could not be kept if heartbeats failed.
        case treeTooLarge(Killing)
        /// Only before the start; the sentence that says so.
        case paused(String)
        /// Somebody has deleted the lock's node. Only before the start; a command that runs is lost.
        case lockDeleted(String)

        var text: String {
            switch self {
            case .signal(let signal): "signal \(signal)"
            case .groupExit: "this host left the group"
            case .callerGone: "switchman's first process, which the caller started, was killed"
            case .released: "an operator asked for it"
            case .timeout(let limit): "it has run for \(limit.components.seconds) s (--timeout)"
            case .treeTooLarge(let killing): killing.text
            case .paused(let sentence): sentence
            case .lockDeleted(let path): "\(path) was deleted"
            }
        }
    }

    /// The first reason to stop.
    var cause: Cause?
    /// Who asked for that, as far as an operator has said so.
    var stoppedBy: String?
    /// Not just this attempt, whose time may be up: somebody wants the end of the run.
    var isFinal = false
    /// Why ownership is lost, or no longer provable.
    var lost: String?
    /// When nothing ran, and something had run.
    var lostBetweenAttempts = false
    /// Why the supervisor had to kill the tree itself.
    var takenOver: String?
    var failure: (errno: Int32, inExec: Bool)?
    typealias Exit = (waitStatus: Int32, by: TreeReport.Ending)
    var exited: Exit?

    static let sessionExpired = "the session expired"
    static let sessionForgotten = "the servers have forgotten the session"
    /// There is nothing to release, and nobody to ask.
    var hasNoSession: Bool { lost == Self.sessionExpired || lost == Self.sessionForgotten }
    /// SIGHUP, SIGINT, SIGQUIT, SIGTERM: they ask for the end.
    static let endingSignals: Set<Int32> = [1, 2, 3, 15]

    /// Reaped before our first kill, the command's own status counts; else `lost` overrides the first cause of the stop.
    var result: Ended {
        if let failure { return startFailure(failure.errno, inExec: failure.inExec) }
        if let exited, exited.by == .none { return Self.own(exited.waitStatus) }
        if let lost, !lostBetweenAttempts { return Ended(outcome: .lost, code: nil, reason: "ownership lost: \(lost)") }
        if exited == nil, takenOver == nil, cause == nil {
            return Ended(outcome: .lost, code: nil, reason: "nothing was started")
        }
        switch cause {
        case .groupExit?:
            return Ended(outcome: .groupExit, code: nil, reason: "this host is no longer in the group")
        case .signal(let signal)?: return Ended(outcome: .signaled, code: 128 + signal, signal: signal)
        case .callerGone?:
            return Ended(
                outcome: .signaled, code: 128 + 9,
                reason: "switchman's first process, which the caller started, was killed")
        case .released?:
            let who = stoppedBy.map { " (\($0))" } ?? ""
            return Ended(outcome: .released, reason: "stopped: an operator asked for it\(who)")
        case .timeout(let limit)?:
            return Ended(
                outcome: .timeout, reason: "stopped: it ran for longer than \(limit.components.seconds) s (--timeout)")
        case .treeTooLarge(let killing)?:
            return Ended(outcome: .lost, reason: "stopped while the lock was still held: \(killing.text)")
        case .paused(let sentence)?: return Ended(outcome: .paused, reason: sentence)
        case .lockDeleted(let path)?:
            return Ended(outcome: .released, reason: "stopped: somebody deleted \(path); nothing was started")
        case nil:
            if let takenOver { return Ended(outcome: .lost, code: nil, reason: "\(takenOver); the command was killed") }
            return exited.map { Self.own($0.waitStatus) } ?? Ended(outcome: .lost, code: nil)
        }
    }

    static func own(_ status: Int32) -> Ended {
        let signal = status & 0x7f
        return signal == 0
            ? Ended(outcome: .ran, code: (status >> 8) & 0xff)
            : Ended(outcome: .signaled, code: 128 + signal, signal: signal)
    }

    private func startFailure(_ errno: Int32, inExec: Bool) -> Ended {
        guard inExec else { return Ended(outcome: .osError, code: nil, errno: errno) }
        // ENOENT, of the command or of its interpreter, is 127, and all else 126: as in bash, env(1) and timeout(1).
        return Ended(outcome: errno == 2 ? .notFound : .notExecutable, code: nil, errno: errno)
    }
}

/// The end of a run.
package struct Ended: Sendable, Equatable {
    package var outcome: Outcome
    /// The exit status, where the command or a signal decides it; else the outcome's own.
    package var code: Int32?
    package var signal: Int32?
    /// For the user, if there is anything to say.
    package var reason: String?
    package var errno: Int32?
    /// By servers that can be reached: it does not pass, so it is never a skip.
    package var isRefused: Bool

    package init(
        outcome: Outcome, code: Int32? = nil, signal: Int32? = nil, reason: String? = nil, errno: Int32? = nil,
        isRefused: Bool = false
    ) {
        (self.outcome, self.code, self.signal, self.reason, self.errno) = (outcome, code, signal, reason, errno)
        self.isRefused = isRefused
    }
}

extension Job {
    /// Whether the command did its work: it ended by itself, with 0 or with a code of `--success`.
    package func hasSucceeded(_ ended: Ended) -> Bool {
        guard ended.outcome == .ran, let code = ended.code else { return false }
        return code == 0 || successCodes.contains(code)
    }
}

/// What is worth a line in the log.
package enum Remark: Sendable, Equatable {
    case started(pid: Int32)
    /// - Parameter provenAt: where no heartbeat was acknowledged in time, when the last was sent that was.
    case ownershipLost(String, provenAt: BootInstant? = nil)
    case groupUnreadable(String)
    case stopping(String)
    /// The operator who asked for the stop, and why.
    case stopAsked(by: String)
    case waitingForDescendants(Int)
    case takingOver(String)
    case unkillable(Int)
    /// Run again after that pause; so many attempts were made.
    case retrying(code: Int32, attempt: Int, Duration)
    /// Ownership was lost in the pause between two attempts.
    case noFurtherAttempt(String)
    /// The session has expired before anything was started; with a new one, after a pause.
    case beginningAnew(Duration)
    /// A holder was lost, and its term is waited out.
    case waitingOut(host: String, seconds: Int64)
    /// That is over: the run whose command was lost.
    case waitedOut(PastRun)
    case serversRolledBack
    /// Neither proof nor loss: the command lives for as long as the last proof lets it.
    case heartbeatRefused(String)
    case connectionLost(server: String)
    case connectionBack(server: String, after: Duration)
    case notReleased
    /// The end of the session deletes the lock and the leases; what cannot be written is waited out by whoever comes next.
    case releaseRefused(String)
    /// `--keep-output` asked for it, and it is not certain to be there.
    case outputNotKept(String)
    /// The history of a run without a lock: why it lacks this one.
    case runNotRemembered(String)
    /// Killing the tree takes more than half of the time that the term leaves for it.
    case treeLarge(Killing)
    /// It takes more than all of it, so the command is ended.
    case treeTooLarge(Killing)
    /// So many processes of a dead run of the same lock on this host do not die, and nothing is started before they do.
    case earlierRunLives(processes: Int)
}
