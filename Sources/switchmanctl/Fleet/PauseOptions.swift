import ArgumentParser
import Fleet
import Invocation
import Recipes
import Steering
import Text

/// How long a pause or a drain lasts, and why.
struct PauseOptions: ParsableArguments {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long it lasts: 30m, 2h, 7d; else until it is lifted.", valueName: "duration"))
    var length: String?
    @Option(
        help: ArgumentHelp(
            "When it ends: 18:30 or 2026-12-01 06:00 in this time zone, or 2026-12-01T06:00:00Z.", valueName: "time"))
    var until: String?
    @Option(help: ArgumentHelp("Why; shown wherever the pause is.", valueName: "text")) var why: String?

    var areGiven: Bool { length != nil || until != nil || why != nil }

    /// What is to be written down.
    ///
    /// - Parameter host: this host's name, if it is known.
    func note(host: String?) throws(EditError) -> PauseNote {
        let now = WallClock.milliseconds
        return PauseNote(
            until: try end(now), why: try Self.reason(why), by: Operator.name(on: host),
            since: TimeStamp(milliseconds: now / 1000 * 1000))
    }

    /// Says when it ends, as it has been understood: `05:00` may be tomorrow's.
    ///
    /// - Parameter what: has been done, such as `paused`.
    static func tellEnd(of note: PauseNote, _ what: String) {
        guard let end = note.until else { return }
        Screen.print(Visible.text("\(what) until \(ServerTime(milliseconds: end.milliseconds).localWithZone)") + "\n")
    }

    private func end(_ now: Int64) throws(EditError) -> TimeStamp? {
        if length != nil, until != nil { throw .usage("--for and --until exclude each other; give one of them") }
        if let length {
            guard let limit = DurationText.parse(length), limit != .seconds(0) else {
                throw .usage(
                    "invalid value \"\(Excerpt.of(length))\" for --for: expected \(DurationText.form), from 1s on")
            }
            guard case .seconds(let seconds) = limit else { return nil }
            // Up to the next whole second, so that it never lasts shorter.
            let end = seconds.multipliedReportingOverflow(by: 1000)
            guard !end.overflow, end.partialValue < LocalTime.latest - now else {
                throw .usage("--for \(length) ends after the year 9999; leave it out")
            }
            return TimeStamp(milliseconds: (now + end.partialValue + 999) / 1000 * 1000)
        }
        guard let until else { return nil }
        guard let time = TimeStamp(until) ?? LocalTime.next(until, after: now) else {
            throw .usage(
                "invalid value \"\(Excerpt.of(until))\" for --until: expected a time such as 18:30 (the next one), "
                    + "\"2026-12-01 06:00\" or 2026-12-01T06:00:00Z")
        }
        guard time.milliseconds > now else { throw .usage("--until \(Excerpt.of(until)) is past (\(time.text))") }
        return time
    }

    static func reason(_ why: String?) throws(EditError) -> String? {
        guard let why else { return nil }
        guard PauseNote.isReason(why) else {
            throw .usage(
                "--why must be one line of 1 to \(PauseNote.longestWhy) characters, without control characters")
        }
        return why
    }
}
