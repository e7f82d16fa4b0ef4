import Coordination
import Fleet
import Recipes
import Run

/// `init --protect`: gives all nodes of a tree that is there the access list of the configuration.
///
/// Each node is one request, so it may be interrupted at any point, and what is protected already is left alone. What is ephemeral
/// goes with its run, whose heartbeats have to read it: it is left as it is.
struct Protection {
    let fleet: FleetConnection

    struct Result {
        var changed: [String] = []
        var kept = 0
        /// Of runs that are under way.
        var ephemeral = 0
    }

    func perform() async throws -> Result {
        let prefix = fleet.layout.prefix
        // The servers put the session's identities into the list; what it is then is only known when it is read.
        let before = try await fleet.ask([.accessList(prefix)])[0].accessList()
        try await protect([prefix])
        guard let wanted = try await fleet.ask([.accessList(prefix)])[0].accessList() else {
            throw Self.vanished(prefix)
        }
        var result = Result()
        if before == wanted { result.kept += 1 } else { result.changed.append(prefix) }

        var parents = [prefix]
        while !parents.isEmpty {
            parents = try await protect(try await fleet.children(of: parents), wanted, &result)
        }
        return result
    }

    /// Returns those that may have children.
    private func protect(_ paths: [String], _ wanted: [AccessEntry], _ result: inout Result) async throws -> [String] {
        let stats = try await fleet.ask(paths.map { .exists($0, watch: false) })
        var persistent: [String] = []
        for (path, reply) in zip(paths, stats) {
            guard let stat = try reply.stat() else { continue }
            if stat.ephemeralOwner == 0 { persistent.append(path) } else { result.ephemeral += 1 }
        }
        let lists = try await fleet.ask(persistent.map { .accessList($0) })
        var open: [String] = []
        for (path, reply) in zip(persistent, lists) {
            guard let list = try reply.accessList() else { continue }
            if list == wanted { result.kept += 1 } else { open.append(path) }
        }
        try await protect(open)
        result.changed += open
        return persistent
    }

    private func protect(_ paths: [String]) async throws {
        for reply in try await fleet.ask(paths.map { .protect($0) }) {
            // Somebody's release or a sweep was quicker.
            if case .success(.protected) = reply { continue }
            guard reply.failureReason == .noNode else { throw reply.interruption }
        }
    }

    private static func vanished(_ path: String) -> Complaint {
        Complaint.failed(.badData, "\(path) was deleted meanwhile")
    }
}
