import Coordination
import Recipes
import Testing

/// The formula: what is proven, and the instants that follow from it.
@Suite struct LifetimeTests {
    let start = BootInstant(nanoseconds: 1_000_000_000_000)

    func seconds(_ instant: BootInstant) -> Double { Double(start.duration(to: instant).nanoseconds) / 1e9 }
    func duration(_ seconds: Double) -> Duration { .milliseconds(Int64((seconds * 1000).rounded())) }

    func alone(_ term: Int64) -> Lifetime { Lifetime(term: Term(seconds: term)) }

    func mixed(_ term: Int64, session: Double, tick: Double) -> Lifetime {
        Lifetime(
            term: Term(seconds: term), originals: .init(session: duration(session), relay: duration(tick)))
    }

    // MARK: The term

    @Test func theDefaultTermLeavesTheDocumentedTimes() {
        let lifetime = alone(30)
        let schedule = lifetime.schedule(lifetime.steadyProof(at: start), grace: .seconds(10))
        #expect(seconds(schedule.kill) == 27.7)
        #expect(seconds(schedule.terminate) == 17.7)
        #expect(lifetime.period == .seconds(3))
    }

    @Test(arguments: [3, 4, 6, 10, 30, 600, 86_400] as [Int64])
    func sigkillComesBeforeTheDeadline(term: Int64) {
        let (lifetime, proof) = (alone(term), alone(term).steadyProof(at: start))
        #expect(lifetime.deadline(proof) == Term(seconds: term).deadline(since: start))
        #expect(lifetime.schedule(proof, grace: .zero).kill < lifetime.deadline(proof))
    }

    @Test(arguments: [3, 4, 6, 30] as [Int64])
    func twoHeartbeatsMayBeMissing(term: Int64) {
        let lifetime = alone(term)
        let schedule = lifetime.schedule(lifetime.steadyProof(at: start), grace: .seconds(60))
        #expect(schedule.terminate >= min(start.advanced(by: lifetime.period * 3), schedule.kill))
        #expect(schedule.terminate <= schedule.kill)
    }

    // MARK: The budget for killing

    func budget(_ whole: Double, bySize: Double = 2) -> KillingBudget {
        KillingBudget(whole: duration(whole), bySize: duration(bySize), processes: 9)
    }

    @Test(
        arguments: [
            // A guardian that comes late: earlier, as far as there is room, which is until three periods.
            (2.5, 2.0, 27.2, 17.2), (10, 2, 19.7, 9.7), (20, 2, 9.7, 9), (25, 2, 9, 9), (3000, 2, 9, 9),
            // A large tree: earlier, whatever there is room for.
            (12, 12, 17.7, 9), (20.7, 20.7, 9, 9), (25, 25, 4.7, 4.7), (25, 12, 9, 9), (30, 25, 4.7, 4.7),
            // Less than the least is not believed.
            (0, 0, 27.7, 17.7), (-1, 1, 27.7, 17.7),
        ] as [(Double, Double, Double, Double)])
    func theBudgetBringsSigkillNearer(whole: Double, bySize: Double, kill: Double, terminate: Double) {
        let lifetime = alone(30)
        let schedule = lifetime.schedule(
            lifetime.steadyProof(at: start), grace: .seconds(10), budget: budget(whole, bySize: bySize))
        #expect(seconds(schedule.kill) == kill)
        #expect(seconds(schedule.terminate) == terminate)
    }

    @Test func aNewTreeIsSmallUnderTheSameGuardian() {
        #expect(budget(9, bySize: 5).ofNewTree.whole == .seconds(6))
        #expect(budget(9, bySize: 5).ofNewTree.bySize == .seconds(2))
        #expect(budget(5, bySize: 5).ofNewTree == .least)
    }

    // MARK: Beside originals

    /// One row: the configuration, and the instants after s once the heartbeats are steady.
    struct Row: Sendable, CustomTestStringConvertible {
        let term: Int64, session: Double, tick: Double, grace: Double
        let deadline: Double, terminate: Double, kill: Double
        var testDescription: String { "W \(term) T \(session) g \(tick) grace \(grace)" }

        init(_ values: (Int64, Double, Double, Double), _ deadline: Double, _ terminate: Double, _ kill: Double) {
            (term, session, tick, grace) = values
            (self.deadline, self.terminate, self.kill) = (deadline, terminate, kill)
        }
    }

    @Test(arguments: [
        // term, session, tick, grace; deadline, SIGTERM, SIGKILL. The defaults:
        Row((30, 30, 2, 10), 21.6, 9.6, 19.6),
        // A longer tick, and none of a server that is alone and quick.
        Row((30, 30, 4, 10), 19.6, 9, 17.6), Row((30, 30, 0.5, 10), 23.1, 11.1, 21.1),
        // The term is the nearer limit, and the farther one.
        Row((15, 30, 2, 5), 14.85, 7.85, 12.85), Row((120, 30, 2, 10), 21.6, 9.6, 19.6),
        Row((30, 60, 2, 10), 29.7, 17.7, 27.7),
        // Short sessions: three periods go before the grace.
        Row((120, 12, 2, 3), 7.38, 3.6, 5.38), Row((30, 9, 2, 1), 5.01, 2.7, 3.01),
        Row((30, 9, 2, 0), 5.01, 3.01, 3.01),
        // Heartbeats follow the shorter of term and session.
        Row((20, 21, 2, 10), 14.69, 6, 12.69),
    ])
    func theInstantsOfAMixedFleet(row: Row) {
        let lifetime = mixed(row.term, session: row.session, tick: row.tick)
        let proof = lifetime.steadyProof(at: start)
        let schedule = lifetime.schedule(proof, grace: duration(row.grace))
        #expect(seconds(lifetime.deadline(proof)) == row.deadline)
        #expect(seconds(schedule.terminate) == row.terminate)
        #expect(seconds(schedule.kill) == row.kill)
    }

    /// D = s' + (1 - ρ) T - g - h - ε, each part by itself.
    @Test(
        arguments: [
            (3, 3, false, 21.6), (4, 3, false, 20.6), (3, 4, false, 20.6), (0, 0, false, 27.6), (20, 20, false, -12.4),
            // Before two heartbeats have come back, the library's pings may be a third of the timeout apart.
            (3, 3, true, 14.6), (0, 0, true, 17.6), (0, 12, true, 15.6),
        ] as [(before: Double, jitter: Double, isYoung: Bool, deadline: Double)])
    func theDeadlineLeansOnTwoHeartbeats(before: Double, jitter: Double, isYoung: Bool, deadline: Double) {
        let lifetime = mixed(60, session: 30, tick: 2)
        let proof = Lifetime.Proof(
            newest: start, before: start.advanced(by: .zero - duration(before)), jitter: duration(jitter),
            isYoung: isYoung)
        #expect(seconds(lifetime.deadline(proof)) == deadline)
    }

    /// An original's lock is free once the leader has heard nothing for T. The newest touch of which the leader must know is
    /// that of a heartbeat, less what a relay and a gap between two heartbeats take.
    @Test(arguments: [6, 9, 12, 30, 60, 600] as [Double], [0.5, 1, 2, 3] as [Double])
    func theCommandIsDeadBeforeTheSessionCanExpire(session: Double, tick: Double) {
        for term in [3, 10, 30, 86_400] as [Int64] {
            let lifetime = mixed(term, session: session, tick: tick)
            let proof = lifetime.steadyProof(at: start)
            let lastTouch = -tick / 2 - Double(lifetime.period.nanoseconds) / 1e9
            // The holder's clock is 1 % slow, and the leader's 1 % fast.
            let expiry = lastTouch + session / 1.01
            #expect(seconds(lifetime.deadline(proof)) / 0.99 <= expiry)
        }
    }

    @Test func aShorterSessionMakesTheLifetimeShorter() {
        var lifetime = mixed(60, session: 30, tick: 2)
        let answers = [30, 20, 30].map { lifetime.shorten(session: .seconds($0)) }
        #expect(answers == [false, true, false], "a longer one is not believed")
        #expect(lifetime == mixed(60, session: 20, tick: 2))
        var ours = alone(60)
        let isShorter = ours.shorten(session: .seconds(1))
        #expect(!isShorter)
    }

    // MARK: Before a run

    @Test(
        arguments: [
            // Sessions that leave nothing beside originals, by a hair.
            (30, 8.367, 2, 10, "impossible 8.367"), (30, 8, 2, 0, "impossible 8.367"),
            (30, 12.448, 4, 0, "impossible 12.448"),
            (30, 6, 1, 0, "impossible 6.326"), (30, 30, 12.601, 0, "impossible 30.002"),
            // What the one spelling called enough, and a run did not have.
            (120, 12, 2, 3, "tight 1.780 session_timeout"), (30, 9, 2, 1, "tight 0.310 session_timeout"),
            (30, 20, 2, 6, "tight 5.700 session_timeout"),
            // The term is the nearer limit.
            (12, 60, 2, 10, "tight 6.280 ownership_term"), (3, 30, 2, 1, "tight 0.070 ownership_term"),
            (30, 30, 2, 10, "fits"), (30, 8.368, 2, 0, "fits"), (30, 9, 2, 0, "fits"), (30, 60, 2, 10, "fits"),
        ] as [(Int64, Double, Double, Double, String)])
    func whatAConfigurationLeaves(term: Int64, session: Double, tick: Double, grace: Double, answer: String) {
        #expect(text(mixed(term, session: session, tick: tick).fit(grace: duration(grace))) == answer)
    }

    @Test(
        arguments: [
            (30, 10, "fits"), (30, 60, "tight 18.700 ownership_term"), (12, 10, "tight 6.280 ownership_term"),
            (12, 6, "fits"),
            (3, 1, "tight 0.070 ownership_term"), (3, 0, "fits"),
        ] as [(Int64, Double, String)])
    func whatATermLeaves(term: Int64, grace: Double, answer: String) {
        #expect(text(alone(term).fit(grace: duration(grace))) == answer)
    }

    func text(_ fit: Lifetime.Fit) -> String {
        func thousandths(_ duration: Duration) -> String {
            let milliseconds = duration.nanoseconds / 1_000_000
            return "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
        }
        return switch fit {
        case .fits: "fits"
        case .tight(let grace): "tight \(thousandths(grace.left)) \(grace.key)"
        case .impossible(let least): "impossible \(thousandths(least))"
        }
    }

    /// The least session is the formula's own: there SIGKILL is due as the answer comes, where that takes a period.
    @Test(arguments: [0.5, 1, 2, 4, 17.5] as [Double])
    func theLeastSessionIsWhereTheNextAnswerComesWithTheKill(tick: Double) {
        let least = Lifetime.Originals.leastSession(relay: duration(tick))
        for (session, comesInTime) in [(least + .milliseconds(1), true), (least - .milliseconds(1), false)] {
            let lifetime = Lifetime(
                term: Term(seconds: 86_400), originals: .init(session: session, relay: duration(tick)))
            let proof = Lifetime.Proof(
                newest: start, before: start.advanced(by: .zero - lifetime.period), jitter: lifetime.period * 2)
            let nextAnswer = start.advanced(by: lifetime.period * 2)
            #expect((lifetime.schedule(proof, grace: .zero).kill >= nextAnswer) == comesInTime)
        }
    }

    @Test func theWarningSaysWhatIsLeftAndWhatHelps() {
        guard case .tight(let grace) = mixed(120, session: 12, tick: 2).fit(grace: .seconds(3)) else {
            return #expect(Bool(false))
        }
        #expect(
            grace.text
                == "if ownership is lost, 1.7 s is left between SIGTERM and SIGKILL, less than termination_timeout (3 s); "
                + "make session_timeout longer or termination_timeout shorter")
    }
}
