import Recipes
import Text

/// What the ensemble has agreed on, and since when: the referee's own copy.
final class Books {
    private(set) var state = ZNodeTree()
    /// When each run last entered the queues of resources.
    var entered: [Int: Int64] = [:]
    /// For each lock, and for each lockname in a queue: who stood there, from when to when.
    private(set) var stays: [String: [Stay]] = [:]
    private(set) var leasesChangedAt: Int64 = 0
    /// What is declared of each resource, and since when; the newest last.
    private var totals: [(resource: String, total: Int64, since: Int64)] = []
    /// When somebody last left a queue of a resource, so that others moved up.
    private(set) var placesLeftAt: Int64 = 0
    /// Sessions whose lock was deleted by somebody else than its owner.
    var robbed: Set<Int64> = []
    /// Their times are not those of takes any more.
    var recordsWereTouched = false

    struct Stay {
        let session: Int64
        let path: String
        let from: Int64
        var until: Int64?
    }

    /// The most that was declared from an instant on; what it was until that very instant counts.
    func total(of resource: String, since instant: Int64) -> Int64 {
        let known = totals.filter { $0.resource == resource }
        let atFirst = known.last { $0.since < instant }
        return known.filter { $0.since >= instant }.map(\.total).max().map { max($0, atFirst?.total ?? 0) } ?? atFirst?
            .total ?? 0
    }

    /// When the newest lease of these sessions was taken.
    func leased(_ resource: String, by sessions: [Int64]) -> Int64? {
        let folder = "\(Plot.layout.leases(resource))/"
        return stays.filter { $0.key.hasPrefix(folder) }.values.joined().filter { sessions.contains($0.session) }.map(
            \.from
        ).max()
    }

    private func note(_ data: [UInt8], at now: Int64) {
        let macros = Macros(fqdn: "host", cpuCount: 1, memoryMB: 1)
        for resource in ["r1", "r2"] {
            if let fleet = try? FleetData.parse(data, nowMilliseconds: 0),
                let total = try? fleet.total(of: resource, macros: macros)
            {
                totals.append((resource, total, now))
            }
        }
    }

    func apply(_ transaction: Transaction, at now: Int64) {
        for change in transaction.changes {
            switch change {
            case .create(Plot.layout.prefix, let data, _), .set(Plot.layout.prefix, let data): note(data, at: now)
            case .create(let path, _, let owner) where owner != 0:
                stays[subject(path), default: []].append(Stay(session: owner, path: path, from: now))
                if path.isUnder("leases") { leasesChangedAt = now }
            case .delete(let path) where state[path]?.owner ?? 0 != 0:
                if let index = stays[subject(path)]?.lastIndex(where: { $0.path == path && $0.until == nil }) {
                    stays[subject(path)]?[index].until = now
                }
                if path.isUnder("leases") { leasesChangedAt = now }
                if path.isUnder("queues") { placesLeftAt = now }
            default: break
            }
            state.apply(change, zxid: transaction.zxid, at: transaction.milliseconds)
        }
    }

    /// A lock itself; of a place its lockname.
    private func subject(_ path: String) -> String {
        if path.isUnder("waiters"), let place = Place(name: ZNodeTree.name(of: path)) {
            return "line of \(place.lockname)"
        }
        guard path.isUnder("queues"), let place = Place(name: ZNodeTree.name(of: path)) else { return path }
        return "queue of \(place.lockname)"
    }

    func wasHeld(_ lock: String, since: Int64, otherThanBy sessions: some Sequence<Int64>) -> Bool {
        (stays[lock] ?? []).contains { !sessions.contains($0.session) && ($0.until ?? .max) >= since }
    }

    /// The sessions that stood there at some instant since then.
    func stood(_ subject: String, since: Int64) -> Set<Int64> {
        Set((stays[subject] ?? []).filter { ($0.until ?? .max) >= since }.map(\.session))
    }

    /// Whether that was committed before an instant: a node's ctime is that of its proposal, which nobody can see yet.
    func stood(_ path: String, before instant: Int64) -> Bool {
        (stays[subject(path)] ?? []).last { $0.path == path }.map { $0.from < instant } ?? false
    }

    /// Whether that place stood there all the while, and none before it.
    func wasFirst(_ path: String, since: Int64) -> Bool {
        stood(path, before: since)
            && !(stays[subject(path)] ?? []).contains {
                $0.path.suffix(10) < path.suffix(10) && ($0.until ?? .max) >= since
            }
    }

    func wasQueued(_ lockname: String, since: Int64, otherThanBy sessions: [Int64]) -> Bool {
        wasHeld("queue of \(lockname)", since: since, otherThanBy: sessions)
    }

    /// At the end of everything.
    func leftovers() -> [String] {
        let layout = Plot.layout
        var found = state.sessions.map { "session \(String($0.id, radix: 16)) is left" }
        found += state.children("\(layout.prefix)/locks").map { "lock \($0) is left" }
        for resource in state.children("\(layout.prefix)/queues") {
            found += state.children(layout.queue(resource)).map { "place \($0) in \(resource) is left" }
        }
        for lockname in state.children("\(layout.prefix)/waiters") {
            found += state.children(layout.lockQueue(lockname)).map { "place \($0) for \(lockname) is left" }
        }
        for resource in state.children("\(layout.prefix)/semaphores") {
            found += state.children(layout.leases(resource)).map { "lease \($0) of \(resource) is left" }
            found += state.children(layout.marks(resource)).map { "mark \($0) of \(resource) is left" }
        }
        for name in state.children("\(layout.prefix)/jobs") {
            let record = state[layout.record(name)].flatMap { JobRecord(bytes: $0.data) }
            if record?.state != .ended {
                found.append("the record of \(name) is left \(record?.state.rawValue ?? "unreadable")")
            }
        }
        return found
    }
}
