package import Text

/// What is not to be started, and of which resources no permit is given out, as the data of PREFIX says it at one moment: what
/// is past is not in here.
package struct FleetPauses: Sendable, Equatable {
    /// Those of each kind: the names in a list, and notes of them in a table.
    package struct Kind: Sendable {
        package let list: ExactName
        package let notes: ExactName

        package static let jobs = Kind(list: "paused", notes: "pauses")
        package static let hosts = Kind(list: "drained", notes: "drains")
    }

    /// The key of the pause of all jobs: `*` is a legal lockname.
    package static let allKey: ExactName = "all_paused"
    /// The key of the holds, which all stand in one table: there are no versions that know them as a list.
    package static let holdsKey: ExactName = "holds"

    /// In the order of the list; those with an end, which are not in it, follow in the order of their names.
    package private(set) var jobs: [String] = []
    package private(set) var hosts: [String] = []
    package private(set) var jobNotes: [ExactName: PauseNote] = [:]
    package private(set) var hostNotes: [ExactName: PauseNote] = [:]
    package private(set) var all: PauseNote?
    /// By the resource's name as the operator wrote it, macros not yet replaced.
    package private(set) var holds: [ExactName: PauseNote] = [:]

    package init(jobs: [String] = [], hosts: [String] = []) {
        (self.jobs, self.hosts) = (jobs, hosts)
        jobNotes = Self.bare(jobs)
        hostNotes = Self.bare(hosts)
    }

    private static func bare(_ names: [String]) -> [ExactName: PauseNote] {
        Dictionary(names.map { (ExactName($0), PauseNote()) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameters:
    ///   - paused, drained: the two lists, whose entries have no end.
    ///   - nowMilliseconds: this host's clock, since the epoch.
    init(
        _ members: [ExactName: JSONValue], paused: [String], drained: [String], nowMilliseconds: Int64
    ) throws(FleetDataError) {
        let now = TimeStamp(milliseconds: nowMilliseconds)
        (jobs, jobNotes) = try Self.join(paused, members, .jobs, now)
        (hosts, hostNotes) = try Self.join(drained, members, .hosts, now)
        // Written by hand, it means what it says.
        if members[Self.allKey] == .boolean(true) {
            all = PauseNote()
        } else if let value = members[Self.allKey], value != .null, value != .boolean(false) {
            let note = try PauseNote.note(value, "\"\(Self.allKey.text)\"")
            all = note.stands(at: now) ? note : nil
        }
        holds = try PauseNote.table(members[Self.holdsKey], Self.holdsKey.text).filter { $0.value.stands(at: now) }
    }

    /// A note without an end is of a name in the list. One with an end stands for itself: in the list the name would be paused
    /// for ever to versions that know no ends.
    private static func join(
        _ list: [String], _ members: [ExactName: JSONValue], _ kind: Kind, _ now: TimeStamp
    ) throws(FleetDataError) -> ([String], [ExactName: PauseNote]) {
        let written = try PauseNote.table(members[kind.notes], kind.notes.text)
        var notes = bare(list)
        for (name, note) in written where note.until == nil && notes[name] != nil { notes[name] = note }
        let ending = written.filter { name, note in notes[name] == nil && note.until.map { $0 > now } ?? false }
        return (list + ending.keys.sorted().map(\.text), notes.merging(ending) { first, _ in first })
    }

    /// The first end that comes, if any is known.
    package var nextEnd: TimeStamp? {
        let notes = [jobNotes, hostNotes, holds].flatMap(\.values) + [all].compactMap { $0 }
        return notes.compactMap(\.until).min()
    }
}
