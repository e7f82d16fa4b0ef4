import Text

/// The beginning of a period, by one host's clock and zone: what all hosts of a fleet that fire one crontab line agree on.
///
/// Source: the Google SRE book, chapter 24, keys its launches by the scheduled time; Kubernetes' CronJobs have it in their names.
package struct Tick: Sendable, Equatable {
    /// RFC 3339, to the second and with the offset: `2026-11-29T03:00:00+01:00`.
    package let text: String
    /// Since the epoch.
    package let seconds: Int64
    /// What the clock on the wall shows.
    let face: TickFace
    /// Days since the epoch, of the date that `text` shows.
    private var day: Int64 { face.day }

    /// Nil for what is none: it comes from a record too.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length, let instant = TimeStamp(text) else { return nil }
        // What the clock on the wall shows, as if it were UTC. Written again it is the same: no fraction, and no sixtieth second.
        let wall = String(text.prefix(Self.wallLength)) + "Z"
        guard let face = TimeStamp(wall), face.text == wall else { return nil }
        self.text = text
        seconds = instant.milliseconds / 1000
        self.face = TickFace(seconds: seconds, wall: face.milliseconds / 1000)
    }

    /// Who has had this tick has had that one as well: it is the same, or an earlier one.
    package func covers(_ other: Tick, of period: Period) -> Bool {
        period.isByDate ? day >= other.day : seconds >= other.seconds
    }

    private static let length = 25
    /// Without the offset.
    private static let wallLength = 19
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
