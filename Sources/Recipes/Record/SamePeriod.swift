/// Which of two ticks of two jobs is of the later period, if their periods differ.
extension Tick {
    package enum Order: Sendable, Equatable {
        case earlier, same, later
    }

    /// How this tick, of one period, stands to another one: both are taken for the longer of the two periods.
    func compare(with other: Tick, _ ownPeriod: Period, _ otherPeriod: Period) -> Order {
        let longer = ownPeriod.longer(otherPeriod)
        // A tick of the longer period is its beginning already.
        let own = ownPeriod.length == longer.length ? face : face.floored(to: longer)
        let theirs = otherPeriod.length == longer.length ? other.face : other.face.floored(to: longer)
        if longer.isByDate { return Self.order(own.day, theirs.day) }
        // Where the clock was changed within some hours, they begin an hour from where its face has it.
        if case .hours = longer, ownPeriod != otherPeriod, own.wall == theirs.wall,
            abs(own.seconds - theirs.seconds) <= Self.hour
        {
            return .same
        }
        return Self.order(own.seconds, theirs.seconds)
    }

    private static let hour: Int64 = 3600

    private static func order(_ left: Int64, _ right: Int64) -> Order {
        left == right ? .same : left < right ? .earlier : .later
    }
}

extension Period {
    /// In seconds, to tell which of two is longer.
    fileprivate var length: Int64 { seconds }

    package func longer(_ other: Period) -> Period { length >= other.length ? self : other }

    /// When the period began that holds a time: both as a clock's face shows them, in seconds, as if that were UTC.
    package func beginning(of wall: Int64) -> Int64 { TickFace(seconds: wall, wall: wall).floored(to: self).wall }
}
