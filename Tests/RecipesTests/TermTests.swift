import Coordination
import Recipes
import Testing

@Suite struct TermTests {
    let start = BootInstant(nanoseconds: 1_000_000_000_000)

    func seconds(_ instant: BootInstant) -> Double { Double(start.duration(to: instant).nanoseconds) / 1e9 }

    @Test func theDefaultTermLeavesTheDocumentedTimes() {
        let schedule = Term(seconds: 30).schedule(since: start, grace: .seconds(10))
        #expect(seconds(schedule.kill) == 27.7)
        #expect(seconds(schedule.terminate) == 17.7)
        #expect(Term(seconds: 30).period == .seconds(3))
    }

    @Test(arguments: [3, 4, 6, 10, 30, 600, 86_400] as [Int64])
    func theHolderIsDeadBeforeASuccessorStarts(seconds: Int64) {
        let term = Term(seconds: seconds)
        // The successor's wait begins after the holder's newest acknowledged heartbeat was submitted.
        let successorStarts = start.advanced(by: term.waitOut)
        #expect(term.schedule(since: start, grace: .zero).kill < term.deadline(since: start))
        // Also with the successor's clock 1 % fast and the holder's 1 % slow.
        let fast = Double(start.duration(to: successorStarts).nanoseconds) / 1.01
        let slow = Double(start.duration(to: term.deadline(since: start)).nanoseconds) / 0.99
        #expect(slow <= fast + 1)
    }

    @Test(arguments: [3, 4, 6, 30] as [Int64])
    func twoHeartbeatsMayBeMissing(seconds: Int64) {
        let term = Term(seconds: seconds)
        let schedule = term.schedule(since: start, grace: .seconds(60))
        #expect(schedule.terminate >= min(start.advanced(by: term.period * 3), schedule.kill))
        #expect(schedule.terminate <= schedule.kill)
    }

    func budget(_ whole: Double, bySize: Double = 2) -> KillingBudget {
        func milliseconds(_ seconds: Double) -> Duration { .milliseconds(Int64((seconds * 1000).rounded())) }
        return KillingBudget(whole: milliseconds(whole), bySize: milliseconds(bySize), processes: 9)
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
        let schedule = Term(seconds: 30).schedule(
            since: start, grace: .seconds(10), budget: budget(whole, bySize: bySize))
        #expect(seconds(schedule.kill) == kill)
        #expect(seconds(schedule.terminate) == terminate)
    }

    @Test func aNewTreeIsSmallUnderTheSameGuardian() {
        #expect(budget(9, bySize: 5).ofNewTree.whole == .seconds(6))
        #expect(budget(9, bySize: 5).ofNewTree.bySize == .seconds(2))
        #expect(budget(5, bySize: 5).ofNewTree == .least)
    }

    @Test func instantsSaturate() {
        #expect(BootInstant.never.advanced(by: .seconds(1)) == .never)
        #expect(start.advanced(by: .seconds(Int64.max)) == .never)
    }
}
