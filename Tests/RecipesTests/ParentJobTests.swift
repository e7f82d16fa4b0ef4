import Testing

@testable import Recipes

@Suite struct ParentJobTests {
    private static let written: Int64 = 1_795_963_620_000

    private func parent(_ change: (inout JobRecord) -> Void = { _ in }) -> ParentJob {
        var record = JobRecord.sample()
        change(&record)
        return ParentJob(name: "extract", record: record, writtenMilliseconds: Self.written)
    }

    private func run(_ code: Int32, token: Int64 = 7, tick: String? = nil) -> PastRun {
        PastRun(
            host: "web2", started: Self.written - 2000, heldMilliseconds: 1000, outcome: "ran", code: code,
            token: token,
            tick: tick)
    }

    private func why(_ standing: ParentJob.Standing) -> String {
        switch standing {
        case .ready: "ready"
        case .notYet(let why): why
        case .never(let why): "never: \(why)"
        }
    }

    // MARK: By generation

    @Test func aSuccessThatWasNotConsumedMakesReady() {
        let parent = parent { $0.lastSuccess = PastSuccess(run(0)) }
        #expect(parent.standing(consumed: []) == .ready(7))
        #expect(parent.standing(consumed: [Generation(job: "extract", token: 6)]) == .ready(7))
        #expect(parent.standing(consumed: [Generation(job: "other", token: 7)]) == .ready(7))
        let again = why(parent.standing(consumed: [Generation(job: "extract", token: 7)]))
        #expect(again.hasPrefix("extract has not succeeded again since its last success at 2026-11-29T"))
    }

    @Test func itSaysWhyItIsNotReady() {
        let none = ParentJob(name: "extract", record: nil, writtenMilliseconds: nil)
        #expect(why(none.standing(consumed: [])).hasPrefix("there is no record of extract"))
        let odd = ParentJob(name: "extract", record: nil, writtenMilliseconds: 1)
        #expect(why(odd.standing(consumed: [])) == "the record of extract is none")
        let failed = parent { $0.runs = [run(3)] }
        #expect(
            why(failed.standing(consumed: []))
                == "extract has not succeeded yet; its last run failed on web2 at 2026-11-29T14:46:59Z (ran, code 3)")
        let running = parent { $0.state = .running }
        #expect(
            why(running.standing(consumed: [])).hasSuffix("; it has been running on other since 2026-11-29T14:47:00Z"))
    }

    // MARK: By tick

    private static let hour = "2026-11-29T14:00:00+00:00"

    private func standing(_ ticks: [String?], _ period: Period = .hour, of own: Period = .hour, at tick: String = hour)
        throws -> ParentJob.Standing
    {
        let parent = parent {
            $0.ticks.period = period
            $0.runs = ticks.map { run(0, tick: $0) }
            $0.lastSuccess = PastSuccess($0.runs[0])
        }
        return parent.standing(tick: try #require(Tick(tick)), period: own)
    }

    @Test func aSuccessOfTheSameTickMakesReady() throws {
        #expect(try standing([Self.hour]) == .ready(nil))
        #expect(try standing(["2026-11-29T13:00:00+00:00", Self.hour]) == .ready(nil))
        #expect(try standing(["2026-11-29T15:00:00+01:00"]) == .ready(nil), "the same instant in another zone")
        #expect(
            why(try standing(["2026-11-29T13:00:00+00:00"])).hasPrefix("extract has not succeeded for \(Self.hour) yet")
        )
        #expect(why(try standing([nil])).hasPrefix("the successes of extract have no tick"))
        #expect(
            why(try standing(["2026-11-29T15:00:00+00:00"])).hasPrefix("never: extract has succeeded for 2026-11-29T15")
        )
        #expect(try standing(["2026-11-29T15:00:00+00:00", Self.hour]) == .ready(nil))
    }

    /// Zones that are no whole period apart: their clocks show the same, at another instant.
    @Test func theSameFaceIsNotTheSameTick() throws {
        #expect(try standing(["2026-11-29T14:00:00+00:16"]) != .ready(nil))
    }

    @Test func whatNoClockCanHaveWrittenIsNotBelieved() throws {
        #expect(why(try standing(["2999-01-01T00:00:00+00:00"])).hasPrefix("the successes of extract have no tick"))
    }

    @Test func ofTwoPeriodsTheLongerOneCounts() throws {
        #expect(try standing([Self.hour], .minutes(15)) == .ready(nil))
        #expect(try standing(["2026-11-29T13:45:00+00:00"], .minutes(15)) != .ready(nil))
        #expect(try standing(["2026-11-29T00:00:00+00:00"], .day) == .ready(nil), "each hour of the day")
        #expect(try standing(["2026-11-28T00:00:00+00:00"], .day) != .ready(nil))
        #expect(try standing(["2026-11-23T05:00:00+00:00"], of: .week, at: "2026-11-23T00:00:00+00:00") == .ready(nil))
        #expect(try standing(["2026-11-29T05:00:00+00:00"], of: .week, at: "2026-11-23T00:00:00+00:00") == .ready(nil))
        #expect(try standing(["2026-11-22T23:00:00+00:00"], of: .week, at: "2026-11-23T00:00:00+00:00") != .ready(nil))
        #expect(try standing(["2026-11-29T05:00:00+00:00"], of: .month, at: "2026-11-01T00:00:00+00:00") == .ready(nil))
        #expect(try standing(["2026-10-31T05:00:00+00:00"], of: .month, at: "2026-11-01T00:00:00+00:00") != .ready(nil))
    }

    /// The clock goes from two to three: the six hours begin an hour earlier than its face has it.
    @Test func aClockThatIsPutForwardMakesNoOtherPeriod() throws {
        let six = Period.hours(6)
        #expect(
            try standing(["2026-03-29T05:00:00+02:00"], of: six, at: "2026-03-29T00:00:00+01:00") == .ready(nil))
        #expect(
            try standing(["2026-03-29T06:00:00+02:00"], of: six, at: "2026-03-29T00:00:00+01:00") != .ready(nil))
        #expect(
            try standing(["2026-03-28T23:00:00+01:00"], of: six, at: "2026-03-29T00:00:00+01:00") != .ready(nil))
    }

    /// The hour that comes twice is two hours.
    @Test func anHourThatComesTwiceIsTwo() throws {
        #expect(
            try standing(["2026-10-25T02:30:00+02:00"], .minutes(30), at: "2026-10-25T02:00:00+01:00") != .ready(nil))
    }
}
