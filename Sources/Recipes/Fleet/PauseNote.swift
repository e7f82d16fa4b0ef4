package import Text

/// What the data of PREFIX says of one pause, drain or hold, as far as somebody wrote it down.
package struct PauseNote: Sendable, Equatable {
    /// By the clock of the host that asks; nil: until it is lifted.
    package var until: TimeStamp?
    package var why: String?
    /// The operator, as `user@host`.
    package var by: String?
    package var since: TimeStamp?

    package init(until: TimeStamp? = nil, why: String? = nil, by: String? = nil, since: TimeStamp? = nil) {
        (self.until, self.why, self.by, self.since) = (until, why, by, since)
    }

    /// Whether its end is still to come.
    package func stands(at now: TimeStamp) -> Bool { until.map { $0 > now } ?? true }

    /// As it stands in the data of PREFIX.
    package var json: JSONValue {
        .object(
            [
                "until": until.map { .string($0.text) } ?? .null, "why": why.map { .string($0) } ?? .null,
                "by": by.map { .string($0) } ?? .null, "since": since.map { .string($0.text) } ?? .null,
            ].filter { $0.value != .null })
    }

    /// For a sentence: ` until TIME (by WHOM since TIME: WHY)`, or as much of it as is known.
    ///
    /// - Parameter time: how to write a time.
    package func phrase(time: (TimeStamp) -> String = \.text) -> String {
        (until.map { " until \(time($0))" } ?? "") + origin(time: time)
    }

    /// The part in parentheses; empty if nothing is known.
    package func origin(time: (TimeStamp) -> String = \.text) -> String {
        let head = [by.map { "by \(Excerpt.of($0))" }, since.map { "since \(time($0))" }].compactMap { $0 }
        let parts = [head.joined(separator: " "), why.map { Excerpt.of($0, longest: Self.longestWhy) } ?? ""]
        let text = parts.filter { !$0.isEmpty }.joined(separator: ": ")
        return text.isEmpty ? "" : " (\(text))"
    }

    /// In characters: a line of a log has room for it.
    package static let longestWhy = 200

    /// Whether an operator's words can be a reason: they stand in a line wherever the pause is shown.
    package static func isReason(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.count <= longestWhy && text.unicodeScalars.allSatisfy(Excerpt.isPlain)
    }

    // MARK: - Reading

    /// The notes under one key, by the name of the job, the host or the resource.
    static func table(_ value: JSONValue?, _ key: String) throws(FleetDataError) -> [ExactName: PauseNote] {
        switch value {
        case nil, .null: return [:]
        case .object(let members):
            var notes: [ExactName: PauseNote] = [:]
            for (name, value) in members where value != .null {
                notes[name] = try note(value, "\"\(key)\" of \"\(Excerpt.of(name.text))\"")
            }
            return notes
        case .some(let other):
            throw FleetDataError(message: "prefix data: \"\(key)\" is \(other.kind); it must be an object, such as {}")
        }
    }

    /// Only what decides has to be right: the rest is for people.
    static func note(_ value: JSONValue, _ place: String) throws(FleetDataError) -> PauseNote {
        guard let members = value.object else {
            throw FleetDataError(
                message: "prefix data: \(place) is \(value.kind); it must be an object, such as "
                    + "{\"until\": \"2026-11-29T15:00:00Z\"}")
        }
        var note = PauseNote(
            why: members["why"]?.string, by: members["by"]?.string,
            since: (members["since"]?.string).flatMap { TimeStamp($0) })
        guard let until = members["until"], until != .null else { return note }
        guard let time = until.string.flatMap({ TimeStamp($0) }) else {
            let shown = until.string.map { "\"\(Excerpt.of($0))\"" } ?? until.kind
            throw FleetDataError(
                message:
                    "prefix data: \"until\" in \(place) is \(shown); it must be a time such as 2026-11-29T15:00:00Z")
        }
        note.until = time
        return note
    }
}
