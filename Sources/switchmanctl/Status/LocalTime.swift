import Glibc
import Text

/// Times as people write them, in this process's time zone.
enum LocalTime {
    /// The last millisecond of the year 9999, beyond which dates have another form.
    static let latest: Int64 = 253_402_300_799_999

    /// Reads `18:30`, `2026-12-01`, or both with a blank or a T between them; nil for any other text.
    ///
    /// - Parameter now: since the epoch, in milliseconds: a time without a date is the next one after it.
    static func next(_ text: String, after now: Int64) -> TimeStamp? {
        let words = text.split(omittingEmptySubsequences: false) { $0 == " " || $0 == "T" }.map(String.init)
        if words.count == 1, let clock = clock(words[0]) {
            var today = unsafe tm()
            var seconds = time_t(now / 1000)
            guard unsafe localtime_r(&seconds, &today) != nil else { return nil }
            let date = unsafe (Int(today.tm_year) + 1900, Int(today.tm_mon) + 1, Int(today.tm_mday))
            // Tomorrow's may be the 32nd, which mktime counts on.
            return [date, (date.0, date.1, date.2 + 1)].lazy.compactMap { instant($0, clock) }
                .first { $0.milliseconds > now }
        }
        guard (1...2).contains(words.count), let date = date(words[0]),
            let clock = words.count == 1 ? (0, 0, 0) : clock(words[1]),
            let time = instant(date, clock), hasDay(date.2, time)
        else { return nil }
        return time
    }

    /// Whether it is a day, such as `2026-12-01`.
    static func isDate(_ text: String) -> Bool { date(text) != nil }

    /// Whether it is a time of day, such as `18:30`.
    static func isClock(_ text: String) -> Bool { clock(text) != nil }

    private static func date(_ text: String) -> (Int, Int, Int)? {
        guard let parts = numbers(text, "-"), parts.count == 3, (1970...9998).contains(parts[0]),
            (1...12).contains(parts[1]), (1...31).contains(parts[2])
        else { return nil }
        return (parts[0], parts[1], parts[2])
    }

    private static func clock(_ text: String) -> (Int, Int, Int)? {
        guard let parts = numbers(text, ":"), (2...3).contains(parts.count), parts[0] < 24, parts[1] < 60,
            parts.count == 2 || parts[2] < 60
        else { return nil }
        return (parts[0], parts[1], parts.count == 3 ? parts[2] : 0)
    }

    private static func numbers(_ text: String, _ mark: Character) -> [Int]? {
        let parts = text.split(separator: mark, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { DigitText.parse(String($0)).flatMap { Int(exactly: $0) } }
        return numbers.count == parts.count && parts.allSatisfy { $0.utf8.count <= 4 } ? numbers : nil
    }

    private static func instant(_ date: (Int, Int, Int), _ clock: (Int, Int, Int)) -> TimeStamp? {
        var parts = unsafe tm()
        unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (
            Int32(date.0 - 1900), Int32(date.1 - 1), Int32(date.2)
        )
        unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(clock.0), Int32(clock.1), Int32(clock.2))
        // Whether it is summer there, the zone says.
        unsafe parts.tm_isdst = -1
        let seconds = unsafe mktime(&parts)
        return seconds == -1 ? nil : TimeStamp(milliseconds: Int64(seconds) * 1000)
    }

    /// Whether there is such a day in that month: mktime takes the 30th of February for a day in March.
    private static func hasDay(_ day: Int, _ time: TimeStamp) -> Bool {
        var parts = unsafe tm()
        var seconds = time_t(time.milliseconds / 1000)
        return unsafe localtime_r(&seconds, &parts) != nil && Int(parts.tm_mday) == day
    }
}
