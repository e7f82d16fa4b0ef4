package import Text

/// The fleet's configuration, as it stands in the data of PREFIX: who belongs to which group, which resources there are.
package struct FleetData: Sendable, Equatable {
    /// The members of each group: hosts, and names of other groups.
    package let groups: [ExactName: [String]]
    /// Resource names in the order of their queues, macros not yet replaced.
    package let resources: [String]
    /// How many permits a resource has in all, macros not yet replaced: what every run's TOTAL must agree with.
    package let totals: [ExactName: JSONValue]
    /// Of what nothing is to be started, and where.
    package let pauses: FleetPauses

    package init(
        groups: [ExactName: [String]], resources: [String], totals: [ExactName: JSONValue] = [:],
        pauses: FleetPauses = FleetPauses()
    ) {
        self.groups = groups
        self.resources = resources
        self.totals = totals
        self.pauses = pauses
    }

    package static let none = FleetData(groups: [:], resources: [])

    /// Reads the node's data; none at all is an empty configuration.
    ///
    /// - Parameter nowMilliseconds: this host's clock, since the epoch: a pause that is over by then is as if it were not there.
    package static func parse(_ bytes: [UInt8], nowMilliseconds: Int64) throws(FleetDataError) -> FleetData {
        if bytes.isEmpty { return .none }
        if isHostAndPid(bytes) {
            throw FleetDataError(
                message:
                    "prefix data is \"\(Excerpt.of(bytes))\", which the original switchman leaves when it makes a missing "
                    + "PREFIX and then cannot read; write {} there, or switchmanctl fleet restore")
        }
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            throw FleetDataError(
                problem: "it \(error.problem)",
                message: "prefix data \(error.problem); mend it with switchmanctl fleet restore, or fleet edit")
        }
        guard case .object(let object) = value else {
            throw FleetDataError(message: "prefix data is \(value.kind); it must be an object, such as {}")
        }
        return FleetData(
            groups: try groups(object["groups"]), resources: try list(object["resources"], "resources"),
            totals: try totals(object["totals"]),
            pauses: try FleetPauses(
                object, paused: try list(object["paused"], "paused"), drained: try list(object["drained"], "drained"),
                nowMilliseconds: nowMilliseconds))
    }

    /// The pause of that job by its name, or else of all jobs.
    package func pause(of lockname: String) -> PauseNote? { pauses.jobNotes[ExactName(lockname)] ?? pauses.all }
    /// The drain of that host: the entry that names it, which may be a pattern. One by its name comes first.
    package func drain(of host: String) -> (entry: String, note: PauseNote)? {
        if let note = pauses.hostNotes[ExactName(host)] { return (host, note) }
        guard let entry = pauses.hosts.first(where: { HostPattern.matches($0, host: host) }) else { return nil }
        return (entry, pauses.hostNotes[ExactName(entry)] ?? PauseNote())
    }

    /// The declared total of a resource whose macros are replaced; nil if none is declared.
    package func total(of resource: String, macros: Macros) throws(FleetDataError) -> Int64? {
        // Of two keys that become one name, the same one counts on every host.
        for (key, value) in totals.sorted(by: { $0.key < $1.key })
        where macros.expand(key.text).isSameName(as: resource) {
            return try Self.total(value, of: key.text, macros: macros)
        }
        return nil
    }

    /// The entry that makes the host one of the group, in it or in groups within it: its name, or a pattern. Nil if none does.
    /// Names are compared byte for byte; a name that is a group's is never a pattern.
    package func entry(of host: String, in group: String) throws(FleetDataError) -> String? {
        guard groups[ExactName(group)] != nil else {
            let names = groups.keys.sorted().map(\.text)
            var known = names.prefix(Self.mostGroups).map { Excerpt.of($0, longest: Self.longestGroup) }
            if names.count > known.count { known.append("and \(names.count - known.count) more") }
            let others = known.isEmpty ? "there are no groups" : "there are \(known.joined(separator: ", "))"
            throw FleetDataError(
                message: "group \"\(Excerpt.of(group))\" is not described (\(others)); "
                    + NearestWord.otherwise(
                        NearestWord.slip(group, among: Array(names.prefix(NearestWord.mostCompared))))
                    + "add its hosts: switchmanctl groups add \(Excerpt.of(group)) HOST")
        }
        var entry: String?
        visitMembers(of: group) { member in
            guard HostPattern.matches(member, host: host) else { return true }
            entry = member
            return false
        }
        return entry
    }

    /// In a message, which has 1 kB.
    private static let mostGroups = 5
    private static let longestGroup = 20

    /// The hosts and patterns of the group and of the groups within it; none if there is no such group.
    package func members(of group: String) -> [String] {
        var members: [String] = []
        visitMembers(of: group) { member in
            members.append(member)
            return true
        }
        return members
    }

    /// - Parameter goesOn: whether to look at the next.
    private func visitMembers(of group: String, _ goesOn: (String) -> Bool) {
        var toVisit = [ExactName(group)]
        var seen = Set(toVisit)
        while let next = toVisit.popLast() {
            for member in (groups[next] ?? []).map({ ExactName($0) }) {
                if groups[member] == nil {
                    if !goesOn(member.text) { return }
                } else if seen.insert(member).inserted {
                    toVisit.append(member)
                }
            }
        }
    }

    /// The resources with their macros replaced, in the order of their queues, each once.
    package func orderedResources(macros: Macros) -> [String] {
        var seen: Set<[UInt8]> = []
        return resources.map { macros.expand($0) }.filter { seen.insert(Array($0.utf8)).inserted }
    }

    // MARK: - Reading

    private static func groups(_ value: JSONValue?) throws(FleetDataError) -> [ExactName: [String]] {
        switch value {
        case nil, .null:
            return [:]
        case .object(let described):
            var groups: [ExactName: [String]] = [:]
            for (name, members) in described where members != .null {
                groups[name] = try Self.members(members, of: name.text)
            }
            return groups
        case .some(let other):
            throw FleetDataError(message: "prefix data: \"groups\" is \(other.kind); it must be an object of groups")
        }
    }

    private static func members(_ value: JSONValue, of group: String) throws(FleetDataError) -> [String] {
        let place = "group \"\(Excerpt.of(group))\""
        switch value {
        case .string(let member):
            return [member]
        case .array(let members):
            return try strings(members, of: place)
        default:
            throw FleetDataError(
                message: "prefix data: \(place) is \(value.kind); it must be a string or a list of strings")
        }
    }

    private static func list(_ value: JSONValue?, _ key: String) throws(FleetDataError) -> [String] {
        switch value {
        case nil, .null:
            return []
        case .array(let names):
            return try strings(names, of: "\"\(key)\"")
        case .some(let other):
            throw FleetDataError(message: "prefix data: \"\(key)\" is \(other.kind); it must be a list of strings")
        }
    }

    private static func totals(_ value: JSONValue?) throws(FleetDataError) -> [ExactName: JSONValue] {
        switch value {
        case nil, .null:
            return [:]
        case .object(let totals):
            return totals.filter { $0.value != .null }
        case .some(let other):
            throw FleetDataError(
                message: "prefix data: \"totals\" is \(other.kind); it must be an object, such as {\"cpu\": 8}")
        }
    }

    /// A number, or arithmetic in a string, as on the command line.
    private static func total(
        _ value: JSONValue, of resource: String, macros: Macros
    ) throws(FleetDataError) -> Int64 {
        let place = "prefix data: the total of \"\(Excerpt.of(resource))\""
        switch value {
        case .integer(let total) where (1..<(1 << 53)).contains(total):
            return total
        case .string(let text) where text.utf8.count <= 4096:
            do throws(LeaseError) {
                return try LeaseRequest.total(text, macros: macros)
            } catch {
                throw FleetDataError(message: "\(place): \(error.problem)")
            }
        default:
            throw FleetDataError(
                message: "\(place) is invalid: expected an integer from 1 on, or arithmetic such as \"CPU\"")
        }
    }

    private static func strings(_ values: [JSONValue], of place: String) throws(FleetDataError) -> [String] {
        var strings: [String] = []
        strings.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            guard case .string(let string) = value else {
                throw FleetDataError(
                    message: "prefix data: item \(index + 1) of \(place) is \(value.kind); it must be a string")
            }
            strings.append(string)
        }
        return strings
    }

    /// `FQDN PID`, the FQDN empty if the original could not find it.
    private static func isHostAndPid(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 512, let blank = bytes.firstIndex(of: UInt8(ascii: " ")) else { return false }
        let startsLikeJSON = bytes.first.map { "{[\"".utf8.contains($0) } ?? false
        return !startsLikeJSON && DigitText.parse(bytes[(blank + 1)...]) != nil
    }
}

/// Prefix data that cannot be used, or does not describe what was asked for. One line that names the key.
package struct FleetDataError: Error, Equatable {
    package let message: String
    /// The same of text that is not PREFIX's data yet.
    package let problem: String

    package init(problem: String? = nil, message: String) {
        (self.message, self.problem) = (message, problem ?? message)
    }
}
