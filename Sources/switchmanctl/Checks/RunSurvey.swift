import Checks
import Coordination
import Fleet
import Host
import Recipes
import Run

/// Opens a session by the way that a run goes (names, the C client, its choice of a server, its patience), and asks one
/// question in it.
enum RunSurvey {
    /// More nodes of a tree are not asked for; the finding says so.
    private static let mostNodes = 5000

    /// Nil: the configuration leaves the tree open.
    private static func openness(_ fleet: FleetConnection) async throws -> TreeOpenness? {
        guard !fleet.settings.access.list.contains(where: \.isOpen) else { return nil }
        var (level, sight) = ([fleet.layout.prefix], TreeOpenness())
        while !level.isEmpty, sight.isWhole {
            let nodes = Array(level.prefix(mostNodes - sight.lookedAt))
            sight.isWhole = nodes.count == level.count
            sight.lookedAt += nodes.count
            let lists = try await fleet.ask(nodes.map { .accessList($0) })
            sight.open += try zip(nodes, lists).filter { try $1.accessList()?.contains(where: \.isOpen) ?? false }
                .map(\.0)
            level = try await fleet.children(of: nodes)
        }
        return sight
    }

    /// - Parameter isRenewed: whether a session was ended by the servers already. A run begins another one then, too.
    static func ask(_ settings: Configuration, isRenewed: Bool = false) throws -> RunSight {
        do {
            return try FleetConnection.open(settings.withPatienceOfAChecker) { fleet in
                // Whether the node exists is no matter: no access list forbids this question, and each answer is one.
                _ = try await fleet.talk.askAgain([.exists(fleet.layout.prefix, watch: false)])[0].stat()
                return .answered(try await openness(fleet))
            }
        } catch Interruption.sessionExpired where !isRenewed {
            return try ask(settings, isRenewed: true)
        } catch {
            // A signal is nobody's finding.
            guard case .failed(let outcome, let why)? = Complaint(error) else { throw error }
            // What this host lacks says nothing about the servers.
            return .failed(
                outcome == .osError ? .unknown : .critical,
                "no run can start from here (exit code \(outcome.defaultCode)): \(why)")
        }
    }
}
