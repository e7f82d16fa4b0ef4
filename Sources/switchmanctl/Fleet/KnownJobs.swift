import Coordination
import Fleet
import Recipes
import Text

/// The jobs that a fleet knows by name, for whoever was asked about another one.
struct KnownJobs {
    let names: Set<ExactName>

    /// More names than this are not compared: what that would cost is not worth it.
    private static let mostNames = 10_000

    /// - Parameter folders: where names of jobs stand.
    static func read(_ fleet: FleetConnection, _ folders: [String] = ["jobs", "locks", "waiters", "runs"]) async throws
        -> KnownJobs
    {
        let lists = try await fleet.ask(folders.map { .children("\(fleet.layout.prefix)/\($0)", watch: false) })
        return KnownJobs(names: Set(try lists.flatMap { try $0.children() }.map { ExactName($0) }))
    }

    func contains(_ name: String) -> Bool { names.contains(ExactName(name)) }

    /// The one of which that is a slip of the finger.
    func slip(_ name: String, and others: Set<ExactName> = []) -> String? {
        NearestWord.slip(name, among: names.union(others).sorted().prefix(Self.mostNames).map(\.text))
    }

    /// With the jobs for which runs wait in queues for permits, if one of these names is not known without them: each resource has
    /// a queue, and there may be as many as hosts.
    func known(with names: [String], _ fleet: FleetConnection) async throws -> KnownJobs {
        if names.allSatisfy(contains) { return self }
        let queues = try await fleet.children(of: ["\(fleet.layout.prefix)/queues"])
        let lists = try await fleet.ask(queues.map { .children($0, watch: false) })
        let queued = try lists.flatMap { try $0.children().compactMap { Place(name: $0)?.lockname } }
        return KnownJobs(names: self.names.union(queued.map { ExactName($0) }))
    }

    /// The end of a refusal that names a job of which nothing is known; empty if it is known after all, or if nobody can tell.
    static func hint(at name: String, _ fleet: FleetConnection) async throws -> String {
        do {
            let known = try await read(fleet).known(with: [name], fleet)
            return known.contains(name) ? "" : NearestWord.hint(known.slip(name))
        } catch let interruption as Interruption {
            if case .signal = interruption { throw interruption }
            return ""
        }
    }
}
