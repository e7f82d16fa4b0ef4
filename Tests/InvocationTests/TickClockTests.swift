import Glibc
import Testing

@testable import Invocation
@testable import Recipes

/// The tick of an instant, by zone. C's zone is a global: one at a time.
@Suite(.serialized) struct TickClockTests {
    private func tick(_ seconds: Int, _ period: Period, _ zone: String) -> String? {
        unsafe setenv("CRON_TZ", zone, 1)
        defer { unsafe unsetenv("CRON_TZ") }
        return TickClock(seconds: seconds).oncePer(period)?.tick.text
    }

    /// 2026-11-29 (a Sunday) 14:47:31 UTC.
    private static let now = 1_795_963_651

    @Test(arguments: [
        (Period.minutes(1), "2026-11-29T15:47:00+01:00"), (.minutes(15), "2026-11-29T15:45:00+01:00"),
        (.hour, "2026-11-29T15:00:00+01:00"), (.hours(6), "2026-11-29T12:00:00+01:00"),
        (.day, "2026-11-29T00:00:00+01:00"),
        (.week, "2026-11-23T00:00:00+01:00"), (.month, "2026-11-01T00:00:00+01:00"),
    ])
    func isTheStartOfThePeriodByTheFaceOfTheClock(period: Period, text: String) {
        #expect(tick(Self.now, period, "Europe/Berlin") == text)
    }

    @Test func aZoneOfHalfAnHourHasItsOwnHours() {
        #expect(tick(Self.now, .hour, "Asia/Kolkata") == "2026-11-29T20:00:00+05:30")
        #expect(tick(Self.now, .minutes(30), "Asia/Kathmandu") == "2026-11-29T20:30:00+05:45")
    }

    /// Berlin, 2026-10-25: 02:00 comes twice, at 00:00 and 01:00 UTC.
    @Test func theHourThatComesTwiceIsTwoTicks() {
        let first = 1_792_886_400  // 00:00 UTC
        #expect(tick(first + 60, .hour, "Europe/Berlin") == "2026-10-25T02:00:00+02:00")
        #expect(tick(first + 3660, .hour, "Europe/Berlin") == "2026-10-25T02:00:00+01:00")
        #expect(tick(first + 3660, .hours(2), "Europe/Berlin") == "2026-10-25T02:00:00+02:00")
        #expect(tick(first + 3660, .day, "Europe/Berlin") == "2026-10-25T00:00:00+02:00")
    }

    /// Berlin, 2026-03-29: from 02:00 to 03:00 at 01:00 UTC.
    @Test func aPeriodThatBeginsInAGapBeginsBehindIt() {
        #expect(tick(1_774_746_000 + 60, .hours(2), "Europe/Berlin") == "2026-03-29T03:00:00+02:00")
    }

    /// Beirut puts its clock forward at midnight: 2026-03-29 begins at 01:00.
    @Test func aDayWithoutMidnightBeginsAtItsFirstInstant() {
        #expect(tick(1_774_778_400, .day, "Asia/Beirut") == "2026-03-29T01:00:00+03:00")
    }

    @Test func aWeekAndAMonthBeginInThePastYear() {
        let newYear = 1_798_761_600  // 2027-01-01, a Friday
        #expect(tick(newYear, .week, "UTC") == "2026-12-28T00:00:00+00:00")
        #expect(tick(newYear - 1, .month, "UTC") == "2026-12-01T00:00:00+00:00")
    }

    @Test func thisProcessKeepsItsZone() {
        unsafe setenv("TZ", "Asia/Tokyo", 1)
        defer {
            unsafe unsetenv("TZ")
            tzset()
        }
        _ = tick(Self.now, .hour, "Europe/Berlin")
        #expect(unsafe String(cString: getenv("TZ")) == "Asia/Tokyo")
        #expect(TickClock(seconds: Self.now).oncePer(.day)?.tick.text == "2026-11-29T00:00:00+09:00")
    }

    @Test func aYearThatNoTickHasIsRefused() {
        #expect(TickClock(seconds: -86_400 * 366).oncePer(.day) == nil)
    }

    /// Another zone is asked, and this process's is back afterwards.
    @Test func aZoneIsAheadOfUTCByItsOffset() {
        let before = ZoneClock.offset(at: Int64(Self.now), in: nil)
        #expect(ZoneClock.offset(at: Int64(Self.now), in: "Europe/Berlin") == 3600)
        #expect(ZoneClock.offset(at: 1_783_000_000, in: "Europe/Berlin") == 7200)
        #expect(ZoneClock.offset(at: Int64(Self.now), in: "Asia/Kathmandu") == 5 * 3600 + 45 * 60)
        #expect(ZoneClock.offset(at: Int64(Self.now), in: "No/Such") == 0)
        #expect(ZoneClock.tick(at: Int64(Self.now), of: .day, in: "Asia/Tokyo")?.text == "2026-11-29T00:00:00+09:00")
        #expect(ZoneClock.offset(at: Int64(Self.now), in: nil) == before)
    }
}
