package import Recipes

/// A change of the fleet's data: what is not touched stays as it is, keys that mean nothing to us included.
package struct FleetEdit: Sendable {
    private var members: [ExactName: JSONValue]
    /// As it was, understood: who edits data that no run can read would not see what they do.
    private var fleet: FleetData
    /// Whether anything is different now.
    package private(set) var hasChanged = false

    package init(bytes: [UInt8]) throws(FleetDataError) {
        fleet = try FleetData.parse(bytes)
        members = (try? JSONValue.parse(bytes, keepsNumbers: true))?.object ?? [:]
    }

    /// As runs will read it.
    package func encoded() throws(FleetDataError) -> [UInt8] {
        let bytes = Array(JSONValue.object(members).wholeText.utf8)
        _ = try FleetData.parse(bytes)
        return bytes
    }

    // MARK: Pausing

    package mutating func pause(_ lockname: String) { add(lockname, to: "paused", fleet.paused) }
    package mutating func drain(_ host: String) { add(host, to: "drained", fleet.drained) }

    package mutating func resume(_ lockname: String) throws(EditError) {
        guard fleet.isPaused(lockname) else { throw .refused("\(lockname) is not paused") }
        remove(lockname, from: "paused", fleet.paused)
    }

    package mutating func undrain(_ host: String) throws(EditError) {
        guard fleet.isDrained(host: host) else { throw .refused("\(host) is not drained") }
        remove(host, from: "drained", fleet.drained)
    }

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
        set(key, .array(list.filter { !$0.isSameName(as: name) }.map { .string($0) }))
    }

    private mutating func set(_ key: ExactName, _ value: JSONValue) {
        members[key] = value
        hasChanged = true
        // Several edits in a row see each other.
        let bytes = Array(JSONValue.object(members).wholeText.utf8)
        if let now = try? FleetData.parse(bytes) { fleet = now }
    }
}
