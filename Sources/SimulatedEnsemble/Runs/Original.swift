import Coordination
import Recipes
import Run

/// A run of the Perl original, as far as others can tell it from ours: what it does on the wire (Docs/Protocol.md), and that
/// it knows neither marks nor records nor terms. Its host, its connection and its processes are never harmed: what becomes
/// of its command then is nothing that others could help.
struct Original {
    let run: SimulatedRun
    let talk: Conversation

    func perform() async -> Ended {
        do throws(Interruption) {
            if !run.job.leases.isEmpty, let skip = try await takeLeases() { return skip }
            if run.job.takesLock, try await !takeLock() { return Ended(outcome: .locked) }
        } catch {
            return Ended(outcome: .unavailable, reason: "\(error)")
        }
        let code = await runCommand()
        let names = leases + (run.job.takesLock ? [run.job.lockPath] : [])
        _ = try? await talk.askAgain(names.map { .multi([.delete($0)]) })
        return Ended(outcome: .ran, code: code)
    }

    // MARK: Leases

    private final class Held { var leases: [String] = [] }
    private let held = Held()
    private var leases: [String] { held.leases }

    init(run: SimulatedRun, talk: Conversation) {
        self.run = run
        self.talk = talk
    }

    /// It joins its queues one by one, keeps its places until it holds every lease, and polls once a second.
    private func takeLeases() async throws(Interruption) -> Ended? {
        let layout = Plot.layout
        for lease in run.job.leases {
            let names = try await children(layout.queue(lease.resource))
            if names.contains(where: { Place(name: $0)?.lockname == run.job.lockname }) {
                return Ended(outcome: .queued)
            }
        }
        var places: [String] = []
        for lease in run.job.leases {
            places.append(try await make("\(layout.queue(lease.resource))/\(run.job.lockname)-"))
        }
        for (lease, place) in zip(run.job.leases, places) {
            while try await !heads(place) { try await second() }
            while try await !take(lease) { try await second() }
        }
        _ = try await talk.askAgain(places.map { .multi([.delete($0)]) })
        return nil
    }

    private func heads(_ place: String) async throws(Interruption) -> Bool {
        let cut = place.lastIndex(of: "/") ?? place.startIndex
        let names = try await children(String(place[..<cut]))
        return names.min { $0.suffix(10) < $1.suffix(10) } == String(place[place.index(after: cut)...])
    }

    private func take(_ lease: LeaseRequest) async throws(Interruption) -> Bool {
        let folder = Plot.layout.leases(lease.resource)
        var taken: Int64 = 0
        for name in try await children(folder) { taken += Int64(name.split(separator: "_").first ?? "") ?? 0 }
        guard taken + lease.count <= lease.total else { return false }
        held.leases.append(try await make("\(folder)/\(lease.count)_\(lease.total)_"))
        return true
    }

    private func second() async throws(Interruption) {
        let until = run.now.advanced(by: .seconds(1))
        while run.now < until { try await talk.pause(until: until) }
    }

    private func children(_ path: String) async throws(Interruption) -> [String] {
        guard case .success(.children(let names)) = try await talk.askAgain([.children(path, watch: false)])[0] else {
            return []
        }
        return names
    }

    private func make(_ path: String) async throws(Interruption) -> String {
        let reply = try await talk.ask([.multi([.create(path, data: run.job.nodeData, .ephemeralSequential)])])[0]
        guard case .success(.committed(let made)) = reply, let name = made.first ?? nil else { throw .sessionExpired }
        return name
    }

    // MARK: The lock and the command

    private func takeLock() async throws(Interruption) -> Bool {
        let create = Request.multi([.create(run.job.lockPath, data: run.job.nodeData, .ephemeral)])
        let replies = try await talk.ask([create, .exists(run.job.lockPath, watch: true)])
        if case .success = replies[0] { return true }
        return false
    }

    private func runCommand() async -> Int32? {
        run.tree.start(sequence: 1, schedule: .never, environment: [], again: false)
        while true {
            switch await run.next() {
            case .tree(.reaped), .tree(.failedToStart), .tree(.guardianGone): return run.tree.processes.ownCode
            case .watch(run.job.lockPath, .deleted), .watch(run.job.lockPath, .changed), .session(.expired):
                run.tree.kill()
            default: break
            }
        }
    }
}
