/// The beginning of a period, by one host's clock and zone: what all hosts of a fleet that fire one crontab line agree on.
///
/// Source: the Google SRE book, chapter 24, keys its launches by the scheduled time; Kubernetes' CronJobs have it in their names.
package struct Tick: Sendable, Equatable {
    /// RFC 3339, to the second and with the offset: `2026-11-29T03:00:00+01:00`.
    package let text: String
    /// Since the epoch.
    package let seconds: Int64
    /// Days since the epoch, of the date that `text` shows.
    private let day: Int64

    /// Nil for what is none: it comes from a record too.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>, _ valid: ClosedRange<Int64>) -> Int64? {
            DigitText.parse(bytes[range]).flatMap { valid.contains($0) ? $0 : nil }
        }
        guard bytes.count == Self.length, zip(bytes, Self.shape).allSatisfy({ $1 == 0 || $0 == $1 }),
            let year = number(0..<4, 1970...9999), let month = number(5..<7, 1...12), let date = number(8..<10, 1...31),
            let hour = number(11..<13, 0...23), let minute = number(14..<16, 0...59),
            let second = number(17..<19, 0...59), bytes[19] == UInt8(ascii: "+") || bytes[19] == UInt8(ascii: "-"),
            let hoursAhead = number(20..<22, 0...23), let minutesAhead = number(23..<25, 0...59)
        else { return nil }
        let offset = (hoursAhead * 60 + minutesAhead) * (bytes[19] == UInt8(ascii: "-") ? -60 : 60)
        day = Self.days(year, month, date)
        seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.text = text
    }

    /// Who has had this tick has had that one as well: it is the same, or an earlier one.
    package func covers(_ other: Tick, of period: Period) -> Bool {
        period.isByDate ? day >= other.day : seconds >= other.seconds
    }

    private static let length = 25
    /// A zero stands for a digit or a sign.
    private static let shape = Array("0000-00-00T00:00:00+00:00".utf8.map { "-T:".utf8.contains($0) ? $0 : 0 })

    /// Days since the epoch of a date in the Gregorian calendar; years are counted from March on, so that February is last.
    private static func days(_ year: Int64, _ month: Int64, _ date: Int64) -> Int64 {
        let year = month < 3 ? year - 1 : year
        let dayOfYear = ((month + 9) % 12 * 153 + 2) / 5 + date - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}

/// What a record remembers of ticks. Runs without `--once-per` carry it on.
package struct Ticks: Sendable, Equatable {
    /// Of the run that the record names, once it has an own one.
    package var current: Tick?
    /// By which they are compared: that of the newest run with the option.
    package var period: Period?
    /// The newest that earlier runs have started.
    package var started: Tick?
    /// The newest that has succeeded, or was ended by an operator.
    package var done: Tick?

    package init() {}

    /// The run of `current` is over, or lost.
    ///
    /// - Parameter hasStarted: its command was started, or may have been.
    package mutating func conclude(hasStarted: Bool, isDone: Bool) {
        if let current, hasStarted {
            started = Self.newest(started, current, period)
            if isDone { done = Self.newest(done, current, period) }
        }
        current = nil
    }

    /// Of a period that this version does not know, by instant.
    private static func newest(_ old: Tick?, _ new: Tick, _ period: Period?) -> Tick {
        old.flatMap { $0.covers(new, of: period ?? .hour) ? $0 : nil } ?? new
    }

    /// For how long after it was written the record is needed, in seconds: its tick may come again until the period is over, and no
    /// skip writes anything. No period is longer than a month.
    package var remembered: Int64 {
        guard started != nil || done != nil else { return 0 }
        return period.map { $0 == .month ? 31 * 86_400 : $0.seconds }.map { $0 * 2 } ?? 62 * 86_400
    }

    /// Without what lies further ahead of the servers' clock than any host's may: it was written by a clock that was wrong, and
    /// would keep the job from running until then.
    func believed(at milliseconds: Int64, beside period: Period) -> Ticks {
        let latest = milliseconds / 1000 + max(period.seconds, self.period?.seconds ?? 0) / 2 + 1
        func known(_ tick: Tick?) -> Tick? { tick.flatMap { $0.seconds > latest ? nil : $0 } }
        var ticks = self
        (ticks.current, ticks.started, ticks.done) = (known(current), known(started), known(done))
        return ticks
    }
}
