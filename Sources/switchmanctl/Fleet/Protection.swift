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
    /// Hears of the nodes that have been changed, before further ones are: what was interrupted has told what it did.
    let tell: ([String]) -> Void

    struct Result {
        var changed = 0
        var kept = 0
        /// Of runs that are under way.
        var ephemeral: [String] = []
    }

    /// Of so many nodes all are changed before any is told. One that is killed between leaves these untold.
    private static let batch = 100

    func perform() async throws -> Result {
        let prefix = fleet.layout.prefix
        // The servers put the session's identities into the list; what it is then is only known when it is read.
        let before = try await fleet.ask([.accessList(prefix)])[0].accessList()
        guard try await protect([prefix], tells: false) == 1 else { throw Self.vanished(prefix) }
        guard let wanted = try await fleet.ask([.accessList(prefix)])[0].accessList() else {
            throw Self.vanished(prefix)
        }
        var result = Result()
        if before == wanted {
            result.kept += 1
        } else {
            tell([prefix])
            result.changed += 1
        }

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
            if stat.ephemeralOwner == 0 { persistent.append(path) } else { result.ephemeral.append(path) }
        }
        let lists = try await fleet.ask(persistent.map { .accessList($0) })
        var open: [String] = []
        for (path, reply) in zip(persistent, lists) {
            guard let list = try reply.accessList() else { continue }
            if list == wanted { result.kept += 1 } else { open.append(path) }
        }
        while !open.isEmpty {
            result.changed += try await protect(Array(open.prefix(Self.batch)), tells: true)
            open.removeFirst(min(Self.batch, open.count))
        }
        return persistent
    }

    /// - Parameter tells: whether those that were changed are told.
    /// - Returns: how many they are. Of a node that is gone somebody's release or a sweep was quicker.
    private func protect(_ paths: [String], tells: Bool) async throws -> Int {
        let replies = try await fleet.ask(paths.map { .protect($0) })
        let changed = zip(paths, replies).filter { Self.isDone($1) }.map(\.0)
        if tells, !changed.isEmpty { tell(changed) }
        if let refusal = replies.first(where: { !Self.isDone($0) && $0.failureReason != .noNode }) {
            throw refusal.interruption
        }
        return changed.count
    }

    private static func isDone(_ reply: Reply) -> Bool { if case .success(.protected) = reply { true } else { false } }

    private static func vanished(_ path: String) -> Complaint {
        Complaint.failed(.badData, "\(path) was deleted meanwhile")
    }
}
