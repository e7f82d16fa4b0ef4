package import Coordination
package import Recipes

/// When the next heartbeat is due, which are proof, and how long the command may live on what is proven.
package struct Heartbeats: Sendable {
    private var lifetime: Lifetime
    /// Just before the newest acknowledged heartbeat was submitted; the take is the first.
    private(set) var proven: BootInstant
    /// The one before: its acknowledgement arrived before the newest was submitted, since one is under way at a time.
    private var provenBefore: BootInstant
    private var underWay: BootInstant?
    private var nextAt: BootInstant
    private var patience = Patience()
    private var longestGap: Duration = .zero
    private var longestTrip: Duration
    private var lastTrip: Duration
    private var acknowledgements = 0
    /// Why the newest that was answered is no proof.
    private(set) var refusal: Failure?

    package init(claims: Claims, lifetime: Lifetime) {
        self.lifetime = lifetime
        proven = claims.submitted
        provenBefore = claims.submittedBefore
        nextAt = .never
        lastTrip = claims.submitted.duration(to: claims.acknowledged)
        longestTrip = lastTrip
        nextAt = claims.submitted.advanced(by: period)
    }

    /// A tenth of what the command may live without one.
    package var period: Duration { lifetime.period }

    /// True if that leaves less time than was said before.
    package mutating func shorten(to timeout: Duration) -> Bool { lifetime.shorten(session: timeout) }

    var isUnderWay: Bool { underWay != nil }

    package func isDue(at now: BootInstant) -> Bool { underWay == nil && now >= nextAt }

    package mutating func submitted(at now: BootInstant) {
        longestGap = max(longestGap, proven.duration(to: now))
        underWay = now
        patience.begin(at: now, first: firstPatience, period: period)
    }

    /// With a server that has not been asked in vain.
    package var firstPatience: Duration { max(period, longestTrip * 3) }

    package mutating func acknowledged(at now: BootInstant) {
        guard let submitted = underWay else { return }
        (underWay, refusal) = (nil, nil)
        patience.answered()
        acknowledgements += 1
        lastTrip = submitted.duration(to: now)
        longestTrip = max(longestTrip, lastTrip)
        provenBefore = proven
        proven = submitted
        nextAt = submitted.advanced(by: period)
    }

    /// No proof: again at the next period, or as soon as there is a connection.
    package mutating func unanswered(_ failure: Failure?) {
        if let failure { refusal = failure }
        guard let submitted = underWay else { return }
        underWay = nil
        nextAt = submitted.advanced(by: period)
    }

    package mutating func connected(at now: BootInstant) {
        if underWay == nil { nextAt = min(nextAt, now) }
    }

    /// A period without an answer: another server may have one.
    package mutating func shouldTryAnotherServer(at now: BootInstant) -> Bool {
        underWay != nil && patience.isOver(at: now)
    }

    package func wake() -> BootInstant { underWay == nil ? nextAt : patience.endsAt }

    /// When the guardian has to act unless another heartbeat is acknowledged.
    package func schedule(grace: Duration, budget: KillingBudget = .least) -> Schedule {
        lifetime.schedule(proof, grace: grace, budget: budget)
    }

    /// The most that killing the tree may take: what is left of the deadline after the periods in which heartbeats may fail
    /// without harm, or, in a mixed fleet, after the next answer.
    package var roomForKilling: Duration {
        let patience = isBesideOriginals ? nextAnswer : proven.advanced(by: period * 3)
        return patience.duration(to: deadline)
    }

    /// Enough is proven to start something. In a mixed fleet the next heartbeat's answer has to come before the end as well: the
    /// deadline there leans on two heartbeats, and can lie closer than one period.
    package func suffice(at now: BootInstant, grace: Duration, budget: KillingBudget = .least) -> Bool {
        let schedule = schedule(grace: grace, budget: budget)
        return now < schedule.terminate && (!isBesideOriginals || schedule.terminate > nextAnswer)
    }

    /// One is under way at a time.
    private var step: Duration { max(period, lastTrip) }
    private var nextAnswer: BootInstant { proven.advanced(by: step + lastTrip) }

    /// In a mixed fleet nothing can be started any more in this session: its heartbeats once came so far apart that their
    /// jitter alone is longer than what the session's timeout leaves.
    package func areHopeless(grace: Duration, budget: KillingBudget = .least) -> Bool {
        guard isBesideOriginals else { return false }
        // If the one before had been submitted a step earlier; or a little more, since no timer is exact.
        let before = proven.advanced(by: .zero - step * 9 / 8)
        let best = Lifetime.Proof(newest: proven, before: before, jitter: jitter)
        return lifetime.schedule(best, grace: grace, budget: budget).terminate <= nextAnswer
    }

    /// The holder's promise in this moment.
    package var deadline: BootInstant { lifetime.deadline(proof) }

    private var proof: Lifetime.Proof {
        Lifetime.Proof(newest: proven, before: provenBefore, jitter: jitter, isYoung: acknowledgements < 2)
    }

    private var jitter: Duration { longestGap + longestTrip }

    private var isBesideOriginals: Bool { lifetime.originals != nil }
}
