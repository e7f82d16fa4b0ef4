package import Recipes

/// How one run of a job ended, as a mark in a row of its last runs.
package enum RunMark: Sendable {
    case succeeded
    case failed
    /// By an operator, or since its host has left the group.
    case stopped
    /// By a time limit, a signal, or the loss of its host.
    case brokenOff

    package init(_ run: PastRun) {
        if run.hasSucceeded {
            self = .succeeded
            return
        }
        switch run.outcome {
        case "released", "group-exit", "paused": self = .stopped
        case "lost", "timeout", "signaled": self = .brokenOff
        default: self = .failed
        }
    }

    /// One column wide. The shape says it all: colours are not everywhere, nor for everybody.
    package var sign: String {
        switch self {
        case .succeeded: "●"
        case .failed: "✕"
        case .stopped: "▲"
        case .brokenOff: "◆"
        }
    }

    package var paint: Paint {
        switch self {
        case .succeeded: .good
        case .stopped: .warning
        case .failed, .brokenOff: .bad
        }
    }
}
