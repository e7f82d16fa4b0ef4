import Text

/// What the clock on the wall shows at an instant.
struct TickFace: Sendable, Equatable {
    /// The instant, in seconds since the epoch.
    var seconds: Int64
    /// The face, as if it were UTC.
    var wall: Int64
    var day: Int64 { wall / TickFace.daySeconds }

    private static let daySeconds: Int64 = 86_400

    /// To where the period begins by this face.
    func floored(to period: Period) -> TickFace {
        let start: Int64
        switch period {
        case .minutes, .hour, .hours:
            start = day * Self.daySeconds + wall % Self.daySeconds / period.seconds * period.seconds
        case .day: start = day * Self.daySeconds
        // The epoch was a Thursday.
        case .week: start = (day - (day + 3) % 7) * Self.daySeconds
        case .month: start = (day - (TimeStamp.date(day).day - 1)) * Self.daySeconds
        }
        return TickFace(seconds: seconds - (wall - start), wall: start)
    }
}
