import Coordination
import Recipes

/// The way back: what is written when the tree is dead, until it is committed or there is no more patience.
extension Tenure {
    /// Reap comes before release: only called when nothing of the tree is left, or nothing was ever started.
    mutating func beginRelease() {
        guard !isReleasing else { return }
        guard let claims, let heartbeats, !ending.hasNoSession else { return finish() }
        let record: Release.Record
        if case .waitingOut(let until) = phase {
            record = .waitingOut(restOfTerm(until: until))
        } else {
            let held = startedAt.map { $0.duration(to: now).nanoseconds / 1_000_000 }
            let result = ending.result
            // 0 is one to every reader.
            let isSuccess = job.hasSucceeded(result) && result.code != 0
            // A guardian that dies with the news of the start takes it along: then what was written down before counts, or when the
            // start was asked for.
            let asked = ending.failure == nil ? askedAt : nil
            let unheard = asked.flatMap { claims.record?.content.started ?? claims.serverMilliseconds(at: $0) }
            // The last attempt may have had nothing to execute any more.
            let hasStarted = ending.failure == nil || startedAt != nil || attempts > 1
            let run = PastRun(
                host: job.host, started: startedAt.flatMap { claims.serverMilliseconds(at: $0) } ?? unheard,
                heldMilliseconds: held,
                outcome: result.outcome.rawValue, code: result.code, token: claims.lock?.czxid,
                waitedMilliseconds: waited.nanoseconds / 1_000_000,
                tick: hasStarted ? job.oncePer?.tick.text : nil,
                isSuccess: isSuccess ? true : nil, stoppedBy: result.outcome == .released ? ending.stoppedBy : nil)
            record = .ended(attempts > 0 ? run : nil, hasStarted: attempts > 0 && hasStarted)
            if attempts > 0 { keepOutput(of: run) }
        }
        // A lock that we have lost may be somebody else's by now; the close of the session deletes it if it is ours.
        let keepsLock = job.mixedFleet || ending.lost != nil
        let release = Release(claims: claims, of: job, record: record, keepsLock: keepsLock)
        let until = max(heartbeats.deadline, now.advanced(by: .seconds(2)))
        continueRelease(Releasing(release: release, step: .due(at: now), until: until))
        if attempts > 0 { actions.append(.over(ended)) }
    }

    /// So that short-lived waiters make progress, each leaves what is left to the next; rounded up.
    func restOfTerm(until: BootInstant) -> Int64 {
        let rest = max(0, now.duration(to: until).nanoseconds)
        return min(rest / 1_000_000_000 + 1, claims?.record?.content.term ?? Term.secondsMax)
    }

    mutating func continueRelease(_ releasing: Releasing) {
        guard let heartbeats else { return }
        var releasing = releasing
        releasing.patience.begin(at: now, first: heartbeats.firstPatience, period: heartbeats.period)
        releasing.step = .asked(ticket: submit(releasing.release.requests))
        enter(.releasing(releasing))
    }

    mutating func settledRelease(_ releasing: Releasing, _ replies: [Reply]) {
        var releasing = releasing
        releasing.release.settle(replies)
        endIfLockWasDeleted(replies)
        if !replies.contains(where: \.isLost) { releasing.patience.answered() }
        // Lost, or refused for the moment; or by a server that contradicts itself, which is not to be asked without a pause: a
        // release creates nothing, and a version that was just read is not twice another one.
        if replies.contains(where: { $0.failureReason == .badVersion }) { releasing.contradictions += 1 }
        let isUnsettled =
            releasing.contradictions > 1
            || replies.contains { ($0.isUnsettled && !$0.isRefusedByServer) || $0.failureReason == .nodeExists }
        releasing.step = .due(at: isUnsettled ? now.advanced(by: job.term.period) : now)
        enter(.releasing(releasing))
        if releasing.release.isDone { return finish() }
        if !isUnsettled { continueRelease(releasing) }
    }

    mutating func tickRelease(_ releasing: Releasing) {
        var releasing = releasing
        if now >= releasing.until { return finish() }
        switch releasing.step {
        case .asked where releasing.patience.isOver(at: now):
            enter(.releasing(releasing))
            actions.append(.dropConnection)
        case .due(let instant) where now >= instant: continueRelease(releasing)
        default: break
        }
    }

    mutating func finish() {
        if case .finished = phase { return }
        forgetOutput()
        var release: Release?
        if case .releasing(let releasing) = phase { release = releasing.release }
        if let release, !release.isDone { actions.append(.say(.notReleased)) }
        if let refusal = release?.refused.first { actions.append(.say(.releaseRefused("\(refusal)"))) }
        if let release { memory = release.memory }
        if case .refused(let failure) = memory { actions.append(.say(.runNotRemembered("\(failure)"))) }
        enter(.finished(isReleased: release?.isComplete ?? false))
        actions.append(.finish)
    }
}
