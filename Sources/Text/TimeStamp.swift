/// An instant as it is written into the data of PREFIX: RFC 3339, with `Z` or an offset.
package struct TimeStamp: Sendable, Equatable, Comparable {
    /// Since the epoch.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads `2026-11-29T15:00:00Z`, with or without a fraction, or with an offset such as `+01:00`; nil for any other text.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"),
            let date = Self.numbers(bytes[..<10], [4, 2, 2], between: "-"),
            let time = Self.numbers(bytes[11..<19], [2, 2, 2], between: ":"),
            let days = Self.days(year: date[0], month: date[1], day: date[2]),
            time[0] < 24, time[1] < 60, time[2] <= 60
        else { return nil }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard (1...9).contains(digits.count),
                let read = DigitText.parse(Array(digits.prefix(3)) + Array("00".utf8.prefix(max(0, 3 - digits.count))))
            else { return nil }
            fraction = read
            rest = rest[digits.endIndex...]
        }
        guard let offset = Self.offset(rest) else { return nil }
        let seconds = days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2] - offset
        milliseconds = seconds * 1000 + fraction
    }

    package static func < (left: TimeStamp, right: TimeStamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The same in UTC, to the second; what lies before 1970 or beyond the year 9999 is none of ours, and "?".
    package var text: String {
        guard (0..<253_402_300_800_000).contains(milliseconds) else { return "?" }
        let seconds = milliseconds / 1000
        let days = seconds / 86_400
        let (date, clock) = (Self.date(days), seconds - days * 86_400)
        let day = [date.month, date.day].map { "-" + DigitText.padded($0, to: 2) }.joined()
        let time = [clock / 3600, clock / 60 % 60, clock % 60].map { DigitText.padded($0, to: 2) }.joined(
            separator: ":")
        return "\(DigitText.padded(date.year, to: 4))\(day)T\(time)Z"
    }

    // MARK: - The calendar

    /// Since 1970-01-01; nil for a date that does not exist, and before 1970.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard year >= 1970, (1...12).contains(month), day >= 1 else { return nil }
        let days = dayNumber(year, month, day)
        let next = month == 12 ? dayNumber(year + 1, 1, 1) : dayNumber(year, month + 1, 1)
        return days < next ? days : nil
    }

    /// Years begin in March here, so that the day that some of them lack is their last.
    private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    /// - Parameter days: since 1970-01-01.
    package static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        var year = 1970 + days / 366
        while dayNumber(year + 1, 1, 1) <= days { year += 1 }
        var month: Int64 = 1
        while month < 12, dayNumber(year, month + 1, 1) <= days { month += 1 }
        return (year, month, days - dayNumber(year, month, 1) + 1)
    }

    // MARK: - Digits

    private static func numbers(_ bytes: ArraySlice<UInt8>, _ counts: [Int], between mark: Unicode.Scalar) -> [Int64]? {
        let parts = bytes.split(separator: UInt8(ascii: mark), omittingEmptySubsequences: false)
        guard parts.map(\.count) == counts else { return nil }
        let numbers = parts.compactMap { DigitText.parse($0) }
        return numbers.count == counts.count ? numbers : nil
    }

    /// In seconds.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        if Array(bytes) == Array("Z".utf8) { return 0 }
        guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let parts = numbers(bytes.dropFirst(), [2, 2], between: ":"), parts[0] < 24, parts[1] < 60
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60)
    }

}
