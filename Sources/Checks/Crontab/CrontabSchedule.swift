package import Text

/// When a line of a crontab is due.
package struct CrontabSchedule: Sendable, Equatable {
    /// At least so much time lies between two starts; nil for `@reboot`, and where the day fields make it hard to tell.
    package let leastGapMinutes: Int?
    /// Nil for `@reboot`.
    let times: CrontabTimes?
    /// What some crons read differently; as a message.
    package private(set) var doubts: [String] = []

    private enum Field: Int, CaseIterable {
        case minute, hour, dayOfMonth, month, dayOfWeek

        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .dayOfMonth: "day of the month"
            case .month: "month"
            case .dayOfWeek: "day of the week"
            }
        }

        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        /// In the order of their numbers, from the least on.
        var names: [String] {
            switch self {
            case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
            default: []
            }
        }
    }

    private static let minutesPerDay = 1440

    /// Reads `@daily` and the like, without the `@`.
    package init(nickname: String) throws(Objection) {
        let fields: String
        switch nickname {
        case "reboot":
            (leastGapMinutes, times) = (nil, nil)
            return
        case "every_minute": (leastGapMinutes, fields) = (1, "* * * * *")
        case "hourly": (leastGapMinutes, fields) = (60, "0 * * * *")
        case "daily", "midnight": (leastGapMinutes, fields) = (Self.minutesPerDay, "0 0 * * *")
        case "weekly": (leastGapMinutes, fields) = (7 * Self.minutesPerDay, "0 0 * * 0")
        case "monthly": (leastGapMinutes, fields) = (28 * Self.minutesPerDay, "0 0 1 * *")
        case "yearly", "annually": (leastGapMinutes, fields) = (365 * Self.minutesPerDay, "0 0 1 1 *")
        default:
            throw Objection(
                problem:
                    "unknown schedule \"@\(Excerpt.of(nickname))\"; write five fields, or one of @reboot, @yearly, "
                    + "@monthly, @weekly, @daily, @hourly")
        }
        times = try Self.times(fields.split(separator: " ").map { Array($0.utf8) }, &doubts)
    }

    /// Reads the five fields.
    package init(fields: [[UInt8]]) throws(Objection) {
        guard fields.count == Field.allCases.count else {
            throw Objection(
                problem: "\(fields.count) of five schedule fields; write minute, hour, day, month, day of the week")
        }
        var doubts: [String] = []
        let times = try Self.times(fields, &doubts)
        let star = UInt8(ascii: "*")
        leastGapMinutes = Self.leastGap(
            minutes: times.minutes, hours: times.hours,
            days: fields[2].first == star ? nil : times.days,
            weekdays: fields[4].first == star ? nil : times.weekdays,
            allMonths: fields[3].first == star)
        self.times = times
        self.doubts = doubts
    }

    private static func times(_ fields: [[UInt8]], _ doubts: inout [String]) throws(Objection) -> CrontabTimes {
        var values: [Set<Int>] = []
        for field in Field.allCases { values.append(try Self.values(fields[field.rawValue], field, &doubts)) }
        let isStar = fields.map { $0.first == UInt8(ascii: "*") }
        return CrontabTimes(
            minutes: values[0], hours: values[1], days: values[2], months: values[3],
            // 7 is Sunday, as 0 is.
            weekdays: Set(values[4].map { $0 % 7 }), needsBothDays: isStar[2] || isStar[4],
            isWild: isStar[0] || isStar[1], isRandom: fields.contains { $0.contains(UInt8(ascii: "~")) })
    }

    // MARK: - Fields

    private static func values(
        _ text: [UInt8], _ field: Field, _ doubts: inout [String]
    ) throws(Objection) -> Set<Int> {
        var values: Set<Int> = []
        for part in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let pieces = part.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            func fault(_ problem: String) -> Objection {
                Objection(problem: "bad \(field.name) \"\(Excerpt.of(text))\": \(problem)")
            }
            guard let span = pieces.first, pieces.count <= 2, !span.isEmpty else {
                throw fault("it must be *, a number, a range or a list of these, with /STEP or without")
            }
            if span.contains(UInt8(ascii: "~")) {
                guard pieces.count == 1 else { throw fault("a random value (~) has no step") }
                // One of them, the same until the crontab is read anew: which one does not matter to the gap between two days.
                values.insert(try range(Array(span), field, fault, between: UInt8(ascii: "~")).lowerBound)
                continue
            }
            var step = 1
            if pieces.count == 2 {
                guard let number = DigitText.parse(pieces[1]), (1...Int64(Int32.max)).contains(number) else {
                    throw fault("the step behind \"/\" must be a number from 1 on")
                }
                step = Int(number)
            }
            if let (first, last) = overSunday(span, field) {
                doubts.append(
                    "\(field.name) \"\(Excerpt.of(Array(part)))\": cronie takes Sunday for the last day here, "
                        + "and Debian's cron never "
                        + "starts the line; write \(first)-7")
                values.formUnion(stride(from: first, through: last, by: step))
                continue
            }
            let range = try range(Array(span), field, fault)
            if pieces.count == 2, !span.contains(UInt8(ascii: "-")), span != [UInt8(ascii: "*")] {
                throw fault(
                    "no cron takes a step behind a single number, and it ignores the whole file; write "
                        + "\(range.lowerBound)-\(field.range.upperBound)/\(step)")
            }
            values.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
        }
        return values
    }

    /// `sat-sun`, `5-0`: from a day to Sunday, of which the number is 0.
    private static func overSunday(_ span: ArraySlice<UInt8>, _ field: Field) -> (Int, Int)? {
        let ends = span.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard field == .dayOfWeek, ends.count == 2, let first = number(ends[0], field),
            let last = number(ends[1], field),
            last == 0, first > 0
        else { return nil }
        return (first, 7)
    }

    /// - Parameter separator: cronie takes a random value of `5~20`; an end that is missing there is the field's own.
    private static func range(
        _ span: [UInt8], _ field: Field, _ fault: (String) -> Objection, between separator: UInt8 = UInt8(ascii: "-")
    ) throws(Objection) -> ClosedRange<Int> {
        if span == [UInt8(ascii: "*")] { return field.range }
        let ends = span.split(separator: separator, omittingEmptySubsequences: false)
        let isRandom = separator == UInt8(ascii: "~")
        func end(_ text: ArraySlice<UInt8>, _ limit: Int) -> Int? {
            isRandom && text.isEmpty ? limit : number(text, field)
        }
        guard (1...2).contains(ends.count), let first = end(ends[0], field.range.lowerBound),
            let last = end(ends[ends.count - 1], field.range.upperBound)
        else {
            let names = field.names.isEmpty ? "" : ", or a name such as \(field.names[0])"
            throw fault("it must be from \(field.range.lowerBound) to \(field.range.upperBound)\(names)")
        }
        guard first <= last else { throw fault("the range runs backwards") }
        return first...last
    }

    private static func number(_ text: ArraySlice<UInt8>, _ field: Field) -> Int? {
        if let number = DigitText.parse(text) {
            return Int(exactly: number).flatMap { field.range.contains($0) ? $0 : nil }
        }
        let word = String(decoding: text, as: UTF8.self).lowercased()
        return field.names.firstIndex(of: word).map { $0 + field.range.lowerBound }
    }

    // MARK: - The gap

    private static func leastGap(
        minutes: Set<Int>, hours: Set<Int>, days: Set<Int>?, weekdays: Set<Int>?, allMonths: Bool
    ) -> Int? {
        let times = hours.flatMap { hour in minutes.map { 60 * hour + $0 } }.sorted()
        guard let first = times.first, let last = times.last else { return nil }
        guard let dayGap = dayGap(days: days, weekdays: weekdays) else { return nil }
        let inDay = zip(times, times.dropFirst()).map { $1 - $0 }.min()
        let overNight = dayGap * minutesPerDay - last + first
        return min(inDay ?? overNight, overNight)
    }

    /// The fewest days from one day that counts to the next; nil if both fields count, of which cron takes either.
    private static func dayGap(days: Set<Int>?, weekdays: Set<Int>?) -> Int? {
        switch (days, weekdays) {
        case (nil, nil): 1
        case (let days?, nil): least(days, around: 28)
        case (nil, let weekdays?): least(weekdays, around: 7)
        case (_?, _?): nil
        }
    }

    private static func least(_ days: Set<Int>, around length: Int) -> Int? {
        let sorted = days.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let inside = zip(sorted, sorted.dropFirst()).map { $1 - $0 }.min()
        // From the 31st to the 1st it is one day.
        let around = max(1, length - last + first)
        return min(inside ?? around, around)
    }
}
