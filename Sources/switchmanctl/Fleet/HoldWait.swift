import Coordination
import Fleet
import Recipes
import Steering
import Text

/// Waits until no permit of a held resource is in use: nobody has a lease, and the term of each lost holder is over.
struct HoldWait {
    let fleet: FleetConnection
    /// As the operator wrote it: with macros it is a resource of its own on each host.
    let held: String

    private var layout: Layout { fleet.layout }

    /// What is in use at one moment.
    private struct Use {
        var resource: String
        var leases = 0
        var orphans = 0
        /// The first of the leases.
        var holder: String?
        /// When the first of the lost holders' terms is over.
        var ripeAt: BootInstant?
    }

    /// - Returns: no, with a line that says what is in use, if the limit comes first.
    func perform(limit: Limit) async throws -> Answer {
        let talk = fleet.talk
        let deadline = limit.duration.map { talk.clock.now.advanced(by: $0) }
        var orphansSince: [String: BootInstant] = [:]
        // None comes to be used now that was not used before.
        let names = try await talk.askAgain([.children("\(layout.prefix)/semaphores", watch: false)])[0].children()
            .filter { Macros.pattern(held, mayBecome: $0) }.sorted()
        while true {
            let uses = try await uses(of: names, &orphansSince).filter { $0.leases + $0.orphans > 0 }
            guard let first = uses.first else { return try await stillHeld() }
            let now = talk.clock.now
            if let deadline, now >= deadline {
                Screen.complain(try await sentence(first) + "; the hold stays")
                return .no
            }
            try await talk.pause(until: (uses.compactMap(\.ripeAt) + [deadline].compactMap { $0 }).min())
        }
    }

    /// It may be over, or released by another, and permits given out again, while we waited.
    private func stillHeld() async throws -> Answer {
        let node = try await fleet.talk.askAgain([.get(layout.prefix, watch: false)])[0].node()
        let data = fleet.fleetDataIfReadable(node?.data ?? [])
        if data.pauses.holds[ExactName(held)] != nil { return .yes }
        Screen.complain("\(Excerpt.of(held, longest: 255)): nothing is in use, but it is held no more")
        return .no
    }

    private func uses(of names: [String], _ orphansSince: inout [String: BootInstant]) async throws -> [Use] {
        let lists = try await fleet.ask(
            names.flatMap { [layout.leases($0), layout.marks($0)] }.map { .children($0, watch: true) })
        let now = fleet.talk.clock.now
        var uses: [Use] = []
        for (index, name) in names.enumerated() {
            let leases = try lists[2 * index].children()
            let permits = leases.compactMap(Permit.init(lease:))
            // What is no lease is in the way of every run, and of this too.
            var use = Use(resource: name, leases: leases.count, holder: leases.min())
            let sessions = Set(permits.compactMap(\.session))
            for mark in try lists[2 * index + 1].children().compactMap(Permit.init(mark:)) {
                guard case .mark(let session, let seconds) = mark.kind, !sessions.contains(session) else { continue }
                let path = "\(layout.marks(name))/\(mark.name)"
                let since = orphansSince[path] ?? now
                orphansSince[path] = since
                let ripe = since.advanced(by: Term(seconds: seconds).waitOut)
                if now >= ripe { continue }
                use.orphans += 1
                use.ripeAt = min(use.ripeAt ?? ripe, ripe)
            }
            uses.append(use)
        }
        return uses
    }

    private func sentence(_ use: Use) async throws -> String {
        let name = Excerpt.of(use.resource, longest: 255)
        guard use.leases > 0 else {
            return "\(name): permits of a lost holder are still in use, until its term is over"
        }
        let runs = use.leases == 1 ? "1 run still has permits" : "\(use.leases) runs still have permits"
        guard let holder = use.holder,
            let node = try await fleet.talk.askAgain([.get("\(layout.leases(use.resource))/\(holder)", watch: false)])[
                0
            ]
            .node()
        else { return "\(name): \(runs)" }
        let contender = Contender(data: node.data, stat: node.stat)
        let pid = contender.pid.map { " (pid \($0))" } ?? ""
        return "\(name): \(runs), \(use.leases == 1 ? "" : "one of them ")on \(Excerpt.of(contender.host))\(pid)"
    }
}
