import Invocation
import Recipes
import Text

/// When runs of a line look at the jobs that they come after, and for how long.
struct CrontabDue: Hashable {
    let times: CrontabTimes
    /// By which cron goes, and the run's tick as well.
    let zone: String?
    let period: Period?
    /// How long after the line was due a run of it still looks, in seconds; nil: for ever.
    let patience: Int64?

    init(times: CrontabTimes, zone: String?, period: Period?, patience: Int64?) {
        (self.times, self.zone, self.period, self.patience) = (times, zone, period, patience)
    }

    /// Nil where something else on the line comes before the call, where cron chooses a minute, where it is due at each boot, and
    /// where its tick goes by another clock than cron.
    init?(_ call: SwitchmanCall, of entry: CrontabFile.Entry, _ arguments: Arguments) {
        let zone = CrontabZones.names(call, entry)
        guard let times = entry.schedule.times, !times.isRandom, zone.cron == zone.tick, !call.isLater,
            !call.isConditional
        else { return nil }
        let wait: Int64? =
            switch arguments.wait ?? .seconds(0) {
            case .seconds(let seconds): seconds.addedUp(with: arguments.splay ?? 0)
            case .forever: nil
            }
        self.init(times: times, zone: zone.cron, period: arguments.oncePer, patience: wait)
    }

    /// What is the best that a run of one line can find of another line's runs of the same period. The earlier, the better.
    enum Meeting: Int, Comparable {
        /// The other was due before it, or while it waits.
        case earlier
        case atTheSameMinute
        case later
        /// Never both in one period.
        case apart

        static func < (left: Meeting, right: Meeting) -> Bool { left.rawValue < right.rawValue }
    }

    /// Days since the epoch, from the beginning of 2024: each date falls on each day of the week within 28 years.
    private static let days: Range<Int64> = 19_723..<19_723 + 28 * 1461 / 4
    private static let secondsPerDay: Int64 = 86_400

    /// What a run of this line, of its own `--once-per`, finds of the other line's. By the face of the clock, which goes the
    /// same way on every day but the two on which it is changed.
    func meeting(with other: CrontabDue) -> Meeting {
        // Without ticks any success counts.
        guard let own = period, let theirs = other.period else { return .earlier }
        let longer = own.longer(theirs)
        var (others, mine): ([Int64: Int64], [Int64: Int64]) = ([:], [:])
        var best = Meeting.apart
        for day in Self.days {
            let (isTheirs, isMine) = (other.times.matches(day), times.matches(day))
            // A period that is shorter than a day lies within one.
            if !longer.isByDate, !(isTheirs && isMine) { continue }
            for minute in isTheirs ? other.times.minutesOfDay(longer.isByDate ? .first : .all) : [] {
                let wall = day * Self.secondsPerDay + minute * 60
                let key = longer.beginning(of: theirs.beginning(of: wall))
                others[key] = min(others[key] ?? .max, wall)
                if let last = mine[key] { best = min(best, meeting(last - wall)) }
            }
            for minute in isMine ? times.minutesOfDay(longer.isByDate ? .last : .all) : [] {
                let wall = day * Self.secondsPerDay + minute * 60
                let key = longer.beginning(of: own.beginning(of: wall))
                mine[key] = max(mine[key] ?? .min, wall)
                if let first = others[key] { best = min(best, meeting(wall - first)) }
            }
            // All such days are alike.
            if best == .earlier || !longer.isByDate { return best }
        }
        return best
    }

    /// - Parameter seconds: from when the other was due until this line is.
    private func meeting(_ seconds: Int64) -> Meeting {
        guard let patience else { return .earlier }
        if seconds > 0 || patience > 0 && seconds + patience >= 0 { return .earlier }
        return seconds == 0 ? .atTheSameMinute : .later
    }

    /// How long it always is from a due time of the other line to the next one of this line and from that to the other's next, in
    /// minutes: the shortest of the first, and the longest of the second. Nil unless both are due every day, and equally often.
    func distances(from other: CrontabDue) -> (before: Int64, after: Int64)? {
        let (own, theirs) = (times.minutesOfDay(.all), other.times.minutesOfDay(.all))
        guard times.isDaily, other.times.isDaily, own.count == theirs.count else { return nil }
        func around(_ minutes: Int64) -> Int64 { (minutes + 1440) % 1440 }
        let before = own.compactMap { minute in theirs.map { around(minute - $0) }.min() }.min()
        let after = own.compactMap { minute in theirs.map { around($0 - minute) }.min() }.max()
        guard let before, let after else { return nil }
        return (before, after)
    }
}

extension CrontabTimes {
    enum Choice { case first, last, all }

    /// Of the minutes since midnight at which the line is due.
    func minutesOfDay(_ choice: Choice) -> [Int64] {
        func number(_ hour: Int?, _ minute: Int?) -> [Int64] {
            guard let hour, let minute else { return [] }
            return [Int64(60 * hour + minute)]
        }
        return switch choice {
        case .first: number(hours.min(), minutes.min())
        case .last: number(hours.max(), minutes.max())
        case .all: hours.sorted().flatMap { hour in minutes.sorted().flatMap { number(hour, $0) } }
        }
    }

    var isDaily: Bool { days.count == 31 && months.count == 12 && weekdays.count == 7 }
}
