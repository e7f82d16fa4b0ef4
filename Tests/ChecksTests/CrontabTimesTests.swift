import Testing
import Text

@testable import Checks

/// When a line was due last, by cron's rules.
@Suite struct CrontabTimesTests {
    private func seconds(_ text: String) throws -> Int64 { try #require(TimeStamp(text)).milliseconds / 1000 }

    /// Berlin in 2026: 02:00 of 29 March does not come, 02:00 of 25 October comes twice.
    private static func berlin(_ seconds: Int64) -> Int64 {
        (1_774_746_000..<1_792_890_000).contains(seconds) ? 7200 : 3600
    }

    private func due(
        _ schedule: String, by limit: String, days: Int64 = 35, offset: (Int64) -> Int64 = { _ in 0 }
    ) throws -> String? {
        let words = schedule.split(separator: " ").map { Array($0.utf8) }
        let read =
            schedule.hasPrefix("@")
            ? try CrontabSchedule(nickname: String(schedule.dropFirst())) : try CrontabSchedule(fields: words)
        let (times, limit) = (try #require(read.times), try seconds(limit))
        return times.lastDue(from: limit - days * 86_400, by: limit, offset: offset)
            .map { TimeStamp(milliseconds: $0 * 1000).text }
    }

    /// 2026-11-29 is a Sunday.
    @Test(
        arguments: [
            ("* * * * *", "2026-11-29T14:47:00Z"), ("*/5 * * * *", "2026-11-29T14:45:00Z"),
            ("47 * * * *", "2026-11-29T14:47:00Z"),
            ("48 * * * *", "2026-11-29T13:48:00Z"), ("0 3 * * *", "2026-11-29T03:00:00Z"),
            ("0 15 * * *", "2026-11-28T15:00:00Z"),
            ("30 8-18/4 * * *", "2026-11-29T12:30:00Z"), ("15,45 2 * * *", "2026-11-29T02:45:00Z"),
            ("0 3 * * mon", "2026-11-23T03:00:00Z"), ("0 3 * * 7", "2026-11-29T03:00:00Z"),
            ("0 3 * * sun", "2026-11-29T03:00:00Z"),
            ("0 3 * * 1-5", "2026-11-27T03:00:00Z"), ("0 3 * * sat-sun", "2026-11-29T03:00:00Z"),
            ("0 3 28 * *", "2026-11-28T03:00:00Z"),
            ("0 3 31 * *", "2026-10-31T03:00:00Z"), ("0 3 30 oct-nov *", "2026-10-30T03:00:00Z"), ("0 3 29 2 *", nil),
            // Either day field is enough, unless one of them begins with a star.
            ("0 3 25 * fri", "2026-11-27T03:00:00Z"), ("0 3 25 * wed", "2026-11-25T03:00:00Z"),
            ("0 3 */2 * fri", "2026-11-27T03:00:00Z"),
            ("0 3 */2 * sat", "2026-11-21T03:00:00Z"), ("0 3 1 * */3", "2026-11-01T03:00:00Z"),
            ("@hourly", "2026-11-29T14:00:00Z"), ("@daily", "2026-11-29T00:00:00Z"),
            ("@midnight", "2026-11-29T00:00:00Z"),
            ("@weekly", "2026-11-29T00:00:00Z"), ("@monthly", "2026-11-01T00:00:00Z"), ("@yearly", nil),
            ("@every_minute", "2026-11-29T14:47:00Z"),
        ] as [(String, String?)])
    func isTheLastTimeThatMatches(schedule: String, text: String?) throws {
        #expect(try due(schedule, by: "2026-11-29T14:47:31Z") == text)
    }

    @Test func aMonthOfFiveWeeksAndALeapDay() throws {
        #expect(try due("0 3 29 2 *", by: "2028-03-10T00:00:00Z") == "2028-02-29T03:00:00Z")
        #expect(try due("0 0 1 1 *", by: "2026-01-20T00:00:00Z") == "2026-01-01T00:00:00Z")
        #expect(try due("0 3 1 * *", by: "2026-11-01T02:59:59Z") == "2026-10-01T03:00:00Z")
        #expect(try due("0 3 1 * *", by: "2026-11-01T02:59:59Z", days: 28) == nil)
    }

    @Test func theInstantItselfIsDue() throws {
        #expect(try due("0 3 * * *", by: "2026-11-29T03:00:00Z") == "2026-11-29T03:00:00Z")
        #expect(try due("0 3 * * *", by: "2026-11-29T02:59:59Z") == "2026-11-28T03:00:00Z")
    }

    @Test func theFaceIsThatOfTheZone() throws {
        #expect(try due("0 3 * * *", by: "2026-11-29T02:00:00Z", offset: Self.berlin) == "2026-11-29T02:00:00Z")
        #expect(try due("0 0 * * *", by: "2026-07-10T22:00:00Z", offset: Self.berlin) == "2026-07-10T22:00:00Z")
        // Over the date line, both ways: it is another day there.
        #expect(
            try due("0 9 * * mon", by: "2026-11-29T20:00:00Z", offset: { _ in 14 * 3600 }) == "2026-11-29T19:00:00Z")
        #expect(
            try due("0 20 * * sat", by: "2026-11-29T09:00:00Z", offset: { _ in -11 * 3600 }) == "2026-11-29T07:00:00Z")
    }

    /// Cron runs it as soon as the clock has jumped.
    @Test func whatTheClockPassesOverIsDueAtTheEndOfTheGap() throws {
        for schedule in ["0 2 * * *", "30 2 * * *", "59 2 29 3 *"] {
            #expect(try due(schedule, by: "2026-03-29T12:00:00Z", offset: Self.berlin) == "2026-03-29T01:00:00Z")
        }
        #expect(try due("30 2 * * *", by: "2026-03-29T00:59:59Z", offset: Self.berlin) == "2026-03-28T01:30:00Z")
        #expect(try due("0 3 * * *", by: "2026-03-29T12:00:00Z", offset: Self.berlin) == "2026-03-29T01:00:00Z")
    }

    /// A line with a star goes by real time: cron leaves out what did not come.
    @Test func aWildLineIsNotMadeUpFor() throws {
        #expect(try due("30 * * * *", by: "2026-03-29T01:20:00Z", offset: Self.berlin) == "2026-03-29T00:30:00Z")
        #expect(try due("*/30 2 * * *", by: "2026-03-29T12:00:00Z", offset: Self.berlin) == "2026-03-28T01:30:00Z")
    }

    @Test func whatComesTwiceIsDueOnce() throws {
        #expect(try due("30 2 * * *", by: "2026-10-25T12:00:00Z", offset: Self.berlin) == "2026-10-25T00:30:00Z")
        #expect(try due("30 2 * * *", by: "2026-10-25T00:29:59Z", offset: Self.berlin) == "2026-10-24T00:30:00Z")
        #expect(try due("0 3 * * *", by: "2026-10-25T01:59:59Z", offset: Self.berlin) == "2026-10-24T01:00:00Z")
        #expect(try due("0 3 * * *", by: "2026-10-25T02:00:00Z", offset: Self.berlin) == "2026-10-25T02:00:00Z")
    }

    /// At midnight, to eleven: for an hour the day is the one before again.
    @Test func aClockThatIsPutBackOverMidnight() throws {
        let back = try seconds("2026-11-01T04:00:00Z")
        func offset(_ seconds: Int64) -> Int64 { seconds < back ? -4 * 3600 : -5 * 3600 }
        #expect(try due("30 23 31 * *", by: "2026-11-01T04:45:00Z", offset: offset) == "2026-11-01T03:30:00Z")
        #expect(try due("0 0 1 * *", by: "2026-11-01T04:45:00Z", offset: offset) == "2026-10-01T04:00:00Z")
        #expect(try due("0 0 1 * *", by: "2026-11-01T05:00:00Z", offset: offset) == "2026-11-01T05:00:00Z")
    }

    @Test func aRebootHasNoTime() throws {
        #expect(try CrontabSchedule(nickname: "reboot").times == nil)
        #expect(
            try CrontabSchedule(fields: "0~30 * * * *".split(separator: " ").map { Array($0.utf8) }).times?.isRandom
                == true)
    }
}
