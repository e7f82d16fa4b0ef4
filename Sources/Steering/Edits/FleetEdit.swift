package import Recipes
package import Text

/// A change of the fleet's data: what is not touched stays as it is, keys that mean nothing to us included.
package struct FleetEdit: Sendable {
    private var members: [ExactName: JSONValue]
    /// As it was, understood: who edits data that no run can read would not see what they do.
    package private(set) var fleet: FleetData
    private let nowMilliseconds: Int64
    /// Whether anything is different now.
    package private(set) var hasChanged = false

    /// - Parameter nowMilliseconds: this host's clock, since the epoch: pauses that are over by then go with the edit.
    package init(bytes: [UInt8], nowMilliseconds: Int64) throws(FleetDataError) {
        self.nowMilliseconds = nowMilliseconds
        fleet = try FleetData.parse(bytes, nowMilliseconds: nowMilliseconds)
        members = (try? JSONValue.parse(bytes, keepsNumbers: true))?.object ?? [:]
    }

    /// As runs will read it.
    package func encoded() throws(FleetDataError) -> [UInt8] {
        let bytes = Array(JSONValue.object(hasChanged ? withoutThePast : members).wholeText.utf8)
        _ = try FleetData.parse(bytes, nowMilliseconds: nowMilliseconds)
        return bytes
    }

    // MARK: Pausing

    /// - Parameter note: its end says whether the pause has one.
    package mutating func pause(_ lockname: String, _ note: PauseNote = PauseNote()) {
        keep(lockname, .jobs, note, known: fleet.pauses.jobNotes[ExactName(lockname)])
    }

    package mutating func drain(_ host: String, _ note: PauseNote = PauseNote()) {
        keep(host, .hosts, note, known: fleet.pauses.hostNotes[ExactName(host)])
    }

    package mutating func pauseAll(_ note: PauseNote) {
        if let note = renewed(note, known: fleet.pauses.all) { set(FleetPauses.allKey, note.json) }
    }

    package mutating func resume(_ lockname: String) throws(EditError) {
        guard fleet.pauses.jobNotes[ExactName(lockname)] != nil else {
            let hint = fleet.pauses.all == nil ? "" : " by its name, but all jobs are; switchmanctl resume --all"
            throw .refused("\(lockname) is not paused\(hint)")
        }
        forget(lockname, .jobs)
    }

    package mutating func undrain(_ host: String) throws(EditError) {
        guard fleet.pauses.hostNotes[ExactName(host)] != nil else {
            let hint = fleet.drain(of: host).map { " by its name, but as \(Excerpt.of($0.entry)); undrain that" } ?? ""
            throw .refused("\(host) is not drained\(hint)")
        }
        forget(host, .hosts)
    }

    /// Jobs that are paused by their names stay so.
    package mutating func resumeAll() throws(EditError) {
        guard fleet.pauses.all != nil else { throw .refused("there is no pause of all jobs") }
        set(FleetPauses.allKey, nil)
    }

    /// The note to write; nil if it says nothing new. What is not said again stays as it was: why, and since when.
    private func renewed(_ note: PauseNote, known: PauseNote?) -> PauseNote? {
        guard let known else { return note }
        var note = note
        note.why = note.why ?? known.why
        note.since = known.since
        return note.until == known.until && note.why == known.why ? nil : note
    }

    /// See `FleetPauses`: one without an end stands in the list.
    private mutating func keep(_ name: String, _ kind: FleetPauses.Kind, _ note: PauseNote, known: PauseNote?) {
        guard let note = renewed(note, known: known) else { return }
        if note.until == nil { add(name, to: kind.list, list(kind)) } else { remove(name, from: kind.list, list(kind)) }
        setNote(name, kind.notes, note == PauseNote() ? nil : note.json)
    }

    private mutating func forget(_ name: String, _ kind: FleetPauses.Kind) {
        remove(name, from: kind.list, list(kind))
        setNote(name, kind.notes, nil)
    }

    private func list(_ kind: FleetPauses.Kind) -> [String] { (members[kind.list]?.array ?? []).compactMap(\.string) }

    private mutating func setNote(_ name: String, _ key: ExactName, _ note: JSONValue?) {
        var notes = members[key]?.object ?? [:]
        guard note != nil || notes[ExactName(name)] != nil else { return }
        notes[ExactName(name)] = note
        set(key, notes.isEmpty ? nil : .object(notes))
    }

    // MARK: Holding

    /// - Parameter note: its end says whether the hold has one.
    package mutating func hold(_ resource: String, _ note: PauseNote = PauseNote()) throws(EditError) {
        guard fleet.knowsResource(resource) else {
            throw .refused("there is no resource \(resource); switchmanctl resources list shows those there are")
        }
        guard let note = renewed(note, known: fleet.pauses.holds[ExactName(resource)]) else { return }
        setNote(resource, FleetPauses.holdsKey, note.json)
    }

    package mutating func release(_ resource: String) throws(EditError) {
        guard fleet.pauses.holds[ExactName(resource)] != nil else {
            let other = fleet.holds(on: resource).first.map { Excerpt.of($0.entry, longest: 255) }
            let hint = other.map { " by that name, but as \($0); release that" } ?? ""
            throw .refused("\(resource) is not held\(hint)")
        }
        setNote(resource, FleetPauses.holdsKey, nil)
    }

    /// Without the pauses and holds that have been over for a day, since this host's clock may be ahead of others'; and without
    /// notes of names that an older version has taken out of its list.
    private var withoutThePast: [ExactName: JSONValue] {
        var members = members
        for (kind, current) in [(FleetPauses.Kind.jobs, fleet.pauses.jobNotes), (.hosts, fleet.pauses.hostNotes)] {
            guard let notes = members[kind.notes]?.object else { continue }
            let listed = Set(list(kind).map { ExactName($0) })
            let kept = notes.filter { name, note in
                let ends = note.object?["until"].map { $0 != .null } ?? false
                return (current[name] != nil || isRecent(note)) && ends != listed.contains(name)
            }
            members[kind.notes] = kept.isEmpty ? nil : .object(kept)
        }
        if let holds = members[FleetPauses.holdsKey]?.object {
            let kept = holds.filter { name, note in fleet.pauses.holds[name] != nil || isRecent(note) }
            members[FleetPauses.holdsKey] = kept.isEmpty ? nil : .object(kept)
        }
        if fleet.pauses.all == nil, !isRecent(members[FleetPauses.allKey] ?? .null) {
            members[FleetPauses.allKey] = nil
        }
        return members
    }

    private func isRecent(_ note: JSONValue) -> Bool {
        let until = (note.object?["until"]?.string).flatMap { TimeStamp($0) }
        return until.map { $0 > TimeStamp(milliseconds: nowMilliseconds - Self.dayMilliseconds) } ?? false
    }

    private static let dayMilliseconds: Int64 = 86_400_000

    // MARK: Groups

    package mutating func addGroup(_ group: String, members added: [String]) {
        let known = fleet.groups[ExactName(group)]
        var all = known ?? []
        for member in added where !all.contains(where: { $0.isSameName(as: member) }) { all.append(member) }
        if all.count != known?.count { setGroup(group, all) }
    }

    /// - Parameter removed: empty: the whole group.
    package mutating func removeGroup(_ group: String, members removed: [String]) throws(EditError) {
        guard let known = fleet.groups[ExactName(group)] else { throw .refused("there is no group \(group)") }
        if removed.isEmpty {
            // Its name would become that of a host there.
            for (other, members) in fleet.groups.sorted(by: { $0.key < $1.key })
            where other != ExactName(group) && members.contains(where: { $0.isSameName(as: group) }) {
                throw .refused("group \(group) is a member of group \(other.text); remove it there first")
            }
            return setGroup(group, nil)
        }
        for member in removed where !known.contains(where: { $0.isSameName(as: member) }) {
            throw .refused("\(member) is not a member of group \(group)")
        }
        setGroup(group, known.filter { member in !removed.contains { $0.isSameName(as: member) } })
    }

    private mutating func setGroup(_ group: String, _ list: [String]?) {
        var groups = members["groups"]?.object ?? [:]
        groups[ExactName(group)] = list.map { .array($0.map { .string($0) }) }
        set("groups", .object(groups))
    }

    // MARK: Resources

    /// - Parameter total: nil: as it is, or none.
    package mutating func addResource(_ resource: String, total: JSONValue?) {
        if !fleet.resources.contains(where: { $0.isSameName(as: resource) }) {
            add(resource, to: "resources", fleet.resources)
        }
        if let total, fleet.totals[ExactName(resource)] != total { setTotal(resource, total) }
    }

    package mutating func removeResource(_ resource: String) throws(EditError) {
        guard fleet.resources.contains(where: { $0.isSameName(as: resource) }) else {
            throw .refused("there is no resource \(resource)")
        }
        // Runs that wait already would get permits of it.
        if fleet.pauses.holds[ExactName(resource)] != nil {
            throw .refused("resource \(resource) is held; release it first: switchmanctl resources release \(resource)")
        }
        remove(resource, from: "resources", fleet.resources)
        if fleet.totals[ExactName(resource)] != nil { setTotal(resource, nil) }
    }

    private mutating func setTotal(_ resource: String, _ total: JSONValue?) {
        var totals = members["totals"]?.object ?? [:]
        totals[ExactName(resource)] = total
        set("totals", .object(totals))
    }

    // MARK: Members

    private mutating func add(_ name: String, to key: ExactName, _ list: [String]) {
        if list.contains(where: { $0.isSameName(as: name) }) { return }
        set(key, .array((list + [name]).map { .string($0) }))
    }

    private mutating func remove(_ name: String, from key: ExactName, _ list: [String]) {
        guard list.contains(where: { $0.isSameName(as: name) }) else { return }
        set(key, .array(list.filter { !$0.isSameName(as: name) }.map { .string($0) }))
    }

    private mutating func set(_ key: ExactName, _ value: JSONValue?) {
        members[key] = value
        hasChanged = true
        // Several edits in a row see each other.
        let bytes = Array(JSONValue.object(members).wholeText.utf8)
        if let now = try? FleetData.parse(bytes, nowMilliseconds: nowMilliseconds) { fleet = now }
    }
}
