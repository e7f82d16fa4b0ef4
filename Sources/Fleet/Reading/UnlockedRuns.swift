import Coordination
package import Recipes
package import Text

extension FleetConnection {
    /// What is remembered of these jobs' runs without a lock, in no order; nothing of a job that has none.
    ///
    /// - Parameter watch: leave watches on all that is there, and on the beginning of what is not.
    package func unlockedRuns(
        of locknames: [String], watch: Bool = false
    ) async throws -> [ExactName: [UnlockedRun]] {
        let parents = locknames.map(layout.unlockedRuns)
        let asked = parents.map { Request.children($0, watch: watch) }
        let lists = try await ask(asked)
        if watch { try await watchMissing(zip(asked, lists)) }
        let places = try lists.map { try $0.children().prefix(Int(UnlockedRun.places)) }
        let paths = zip(parents, places).flatMap { parent, places in places.map { "\(parent)/\($0)" } }
        var nodes = try await ask(paths.map { .get($0, watch: watch) })[...]
        var found: [ExactName: [UnlockedRun]] = [:]
        for (lockname, places) in zip(locknames, places) where !places.isEmpty {
            found[ExactName(lockname)] = try nodes.prefix(places.count).compactMap { reply in
                try reply.node().flatMap { UnlockedRun(data: $0.data, stat: $0.stat) }
            }
            nodes = nodes.dropFirst(places.count)
        }
        return found
    }
}
