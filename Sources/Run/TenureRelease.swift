import Coordination
import Recipes

/// The way back: what is written when the tree is dead, until it is committed or there is no more patience.
extension Tenure {
    /// Reap comes before release: only called when nothing of the tree is left, or nothing was ever started.
    mutating func beginRelease(_ now: BootInstant, _ actions: inout [Action]) {
        guard !isReleasing else { return }
        stragglersAt = nil
        guard let claims, let heartbeats, ending.lost != Ending.sessionExpired else { return finish(&actions) }
        let record: Release.Record
        if case .waitingOut(let until) = phase, !job.breaks.contains(.givingUpWritesEnded) {
            record = .waitingOut(restOfTerm(until: until, now))
        } else {
            let held = startedAt.map { $0.duration(to: now).nanoseconds / 1_000_000 }
            let result = ending.result
            // A guardian that dies with the news of the start takes it along: then what was written down before counts, or when the
            // start was asked for.
            let asked = ending.failure == nil ? askedAt : nil
            let unheard = asked.flatMap { claims.record?.content.started ?? claims.serverMilliseconds(at: $0) }
            let run = PastRun(
                host: job.host, started: startedAt.flatMap { claims.serverMilliseconds(at: $0) } ?? unheard,
                heldMilliseconds: held,
                outcome: result.outcome.rawValue, code: result.code, token: claims.lock?.czxid,
                waitedMilliseconds: waited.nanoseconds / 1_000_000)
            record = .ended(attempts > 0 ? run : nil)
        }
        // A lock that we have lost may be somebody else's by now; the close of the session deletes it if it is ours.
        var released = claims
        if job.breaks.contains(.releaseUnguarded) { released.record = nil }
        let keepsLock = (job.mixedFleet || ending.lost != nil) && !job.breaks.contains(.releaseUnguarded)
        release = Release(claims: released, record: record, keepsLock: keepsLock)
        phase = .releasing(ticket: nil, until: max(heartbeats.deadline, now.advanced(by: .seconds(2))))
        continueRelease(now, &actions, isUnsettled: false)
        if attempts > 0 { actions.append(.over(ended)) }
    }

    /// So that short-lived waiters make progress, each leaves what is left to the next; rounded up.
    func restOfTerm(until: BootInstant, _ now: BootInstant) -> Int64 {
        let rest = max(0, now.duration(to: until).nanoseconds)
        return min(rest / 1_000_000_000 + 1, claims?.record?.content.term ?? Term.secondsMax)
    }

    mutating func continueRelease(_ now: BootInstant, _ actions: inout [Action], isUnsettled: Bool) {
        guard let release, let heartbeats, case .releasing(_, let until) = phase else { return }
        if release.isDone { return finish(&actions) }
        // Lost, or refused for the moment: again as soon as there is a connection, or in a while.
        if isUnsettled { return retryAt = now.advanced(by: job.term.period) }
        retryAt = nil
        releasePatience.begin(at: now, first: heartbeats.firstPatience, period: heartbeats.period)
        phase = .releasing(ticket: submit(release.requests, &actions), until: until)
    }

    mutating func finish(_ actions: inout [Action]) {
        guard phase != .finished else { return }
        if let release, !release.isDone { actions.append(.say(.notReleased)) }
        if let refusal = release?.refused.first { actions.append(.say(.releaseRefused("\(refusal)"))) }
        phase = .finished
        actions.append(.finish)
    }
}
