import Coordination
import Recipes

/// What holds after each step, whatever has happened. Asserted in debug builds, in the simulation and by the fuzzers
/// (`-assert-config Debug`), never in the programs.
extension Tenure {
    func assertInvariants() {
        assert((claims == nil) == (heartbeats == nil), "\(phase): claims without heartbeats, or the other way round")
        switch phase {
        case .waitingOut: assert(claims?.found != nil, "waits for nobody")
        case .settingRecord: assert(claims?.record != nil, "there is no record to set")
        case .starting, .resisted: break
        case .running(let attempt):
            assert(attempts > 0 && askedAt != nil, "an attempt that was not asked for runs")
            assert(
                sequence > 0 && attempt.unacknowledged.map { $0.sequence <= sequence } ?? true,
                "acknowledges what was never said")
            assert(claims != nil || attempt.schedule == .never, "a deadline for nothing that could be lost")
        case .retrying: assert(attempts > 0 && attempts <= job.retries, "no attempt is left")
        case .releasing: assert(claims != nil, "there is nothing to release")
        case .finished: break
        }
        // Who has lost, or was told to end, is on the way out.
        assert(!isBeforeStart || ending.lost == nil && !ending.isFinal, "\(phase), though it is to end: \(ending)")
        assert(startedAt == nil || attempts > 0, "started without an attempt")
        assert(!isBeforeStart || attempts > 0 || askedAt == nil, "\(phase): a start that was refused counts")
        if claims != nil, !isReleasing, ending.lost == nil {
            assert(
                (heartbeatTicket != nil) == heartbeats?.isUnderWay,
                "\(phase): a heartbeat without a request, or the other way round")
        }
    }
}
