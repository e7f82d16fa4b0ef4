import Coordination
import Glibc
package import Recipes

/// This host's time of day, from which a run's tick is read: first of all, before anything waits.
@safe package struct TickClock: Sendable {
    private let seconds: time_t
    private let milliseconds: Int64
    private let readAt: BootInstant

    package init() {
        var (wall, boot) = (timespec(), timespec())
        unsafe clock_gettime(CLOCK_REALTIME, &wall)
        unsafe clock_gettime(CLOCK_BOOTTIME, &boot)
        seconds = wall.tv_sec
        milliseconds = Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000
        readAt = BootInstant(nanoseconds: Int64(boot.tv_sec) * 1_000_000_000 + Int64(boot.tv_nsec))
    }

    /// An instant in seconds since the epoch, which is not now.
    init(seconds: Int) {
        (self.seconds, milliseconds, readAt) = (seconds, Int64(seconds) * 1000, BootInstant(nanoseconds: 0))
    }

    /// By the zone that cron goes by: CRON_TZ of the environment, else TZ, else the host's. While nothing else runs in this
    /// process: C's time zone is a global.
    ///
    /// Nil for a clock that shows no year of four digits.
    package func oncePer(_ period: Period) -> OncePer? {
        let zone = unsafe getenv("CRON_TZ").map { unsafe String(cString: $0) }
        return ZoneClock.within(zone) { tick(of: period) }.map {
            OncePer(period: period, tick: $0, wallMilliseconds: milliseconds, readAt: readAt)
        }
    }

    /// By the zone that the C library goes by.
    func tick(of period: Period) -> Tick? { Tick(rfc3339(start(of: period))) }

    /// The first instant of the period that holds this one.
    private func start(of period: Period) -> time_t {
        let now = Face(seconds)
        let pastHour = now.minute * 60 + now.second
        switch period {
        case .minutes(let number): return seconds - pastHour % (Int(number) * 60)
        case .hour: return seconds - pastHour
        case .hours(let number):
            return earliest(before: seconds - pastHour) {
                $0.day == now.day && $0.hour / Int(number) == now.hour / Int(number)
            }
        case .day: return start(ofDate: now.date, now)
        case .week: return start(ofDate: now.date - (now.weekday + 6) % 7, now)
        case .month: return start(ofDate: 1, now)
        }
    }

    /// Which is not midnight where the clock is put forward at midnight.
    ///
    /// - Parameter date: of the month of `now`; zero and below are of the one before.
    private func start(ofDate date: Int, _ now: Face) -> time_t {
        let noon = now.noon(ofDate: date)
        let day = Face(noon).day
        return earliest(before: noon) { $0.day == day }
    }

    /// Going back by quarters of an hour, at which all zones change.
    private func earliest(before instant: time_t, where isWithin: (Face) -> Bool) -> time_t {
        var instant = instant
        while isWithin(Face(instant - Self.quarter)) { instant -= Self.quarter }
        return instant
    }

    private static let quarter = 900

    private func rfc3339(_ seconds: time_t) -> String {
        var (seconds, parts) = unsafe (seconds, tm())
        _ = unsafe localtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
        let written = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // C writes the offset without the colon.
        return "\(written.dropLast(2)):\(written.suffix(2))"
    }
}

/// What a clock on the wall shows.
private struct Face {
    let (year, month, date, weekday): (Int, Int, Int, Int)
    let (hour, minute, second): (Int, Int, Int)
    /// Another for each date.
    let day: Int

    init(_ seconds: time_t) {
        var (seconds, parts) = unsafe (seconds, tm())
        _ = unsafe localtime_r(&seconds, &parts)
        (year, month) = unsafe (Int(parts.tm_year), Int(parts.tm_mon))
        (date, weekday) = unsafe (Int(parts.tm_mday), Int(parts.tm_wday))
        (hour, minute, second) = unsafe (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
        day = unsafe year * 400 + Int(parts.tm_yday)
    }

    /// - Parameter date: need not be of this month.
    func noon(ofDate date: Int) -> time_t {
        var parts = unsafe tm()
        unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year), Int32(month), Int32(date))
        unsafe (parts.tm_hour, parts.tm_isdst) = (12, -1)
        return unsafe mktime(&parts)
    }
}
