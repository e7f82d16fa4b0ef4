/// How a run ended: one word for the story in the log, for `--exit-code` and for whoever asks afterwards.
package enum Outcome: String, CaseIterable, Sendable {
    /// The command ended by itself.
    case ran
    /// The command died of a signal.
    case signaled
    /// Somebody else holds the lock.
    case locked
    /// The same lockname already waits for a permit.
    case queued
    /// This host is not of the group asked for.
    case notInGroup = "not-in-group"
    /// The last start was less than `--min-interval` ago.
    case tooSoon = "too-soon"
    /// Somebody has started the command for this tick of `--once-per`.
    case alreadyRun = "already-run"
    /// The jobs of `--after` have not succeeded since.
    case notReady = "not-ready"
    /// The job is paused, or this host drained.
    case paused
    case usage
    /// Prefix data or a znode is not what it should be.
    case badData = "bad-data"
    /// ZooKeeper was not reached in time.
    case unavailable
    case osError = "os-error"
    /// The wait for permits ran out.
    case noPermits = "no-permits"
    /// Authentication or an access list.
    case denied
    case badConfig = "bad-config"
    /// Stopped since this host left the group.
    case groupExit = "group-exit"
    /// Stopped by an operator.
    case released
    /// Stopped after `--timeout`.
    case timeout
    /// Stopped since ownership was lost or no longer provable.
    case lost
    case notExecutable = "not-executable"
    case notFound = "not-found"

    /// The command was not started, and nothing is wrong: it is meant that way, or somebody else has it.
    package var isSkip: Bool {
        switch self {
        case .locked, .queued, .notInGroup, .tooSoon, .alreadyRun, .notReady, .paused: true
        default: false
        }
    }

    /// The exit code unless an option says otherwise; `ran` and `signaled` have none of their own, the command decides.
    /// Where sysexits.h has a word for it, it is that; 126 and 127 are the shell's.
    package var defaultCode: Int32 {
        switch self {
        case .ran, .signaled, .locked, .queued, .notInGroup, .tooSoon, .alreadyRun, .notReady, .paused: 0
        case .usage: 64
        case .badData: 65
        case .unavailable: 69
        case .osError: 71
        case .noPermits: 75
        case .denied: 77
        case .badConfig: 78
        case .groupExit: 79
        case .released: 80
        case .lost: 81
        case .timeout: 124
        case .notExecutable: 126
        case .notFound: 127
        }
    }
}
