import Coordination
import Fleet
import Recipes
import Steering
import Text

/// The hosts that a fleet knows by name.
enum KnownHosts {
    /// More names than this are not read.
    private static let mostNodes = 1000

    /// Those of the groups, those that runs have left in records and locks, and this one.
    ///
    /// - Parameter withOwn: false: this one only if it is one of the others.
    static func read(
        _ fleet: FleetConnection, _ data: FleetData, withOwn: Bool = true
    ) async throws -> Set<ExactName> {
        let members = data.groups.values.joined().map { ExactName($0) }
        var hosts = Set(members.filter { data.groups[$0] == nil && !HostPattern.isPattern($0.text) })
        for folder in ["locks", "jobs"] {
            let parent = "\(fleet.layout.prefix)/\(folder)"
            let paths = try await fleet.children(of: [parent]).prefix(mostNodes)
            for reply in try await fleet.ask(paths.map { .get($0, watch: false) }) {
                guard let node = try reply.node() else { continue }
                if let record = JobRecord(bytes: node.data) {
                    hosts.formUnion(([record.host] + record.runs.map(\.host)).map { ExactName($0) })
                } else if folder == "locks" {
                    hosts.insert(ExactName(Contender(data: node.data, stat: node.stat).host))
                }
            }
        }
        if withOwn, let own = fleet.hostName, !hosts.isEmpty { hosts.insert(ExactName(own)) }
        return hosts
    }
}
