import Coordination
import Recipes

/// What is heard of the command and its guardian, and when the guardian is not to be relied on any more.
extension Tenure {
    /// A guardian that does not answer for a period is no dead man's switch any more. But before it answers to a start it forks,
    /// which takes the lock of each file that is mapped: 1.3 s, while a thousand processes with the same libraries died.
    private func patience(with message: Unacknowledged) -> Duration {
        max(job.term.period, message.isStart ? .seconds(5) : .seconds(1))
    }

    /// Out of the budget for killing; in this time the guardian has killed all but a fork bomb.
    static let guardianSlack = Duration.milliseconds(500)

    private func guardianOverdueAt(_ attempt: Attempt) -> BootInstant {
        guard let message = attempt.unacknowledged, let since = message.since else { return .never }
        return since.advanced(by: patience(with: message))
    }

    func wake(for attempt: Attempt) -> BootInstant {
        let deadline = ending.takenOver == nil ? attempt.schedule.kill.advanced(by: Self.guardianSlack) : .never
        return min(guardianOverdueAt(attempt), deadline, attempt.timeoutAt ?? .never, attempt.stragglers?.at ?? .never)
    }

    mutating func watchGuardian() {
        guard let attempt else { return }
        if now >= guardianOverdueAt(attempt) {
            if let message = attempt.unacknowledged, !message.isLast {
                let (now, patience) = (now, patience(with: message))
                self.attempt?.unacknowledged?.isOverdue(at: now, patience: patience)
            } else {
                takeOver("the guardian does not answer")
            }
        } else if ending.takenOver == nil, now >= attempt.schedule.kill.advanced(by: Self.guardianSlack) {
            // The same timer as the guardian's.
            takeOver("the guardian let the deadline pass")
        }
        if let stragglers = attempt.stragglers, now >= stragglers.at {
            self.attempt?.stragglers = nil
            actions.append(.say(.waitingForDescendants(stragglers.count)))
        }
    }

    mutating func watchTime() {
        guard let at = attempt?.timeoutAt, now >= at, let limit = job.timeout else { return }
        attempt?.timeoutAt = nil
        stop(.timeout(limit))
    }

    mutating func takeOver(_ why: String) {
        attempt?.unacknowledged = nil
        guard ending.takenOver == nil else { return }
        ending.takenOver = why
        actions.append(.say(.takingOver(why)))
        actions.append(.takeOver)
    }

    /// Reaped after a take-over, which kills with SIGKILL: what ended otherwise, unasked, had ended before. A guardian that
    /// was stopped had not told. When it was time for it, SIGTERM may have come from there.
    private func endsItself(_ status: Int32) -> Bool {
        let (sigkill, sigterm): (Int32, Int32) = (9, 15)
        let signal = status & 0x7f
        let isFromGuardian = signal == sigterm && now >= attempt?.schedule.terminate ?? .never
        return ending.takenOver != nil && signal != sigkill && !isFromGuardian && ending.cause == nil
            && ending.lost == nil
    }

    /// The front kills at the deadline where neither the guardian nor this process does. A guardian that was stopped meanwhile
    /// takes that for an end of the command's own.
    private func diesOfDeadline(_ status: Int32) -> Bool {
        let sigkill: Int32 = 9
        return attempt?.isOverdue == true && status & 0x7f == sigkill
    }

    private mutating func loseByDeadline() {
        guard attempt != nil, ending.lost == nil else { return }
        ending.lost = Self.noHeartbeat
        sayLost(Self.noHeartbeat)
    }

    mutating func tree(_ report: TreeReport) {
        switch report {
        case .started(let pid):
            if startedAt == nil { startedAt = now }
            resistance = nil
            let timeoutAt = job.timeout.map { now.advanced(by: $0) }
            attempt?.timeoutAt = timeoutAt
            actions.append(.say(.started(pid: pid)))
        case .refused(let resisting): refused(resisting)
        case .failedToStart(let errno, let inExec):
            ending.failure = (errno, inExec)
            attempt?.unacknowledged = nil
            beginRelease()
        case .acknowledged(let acknowledged, let budget):
            if let waiting = attempt?.unacknowledged, acknowledged >= waiting.sequence {
                let next = acknowledged < sequence ? Unacknowledged(sequence, since: now) : nil
                attempt?.unacknowledged = next
            }
            reckon(with: budget)
        case .exited(let status, let remaining, let reported):
            var by = reported
            if by == .none, diesOfDeadline(status) { by = .deadline }
            if by == .deadline { loseByDeadline() }
            ending.exited = (status, endsItself(status) ? .none : by)
            // Most pipelines are gone a moment later: a line about those would only make cron write mails.
            guard remaining > 0, waits, by == .none, ending.takenOver == nil else { return }
            let stragglers = (at: now.advanced(by: .seconds(1)), count: remaining)
            attempt?.stragglers = stragglers
        case .continued: actions.append(.continueFront)
        case .stopped(let signal, let at): actions.append(.stopFront(signal: signal, at: at))
        case .ending(let by):
            tellOperator("SIGKILL sent")
            if by == .deadline { loseByDeadline() }
        case .unkillable(let count): actions.append(.say(.unkillable(count)))
        case .reaped:
            tellOperator("nothing of the command runs any more; releasing")
            endAttempt()
        case .guardianGone:
            if !isReleasing { return takeOver("the guardian died") }
            // Nothing is left to kill, and nobody to start anything with another session.
            if attempts == 0, ending.takenOver == nil { ending.takenOver = "the guardian died" }
        }
    }
}
