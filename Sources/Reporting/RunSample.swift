package import Run

/// One run as it is counted.
package struct RunSample: Sendable {
    package var outcome: Outcome
    package var isSkip: Bool
    /// The command exited with 0, or with a code of `--success`.
    package var succeeded: Bool
    /// From the first question to the take, and from the start of the command to the release; nil if it was not started.
    package var waitedSeconds: Double?
    package var heldSeconds: Double?
    /// When it ended, since the epoch.
    package var endedSeconds: Double

    package init(
        outcome: Outcome, isSkip: Bool, succeeded: Bool, waitedSeconds: Double?, heldSeconds: Double?,
        endedSeconds: Double
    ) {
        (self.outcome, self.isSkip, self.succeeded) = (outcome, isSkip, succeeded)
        self.endedSeconds = endedSeconds
        (self.waitedSeconds, self.heldSeconds) = (waitedSeconds, heldSeconds)
    }

    /// Whether a command that had been started did not end by itself or by a signal passed on.
    var wasKilled: Bool {
        switch outcome {
        case .lost, .groupExit, .released, .timeout: heldSeconds != nil
        default: false
        }
    }
}
