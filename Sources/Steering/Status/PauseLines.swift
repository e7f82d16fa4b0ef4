package import Recipes
package import Text

/// Pauses, drains and holds, for people and for programs.
package enum PauseLines {
    /// A line each: those of all jobs, of jobs, of hosts, and of resources.
    static func of(_ pauses: FleetPauses) -> [String] {
        all(pauses) + jobs(pauses, pauses.jobs) + hosts(pauses, pauses.hosts) + holds(pauses, Array(pauses.holds.keys))
    }

    /// Those that concern one job.
    static func of(_ pauses: FleetPauses, job: String) -> [String] {
        all(pauses) + jobs(pauses, pauses.jobs.filter { $0.isSameName(as: job) })
    }

    /// Those that concern one host.
    static func of(_ pauses: FleetPauses, host: String) -> [String] {
        all(pauses) + hosts(pauses, pauses.hosts.filter { HostPattern.matches($0, host: host) })
    }

    /// Some of the holds, by their names.
    static func of(_ pauses: FleetPauses, holds names: [String]) -> [String] {
        holds(pauses, pauses.holds.keys.filter { held in names.contains { $0.isSameName(as: held.text) } })
    }

    private static func all(_ pauses: FleetPauses) -> [String] {
        pauses.all.map { ["paused: all jobs\(phrase($0))"] } ?? []
    }

    private static func jobs(_ pauses: FleetPauses, _ names: [String]) -> [String] {
        names.compactMap { name in
            let note = pauses.jobNotes[ExactName(name)] ?? PauseNote()
            // The table of the locks says it.
            return note == PauseNote() ? nil : "paused: \(name)\(phrase(note))"
        }
    }

    /// Those of whom nothing more is known share a line.
    private static func hosts(_ pauses: FleetPauses, _ names: [String]) -> [String] {
        func note(_ host: String) -> PauseNote { pauses.hostNotes[ExactName(host)] ?? PauseNote() }
        let bare = names.filter { note($0) == PauseNote() }
        let told = names.filter { note($0) != PauseNote() }.map { "drained: \($0)\(phrase(note($0)))" }
        return (bare.isEmpty ? [] : ["drained: \(bare.joined(separator: ", "))"]) + told
    }

    private static func holds(_ pauses: FleetPauses, _ names: [ExactName]) -> [String] {
        names.sorted().map { "held: \($0.text)\(phrase(pauses.holds[$0] ?? PauseNote()))" }
    }

    /// For a column of its own: `until TIME (by WHOM ...)`, or `yes` if nothing more is known.
    package static func adverb(_ note: PauseNote) -> String {
        let phrase = phrase(note)
        return phrase.isEmpty ? "yes" : String(phrase.dropFirst())
    }

    /// Where the reader is.
    private static func phrase(_ note: PauseNote) -> String {
        note.phrase { ServerTime(milliseconds: $0.milliseconds).local }
    }
}

extension FleetPauses {
    /// For `--json`: what is known of those under one name each.
    package static func json(_ notes: [ExactName: PauseNote]) -> JSONValue { .object(notes.mapValues(\.shownJSON)) }
}

extension PauseNote {
    /// For `--json`, where every time has one form.
    package var shownJSON: JSONValue {
        func text(_ time: TimeStamp?) -> JSONValue {
            time.map { .string(ServerTime(milliseconds: $0.milliseconds).utc) } ?? .null
        }
        return .object([
            "until": text(until), "since": text(since), "why": why.map { .string($0) } ?? .null,
            "by": by.map { .string($0) } ?? .null,
        ])
    }
}
