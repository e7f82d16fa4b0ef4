import Testing

@testable import Recipes

@Suite struct TickTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00+00:00", 0), ("1970-01-01T01:00:00+01:00", 0),
        ("2026-11-29T03:00:00+01:00", 1_795_917_600),
        ("2024-02-29T00:00:00-03:30", 1_709_177_400), ("9999-12-31T23:59:59+14:00", 253_402_250_399),
    ])
    func isReadAsTheInstantThatItIs(text: String, seconds: Int64) {
        #expect(Tick(text)?.seconds == seconds)
        #expect(Tick(text)?.text == text)
    }

    @Test(arguments: [
        "", "2026-11-29", "2026-11-29T03:00:00Z", "2026-11-29T03:00:00+0100", "2026-13-29T03:00:00+01:00",
        "2026-11-29 03:00:00+01:00",
        "2026-11-29T03:00:00+01:00 ", "2026-11-29T3:000:00+01:00", "٢026-11-29T03:00:00+01",
        "1969-12-31T00:00:00+00:00",
    ])
    func whatIsNoneIsNone(text: String) { #expect(Tick(text) == nil) }

    @Test func coversItselfAndWhatIsEarlier() throws {
        let (early, late) = (
            try #require(Tick("2026-11-29T03:00:00+01:00")), try #require(Tick("2026-11-29T03:00:00+00:00"))
        )
        for period in [Period.hour, .minutes(15), .hours(6)] {
            #expect(late.covers(early, of: period) && late.covers(late, of: period) && !early.covers(late, of: period))
        }
    }

    /// Hosts of different zones have one day, at whichever instants it begins.
    @Test func fromADayOnDatesAreCompared() throws {
        let (east, west) = (
            try #require(Tick("2026-11-29T00:00:00+13:00")), try #require(Tick("2026-11-29T00:00:00-11:00"))
        )
        let next = try #require(Tick("2026-11-30T00:00:00+14:00"))
        for period in [Period.day, .week, .month] {
            #expect(east.covers(west, of: period) && west.covers(east, of: period))
            #expect(next.covers(west, of: period) && !west.covers(next, of: period))
        }
    }

    @Test(arguments: [
        ("hour", Period.hour), ("day", .day), ("week", .week), ("month", .month), ("1m", .minutes(1)),
        ("30m", .minutes(30)),
        ("2h", .hours(2)), ("12h", .hours(12)),
    ])
    func aPeriodIsReadAndWritten(text: String, period: Period) {
        #expect(Period(text) == period && period.text == text)
    }

    /// A record has the word, so that a line that says `24h` and one that says `day` share their ticks, and older versions know it.
    @Test(arguments: [
        ("1h", "hour"), ("60m", "hour"), ("3600s", "hour"), ("24h", "day"), ("1d", "day"), ("1440m", "day"),
        ("7d", "week"),
        ("168h", "week"), ("120m", "2h"), ("720m", "12h"), ("900s", "15m"), ("01h", "hour"),
    ])
    func aPeriodIsTheSameHoweverItIsWritten(text: String, word: String) {
        #expect(Period(text) == Period(word) && Period(text)?.text == word)
    }

    @Test(arguments: [
        "", "m", "0m", "7m", "90m", "5h", "48h", "2d", "14d", "30d", "-5m", "5 m", "5M", "days", "60", "3600", "90s",
        "forever",
        "99999999999999999999m", "9223372036854775807d",
    ])
    func whatDoesNotDivideIsNoPeriod(text: String) { #expect(Period(text) == nil) }

    // MARK: Of a record

    private func ticks(current: String?, started: String? = nil, done: String? = nil) -> Ticks {
        var ticks = Ticks()
        (ticks.period, ticks.current) = (.hour, current.flatMap(Tick.init))
        (ticks.started, ticks.done) = (started.flatMap(Tick.init), done.flatMap(Tick.init))
        return ticks
    }

    private let three = "2026-11-29T03:00:00+00:00"
    private let four = "2026-11-29T04:00:00+00:00"

    @Test func aRunThatIsOverIsRememberedAsStartedAndIfSoAsDone() {
        var over = ticks(current: four, started: three, done: three)
        over.conclude(hasStarted: true, isDone: false)
        #expect(over == ticks(current: nil, started: four, done: three))
        var done = ticks(current: four)
        done.conclude(hasStarted: true, isDone: true)
        #expect(done == ticks(current: nil, started: four, done: four))
    }

    @Test func whatHasStartedNothingUsesNoTickUp() {
        var nothing = ticks(current: four, started: three)
        nothing.conclude(hasStarted: false, isDone: false)
        #expect(nothing == ticks(current: nil, started: three))
    }

    /// A host that was late to retry an old tick.
    @Test func aNewerTickStays() {
        var late = ticks(current: three, started: four, done: four)
        late.conclude(hasStarted: true, isDone: true)
        #expect(late == ticks(current: nil, started: four, done: four))
    }

    @Test func aTickFurtherAheadThanHalfAPeriodIsNotBelieved() throws {
        let four = try #require(Tick(four))
        let known = ticks(current: four.text, started: four.text, done: four.text)
        #expect(known.believed(at: (four.seconds - 1800) * 1000, beside: .hour) == known)
        #expect(known.believed(at: (four.seconds - 1802) * 1000, beside: .hour) == ticks(current: nil))
        #expect(known.believed(at: (four.seconds - 1802) * 1000, beside: .day) == known)
    }

    @Test func aRecordKeepsThem() throws {
        var record = JobRecord.sample(runs: [PastRun(host: "h", started: 1, outcome: "ran", code: 0, tick: three)])
        record.ticks = ticks(current: four, started: three, done: three)
        #expect(JobRecord(bytes: record.encoded()) == record)
        record.ticks = Ticks()
        record.runs = []
        record.lastSuccess = nil
        #expect(!String(decoding: record.encoded(), as: UTF8.self).contains("tick"))
    }

    @Test func whatIsNoTickInARecordIsNone() throws {
        let text = """
            {"state":"ended","session":"1","n":1,"term":3,"tick":"soon","ticked":7,"done":null,"period":"fortnight",
            "runs":[{"host":"h","outcome":"ran","tick":"\\u001b[31m"}]}
            """
        let record = try #require(JobRecord(bytes: Array(text.utf8)))
        #expect(record.ticks == Ticks())
        #expect(record.runs.map(\.tick) == [nil])
    }
}
