import Text

/// The minutes at which a line of a crontab is due, by the face of its zone's clock.
///
/// Source: crontab(5) and cron(8) of Vixie's cron (Debian) and of cronie.
struct CrontabTimes: Sendable, Hashable {
    let minutes: Set<Int>
    let hours: Set<Int>
    let days: Set<Int>
    let months: Set<Int>
    /// From Sunday, which is 0.
    let weekdays: Set<Int>
    /// One of the two day fields begins with a star: then both have to match, and otherwise one of them is enough.
    let needsBothDays: Bool
    /// The minute or the hour begins with a star. Cron starts such a line by real time: what a clock that is put forward passes
    /// over is left out, and not made up for.
    let isWild: Bool
    /// One of the values is cron's own choice (cronie's `~`).
    let isRandom: Bool

    private static let secondsPerDay: Int64 = 86_400

    /// The last instant at which the line was due, in seconds since the epoch; nil if there is none in that time. A time that a
    /// clock passes over is due at the end of the gap; one that comes twice is due once, the first time.
    ///
    /// - Parameter offset: what the zone's clock is ahead of UTC at an instant, in seconds.
    func lastDue(from earliest: Int64, by limit: Int64, offset: (Int64) -> Int64) -> Int64? {
        let times = hours.flatMap { hour in minutes.map { Int64(60 * hour + $0) } }.sorted(by: >)
        let (first, last) = (Self.day(of: earliest + offset(earliest)), Self.day(of: limit + offset(limit)))
        // A clock that is put back shows a later day before an earlier one.
        for day in stride(from: last + 1, through: first - 1, by: -1) where matches(day) {
            for minute in times {
                let face = day * Self.secondsPerDay + minute * 60
                guard let due = instant(of: face, offset), due <= limit else { continue }
                return due >= earliest ? due : nil
            }
        }
        return nil
    }

    /// - Parameter day: since the epoch.
    func matches(_ day: Int64) -> Bool {
        let date = TimeStamp.date(day)
        guard months.contains(Int(date.month)) else { return false }
        // The epoch was a Thursday.
        let weekday = Int((day % 7 + 11) % 7)
        let (isDay, isWeekday) = (days.contains(Int(date.day)), weekdays.contains(weekday))
        return needsBothDays ? isDay && isWeekday : isDay || isWeekday
    }

    /// When the clock shows that for the first time, both in seconds; nil if it never does and the line leaves that out.
    private func instant(of face: Int64, _ offset: (Int64) -> Int64) -> Int64? {
        let (before, after) = (offset(face - Self.secondsPerDay), offset(face + Self.secondsPerDay))
        var (low, high) = (face - max(before, after), face - min(before, after))
        for candidate in [low, high] where candidate + offset(candidate) == face { return candidate }
        if isWild { return nil }
        // Between the two the clock is put forward.
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(middle) == after { high = middle } else { low = middle }
        }
        return high
    }

    private static func day(of face: Int64) -> Int64 {
        face >= 0 ? face / secondsPerDay : (face - secondsPerDay + 1) / secondsPerDay
    }
}
