import Coordination
import Fleet
import Host
import Recipes
import Steering
import Text

/// Warns of names that nobody knows: a slip of the finger would go unnoticed otherwise. Where nothing is known at all, as in a new
/// fleet, nothing is said.
struct NameSlips {
    let fleet: FleetConnection

    private var layout: Layout { fleet.layout }

    /// The verb is not about this: what cannot be read, or not any more, says nothing.
    private func ifReadable(_ look: () async throws -> Void) async throws {
        do { try await look() } catch let interruption as Interruption {
            if case .signal = interruption { throw interruption }
        }
    }

    // MARK: - Jobs

    /// What to say of jobs that have no record, no lock and no run in a queue, once they have been paused: that may end the only
    /// run by which one is known. What cannot be read says nothing, and keeps nobody from pausing.
    func warnings(ofJobs names: [String]) async throws -> [String] {
        var warnings: [String] = []
        try await ifReadable { warnings = try await compare(jobs: names) }
        return warnings
    }

    /// Of what is no job's name, no resource's and no host's.
    func warn(ofSubject name: String) async throws {
        try await ifReadable {
            let data = fleet.fleetDataIfReadable(
                try await fleet.ask([.get(layout.prefix, watch: false)])[0].node()?.data ?? [])
            let resources = try await fleet.ask([.children("\(layout.prefix)/semaphores", watch: false)])[0].children()
            let names = try await KnownHosts.read(fleet, data).union((resources + data.resources).map { ExactName($0) })
            try await compare(jobs: [name], and: names).forEach(Screen.complain)
        }
    }

    /// - Parameter others: what else may have been meant.
    private func compare(jobs names: [String], and others: Set<ExactName> = []) async throws -> [String] {
        let known = try await KnownJobs.read(fleet).known(with: names, fleet)
        if known.names.isEmpty { return [] }
        let originals = fleet.settings.mixedFleet ? " (an original's runs leave no record)" : ""
        return names.filter { !known.contains($0) }.map { name in
            let hint = NearestWord.hint(known.slip(name, and: others))
            return "warning: no run of \(shown(name)) is known\(originals)\(hint)"
        }
    }

    // MARK: - Hosts

    /// Of hosts that are in no group and have run nothing; of patterns that match no host that is known.
    func warn(ofHosts entries: [String], in data: FleetData) async throws {
        try await ifReadable { try await compare(hosts: entries, data) }
    }

    private func compare(hosts entries: [String], _ data: FleetData) async throws {
        let hosts = try await KnownHosts.read(fleet, data)
        if hosts.isEmpty { return }
        for entry in entries {
            if data.groups[ExactName(entry)] != nil {
                Screen.complain("warning: \(shown(entry)) is a group here; name its hosts, or a pattern")
            } else if HostPattern.isPattern(entry) {
                if !hosts.contains(where: { HostPattern.matches(entry, host: $0.text) }) {
                    Screen.complain("warning: no host is known that \(shown(entry)) matches")
                }
            } else if !hosts.contains(ExactName(entry)) {
                say("no host \(shown(entry)) is known", meaning: Self.slip(ofHost: entry, among: hosts))
            }
        }
    }

    // MARK: - Groups

    /// Of new groups that are nearly called as others, and of new members whose names are nearly those of other hosts: a new
    /// host is nothing to warn of.
    ///
    /// - Parameter data: as it was before.
    func warn(ofGroups added: [(group: String, members: [String])], in data: FleetData) async throws {
        let groups = Set(data.groups.keys)
        for (group, _) in added where !groups.contains(ExactName(group)) {
            guard let meant = NearestWord.slip(group, among: groups.sorted().map(\.text)) else { continue }
            Screen.complain("warning: group \(shown(group)) is new\(NearestWord.hint(meant))")
        }
        let members = added.flatMap(\.members)
        if members.isEmpty { return }
        // Without the records, for which another may have no rights, the groups say what they say.
        var hosts = Set(data.groups.values.joined().map { ExactName($0) })
            .filter { !groups.contains($0) && !HostPattern.isPattern($0.text) }
        try await ifReadable { hosts.formUnion(try await KnownHosts.read(fleet, data, withOwn: false)) }
        let slips = GroupSlips(groups: groups, hosts: hosts)
        for warning in slips.warnings(ofMembers: members, new: added.map(\.group)) {
            Screen.complain("warning: \(warning)")
        }
    }

    private static func domain(_ host: String) -> String? {
        host.firstIndex(of: ".").map { String(host[host.index(after: $0)...]) }
    }

    /// Either in the host's own name or in its domain: names of one domain are alike without being meant for each other.
    private static func slip(ofHost name: String, among hosts: Set<ExactName>) -> String? {
        func own(_ host: String) -> String { String(host.prefix { $0 != "." }) }
        return hosts.sorted().map(\.text).first { host in
            if own(host) == own(name), let domain = domain(host) {
                return NearestWord.slip(Self.domain(name) ?? "", among: [domain]) != nil
            }
            return domain(host) == domain(name) && NearestWord.slip(own(name), among: [own(host)]) != nil
        }
    }

    // MARK: - Resources

    /// Adds to a refusal which resource was probably meant.
    ///
    /// - Parameter held: among those that are held, rather than all.
    static func hinting(
        at resource: String, held: Bool = false, _ edit: inout FleetEdit,
        _ change: (inout FleetEdit) throws -> Void
    ) throws {
        let known = held ? edit.fleet.pauses.holds.keys.sorted().map(\.text) : edit.fleet.resources
        try hinting(at: [resource], among: known) { try change(&edit) }
    }

    /// Of a new resource that is nearly called as another.
    ///
    /// - Parameter data: as it was before.
    static func warn(ofResource resource: String, in data: FleetData) {
        if data.resources.contains(where: { $0.isSameName(as: resource) }) { return }
        guard let meant = NearestWord.slip(resource, among: data.resources) else { return }
        Screen.complain("warning: resource \(shown(resource)) is new\(NearestWord.hint(meant))")
    }

    // MARK: - Words

    /// Adds to a refusal which names were probably meant by those that are none of the known.
    static func hinting(at names: [String], among known: [String], _ change: () throws -> Void) throws {
        do { try change() } catch EditError.refused(let text) {
            // The refusal is about one of them, the first that is none.
            let strange = names.first { name in !known.contains { $0.isSameName(as: name) } }
            let meant = strange.flatMap { NearestWord.slip($0, among: known) }
            throw EditError.refused(text + NearestWord.hint(meant))
        }
    }

    private func say(_ what: String, meaning meant: String?) {
        Screen.complain("warning: \(what)\(NearestWord.hint(meant))")
    }
}

private func shown(_ name: String) -> String { "\"\(Excerpt.of(name, longest: 255))\"" }
