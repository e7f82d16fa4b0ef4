package import Coordination
package import Recipes

/// When the next heartbeat is due, which are proof, and how long the command may live on what is proven.
package struct Heartbeats: Sendable {
    private let term: Term
    private let mixed: MixedFleet?
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
    private var sessionTimeout: Duration

    /// What a mixed fleet adds: originals take a lock the moment a session expires, marks or not.
    package struct MixedFleet: Sendable {
        /// Half a server tick.
        package let relay: Duration
        package init(relay: Duration) { self.relay = relay }
    }

    package init(claims: Claims, term: Term, mixed: MixedFleet?) {
        self.term = term
        self.mixed = mixed
        proven = claims.submitted
        provenBefore = claims.submittedBefore
        sessionTimeout = claims.session.timeout
        nextAt = .never
        lastTrip = claims.submitted.duration(to: claims.acknowledged)
        longestTrip = lastTrip
        nextAt = claims.submitted.advanced(by: period)
    }

    /// A tenth of what the command may live without one.
    package var period: Duration { Self.period(term, mixed == nil ? nil : sessionTimeout) }

    /// What the session leaves of a term beside originals, which take a lock as soon as its session is gone.
    package static func longestInMixedFleet(session: Duration, relay: Duration) -> Duration {
        session * 99 / 100 - relay - session / 10
    }

    /// - Parameter sessionTimeout: in a mixed fleet.
    package static func period(_ term: Term, _ sessionTimeout: Duration?) -> Duration {
        sessionTimeout.map { min(term.period, $0 / 10) } ?? term.period
    }

    /// True if that leaves less time than was said before.
    package mutating func shorten(to timeout: Duration) -> Bool {
        guard timeout < sessionTimeout else { return false }
        sessionTimeout = timeout
        return mixed != nil
    }

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
        underWay = nil
        patience.answered()
        acknowledgements += 1
        lastTrip = submitted.duration(to: now)
        longestTrip = max(longestTrip, lastTrip)
        provenBefore = proven
        proven = submitted
        nextAt = submitted.advanced(by: period)
    }

    /// No proof: again at the next period, or as soon as there is a connection.
    package mutating func unanswered() {
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
        term.schedule(since: proven, grace: grace, noLaterThan: mixedDeadline, period: period, budget: budget)
    }

    /// The most that killing the tree may take: what is left of the deadline after the periods in which heartbeats may fail
    /// without harm, or, in a mixed fleet, after the next answer.
    package var roomForKilling: Duration {
        let patience = mixed == nil ? proven.advanced(by: period * 3) : nextAnswer
        return patience.duration(to: deadline)
    }

    /// Enough is proven to start something. In a mixed fleet the next heartbeat's answer has to come before the end as well: the
    /// deadline there leans on two heartbeats, and can lie closer than one period.
    package func suffice(at now: BootInstant, grace: Duration, budget: KillingBudget = .least) -> Bool {
        let schedule = schedule(grace: grace, budget: budget)
        return now < schedule.terminate && (mixed == nil || schedule.terminate > nextAnswer)
    }

    /// One is under way at a time.
    private var step: Duration { max(period, lastTrip) }
    private var nextAnswer: BootInstant { proven.advanced(by: step + lastTrip) }

    /// In a mixed fleet nothing can be started any more in this session: its heartbeats once came so far apart that their
    /// jitter alone is longer than what the session's timeout leaves.
    package func areHopeless(grace: Duration, budget: KillingBudget = .least) -> Bool {
        guard let mixed else { return false }
        // If the one before had been submitted a step earlier; or a little more, since no timer is exact.
        let before = proven.advanced(by: .zero - step * 9 / 8)
        let limit = before.advanced(by: leeway(mixed, jitter: longestGap + longestTrip))
        let best = term.schedule(since: proven, grace: grace, noLaterThan: limit, period: period, budget: budget)
        return best.terminate <= nextAnswer
    }

    /// The holder's promise in this moment.
    package var deadline: BootInstant { min(term.deadline(since: proven), mixedDeadline) }

    /// D = s' + (1 - rho) T - g - h - epsilon: the earliest instant at which the servers can have expired the session.
    /// Leans on the servers' clocks, as the term never does; documented as weaker.
    private var mixedDeadline: BootInstant {
        guard let mixed else { return .never }
        let seen = longestGap + longestTrip
        let jitter = acknowledgements < 2 ? max(sessionTimeout / 3, seen) : seen
        return provenBefore.advanced(by: leeway(mixed, jitter: jitter))
    }

    private func leeway(_ mixed: MixedFleet, jitter: Duration) -> Duration {
        sessionTimeout * 99 / 100 - mixed.relay - jitter - .milliseconds(100)
    }
}
