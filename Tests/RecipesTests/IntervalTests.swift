import Coordination
import Testing

@testable import Recipes

@Suite struct IntervalTests {
    @Test(
        arguments: [
            (1000, 1000, true), (1000, 60_999, true), (1000, 61_000, false), (1000, 61_001, false),
            // A new leader's clock may lie behind the old one's.
            (61_000, 1001, true), (61_000, 1000, false),
            (Int64.min, Int64.max, false), (Int64.max, Int64.min, false), (0, Int64.min, false), (-1, Int64.max, false),
        ] as [(Int64, Int64, Bool)])
    func aMinuteCoversLessThanAMinuteInEitherDirection(start: Int64, now: Int64, isCovered: Bool) {
        #expect(Interval(.seconds(60)).covers(start, nowMilliseconds: now) == isCovered)
    }

    private static func record(_ runs: [PastRun]) -> JobRecord {
        JobRecord(session: "5", n: 1, term: 30, host: "h", pid: 1, runs: runs)
    }

    private static func run(_ started: Int64?, _ outcome: String, _ code: Int32? = nil) -> PastRun {
        PastRun(host: "h", started: started, outcome: outcome, code: code)
    }

    @Test(
        arguments: [
            ([], nil, nil),
            ([run(1, "ran", 0)], 1, 1),
            ([run(1, "ran", 0), run(2, "ran", 0)], 2, 2),
            ([run(1, "ran", 3)], 1, nil),
            ([run(1, "ran", 0), run(2, "ran", 3)], 2, nil),
            ([run(1, "ran", 3), run(2, "ran", 0)], 2, 2),
            ([run(1, "lost")], 1, nil), ([run(1, "timeout")], 1, nil), ([run(1, "signaled", 137)], 1, nil),
            ([run(1, "released")], 1, nil), ([run(1, "group-exit")], 1, nil),
            // Never started: what was before it counts.
            ([run(1, "ran", 0), run(nil, "not-found")], 1, 1),
            ([run(nil, "not-executable")], nil, nil),
            // A first attempt ran, the second found the program gone.
            ([run(1, "not-found")], 1, nil),
        ] as [([PastRun], Int64?, Int64?)])
    func theLastStartIsTheLastRunThatWasStarted(runs: [PastRun], last: Int64?, lastUnlessFailed: Int64?) {
        #expect(Self.record(runs).lastStart(unlessFailed: false) == last)
        #expect(Self.record(runs).lastStart(unlessFailed: true) == lastUnlessFailed)
    }

    /// Seed 4005750: after a lost reply a start was dated 15 s ahead, so that the next one, 3 s later, was not within 10 s of it.
    @Test func aStartIsDatedNoLaterThanItWasWrittenDown() {
        let starts: [Int64?] = [1000, 33_000, nil, 48_000, 48_001, .max, .min]
        let found = FoundRecord(
            record: Self.record(starts.map { Self.run($0, "ran", 0) }), version: 3, writtenMilliseconds: 18_000)
        // By a term of 30 s at the most; what lies further ahead is not a matter of replies.
        #expect(found.runs.map(\.started) == [1000, 18_000, nil, 18_000, 48_001, .max, .min])
    }

    @Test func aLostRunStartedAfterItHadWrittenThatItWould() {
        var record = Self.record([])
        record.started = 17_000
        #expect(FoundRecord(record: record, version: 3, writtenMilliseconds: 18_000).lostRun.started == 18_000)
    }
}
