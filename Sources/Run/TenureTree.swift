import Coordination
import Recipes

/// A message to the guardian, and since when it has had the time to answer.
struct Unacknowledged: Sendable {
    let sequence: UInt64
    /// Nil: not sent yet.
    var since: BootInstant?
    /// The patience is over, and the second chance runs.
    var isLast = false

    init(_ sequence: UInt64, since: BootInstant? = nil) { (self.sequence, self.since) = (sequence, since) }
}

/// What is heard of the command and its guardian, and when the guardian is not to be relied on any more.
extension Tenure {
    /// A guardian that does not answer for a period is no dead man's switch any more.
    var guardianPatience: Duration { max(job.term.period, .seconds(1)) }
    /// Out of the budget for killing; in this time the guardian has killed all but a fork bomb.
    static let guardianSlack = Duration.milliseconds(500)

    var guardianOverdueAt: BootInstant? { unacknowledged?.since.map { $0.advanced(by: guardianPatience) } }

    mutating func watchGuardian(_ now: BootInstant, _ actions: inout [Action]) {
        if let overdue = guardianOverdueAt, now >= overdue {
            if unacknowledged?.isLast == true {
                takeOver("the guardian does not answer", &actions)
            } else {
                let since = now.advanced(by: Lateness.secondChance - guardianPatience)
                unacknowledged?.since = since
                unacknowledged?.isLast = true
            }
        } else if !hasTakenOver, now >= current.kill.advanced(by: Self.guardianSlack) {
            // The same timer as the guardian's.
            takeOver("the guardian lets the deadline pass", &actions)
        }
        if let at = stragglersAt, now >= at {
            stragglersAt = nil
            actions.append(.say(.waitingForDescendants(remaining)))
        }
    }

    mutating func watchTime(_ now: BootInstant, _ actions: inout [Action]) {
        guard let at = timeoutAt, now >= at, let limit = job.timeout else { return }
        timeoutAt = nil
        stop(.timeout(limit), now, &actions)
    }

    mutating func takeOver(_ why: String, _ actions: inout [Action]) {
        unacknowledged = nil
        guard !hasTakenOver else { return }
        hasTakenOver = true
        ending.takenOver = why
        actions.append(.say(.takingOver(why)))
        actions.append(.takeOver)
    }

    /// Reaped after a take-over, which kills with SIGKILL: what ended otherwise, unasked, had ended before. A guardian that
    /// was stopped had not told. When it was time for it, SIGTERM may have come from there.
    private func endsItself(_ status: Int32, _ now: BootInstant) -> Bool {
        let (sigkill, sigterm): (Int32, Int32) = (9, 15)
        let signal = status & 0x7f
        let isFromGuardian = signal == sigterm && now >= current.terminate
        return hasTakenOver && signal != sigkill && !isFromGuardian && ending.cause == nil && ending.lost == nil
    }

    /// The front kills at the deadline where neither the guardian nor this process does. A guardian that was stopped meanwhile
    /// takes that for an end of the command's own.
    private func diesOfDeadline(_ status: Int32) -> Bool {
        let sigkill: Int32 = 9
        return isOverdue && status & 0x7f == sigkill
    }

    private mutating func loseByDeadline(_ actions: inout [Action]) {
        guard case .running = phase, ending.lost == nil else { return }
        ending.lost = "no heartbeat was acknowledged in time"
        actions.append(.say(.ownershipLost("no heartbeat was acknowledged in time")))
    }

    mutating func tree(_ report: TreeReport, _ now: BootInstant, _ actions: inout [Action]) {
        switch report {
        case .started(let pid):
            if startedAt == nil { startedAt = now }
            resistance = nil
            timeoutAt = job.timeout.map { now.advanced(by: $0) }
            actions.append(.say(.started(pid: pid)))
        case .refused(let resisting): refused(resisting, now, &actions)
        case .failedToStart(let errno, let inExec):
            ending.failure = (errno, inExec)
            unacknowledged = nil
            beginRelease(now, &actions)
        case .acknowledged(let acknowledged, let budget):
            if let waiting = unacknowledged, acknowledged >= waiting.sequence {
                unacknowledged = acknowledged < sequence ? Unacknowledged(sequence, since: now) : nil
            }
            reckon(with: budget, now, &actions)
        case .exited(let status, let remaining, let reported):
            var by = reported
            if by == .none, diesOfDeadline(status) { by = .deadline }
            if by == .deadline { loseByDeadline(&actions) }
            ending.exited = (status, endsItself(status, now) ? .none : by)
            if job.breaks.contains(.releaseBeforeReap) { return beginRelease(now, &actions) }
            self.remaining = remaining
            // Most pipelines are gone a moment later: a line about those would only make cron write mails.
            if remaining > 0, waits, by == .none, !hasTakenOver { stragglersAt = now.advanced(by: .seconds(1)) }
        case .continued: actions.append(.continueFront)
        case .stopped(let signal, let at): actions.append(.stopFront(signal: signal, at: at))
        case .ending(let by):
            tellOperator("SIGKILL sent", &actions)
            if by == .deadline { loseByDeadline(&actions) }
        case .unkillable(let count): actions.append(.say(.unkillable(count)))
        case .reaped:
            tellOperator("nothing of the command runs any more; releasing", &actions)
            endAttempt(now, &actions)
        case .guardianGone:
            if !isReleasing { return takeOver("the guardian died", &actions) }
            // Nothing is left to kill, and nobody to start anything with another session.
            if attempts == 0, ending.takenOver == nil { ending.takenOver = "the guardian died" }
        }
    }
}
