import Coordination
import Recipes
import Run
package import Steering
import Text

/// Reads everything that `status` shows, in three rounds of batches: lists, their nodes, and the nodes of those.
package struct StatusReader {
    let fleet: FleetConnection
    /// Only this lockname, and no resources.
    let only: String?
    /// Leaves watches on everything whose change would show.
    let watches: Bool

    package init(fleet: FleetConnection, only: String?, watches: Bool) {
        (self.fleet, self.only, self.watches) = (fleet, only, watches)
    }

    private var layout: Layout { fleet.layout }

    /// Every job of which there is a record, a lock, a run in some queue or a pause, whether anything happens to it or not.
    package func readAll() async throws -> FleetStatus {
        var top: [Request] = [.get(layout.prefix, watch: watches)]
        if only == nil {
            top += ["locks", "waiters", "jobs", "runs", "queues", "semaphores"].map {
                .children("\(layout.prefix)/\($0)", watch: watches)
            }
        }
        let replies = try await fleet.ask(top)
        if watches { try await fleet.watchMissing(zip(top, replies)) }
        let bytes = try replies[0].node()?.data ?? []
        let (data, dataError) = fleet.fleetDataOrWhyNot(bytes)
        if let only {
            let locks = try await locks([only], waiters: [only], jobs: [only], unlocked: [only], data)
            return FleetStatus(
                prefix: layout.prefix, fleet: data, locks: locks, resources: [], only: locks.first, dataError: dataError
            )
        }
        let lists = try replies.dropFirst().map { try $0.children() }
        let locks = try await locks(lists[0], waiters: lists[1], jobs: lists[2], unlocked: lists[3], data)
        let resources = try await resources(queues: lists[4], semaphores: lists[5], data)
        return FleetStatus(
            prefix: layout.prefix, fleet: data, locks: Self.locks(locks, waitingFor: resources, data),
            resources: resources, dataError: dataError)
    }

    /// With those who wait for permits. A job whose first run does has left nothing else yet.
    private static func locks(
        _ locks: [LockStatus], waitingFor resources: [ResourceStatus], _ data: FleetData
    ) -> [LockStatus] {
        var permitWaits = PermitWaits.ofJobs(in: resources)
        if permitWaits.isEmpty { return locks }
        var all = locks
        for index in all.indices {
            if let waits = permitWaits.removeValue(forKey: ExactName(all[index].lockname)) {
                all[index].permitWaits = waits
            }
        }
        return all
            + permitWaits.filter { isJobName($0.key.text) }.map { name, waits in
                LockStatus(
                    lockname: name.text, lock: nil, record: nil, waiting: [], permitWaits: waits, pauses: data.pauses)
            }
    }

    private static func isJobName(_ name: String) -> Bool {
        NodeName.objection(to: Array(name.utf8), longestBytes: 1024) == nil
    }

    /// The same for a program that is to know of every pause and total.
    package func readWhole() async throws -> FleetStatus {
        let status = try await readAll()
        if let why = status.dataError { throw Complaint.failed(.badData, why) }
        return status
    }

    /// The lock of that name, or what it stands for else: a resource, also beside a lock of its name, or a host.
    package static func read(
        _ name: String, _ fleet: FleetConnection, watches: Bool
    ) async throws -> FleetStatus {
        let one = try await StatusReader(fleet: fleet, only: name, watches: watches).readAll()
        let folders = ["queues", "semaphores"].map {
            Request.exists("\(fleet.layout.prefix)/\($0)/\(name)", watch: watches)
        }
        let isResource = try await fleet.ask(folders).contains { $0.failureReason == nil }
        let isLock = one.locks.contains { !$0.isUnknown || $0.isWorthShowing }
        if isLock, !isResource, !one.fleet.resources.contains(where: { $0.isSameName(as: name) }) { return one }
        let all = try await StatusReader(fleet: fleet, only: nil, watches: watches).readAll()
        return all.narrowed(to: name) ?? one
    }

    // MARK: Locks

    private func locks(
        _ held: [String], waiters: [String], jobs: [String], unlocked: [String], _ data: FleetData
    ) async throws -> [LockStatus] {
        let all = Set((held + waiters + jobs + unlocked + (only == nil ? data.pauses.jobs : [])).map { ExactName($0) })
        let names = all.sorted().map(\.text).filter(Self.isJobName)
        var permitWaits = PermitWaits()
        if let only { permitWaits = try await self.permitWaits(of: only) }
        let locks = try await nodes(held.map(layout.lock), watch: watches && only != nil)
        let records = try await nodes(jobs.map(layout.record), watch: watches)
        let queues = try await places(in: waiters.map(layout.lockQueue))
        let runsOf = try await fleet.unlockedRuns(of: unlocked, watch: watches)
        let lockOf = Dictionary(zip(held.map { ExactName($0) }, locks), uniquingKeysWith: { $1 })
        let recordOf = Dictionary(zip(jobs.map { ExactName($0) }, records), uniquingKeysWith: { $1 })
        let queueOf = Dictionary(zip(waiters.map { ExactName($0) }, queues), uniquingKeysWith: { $1 })
        func status(_ name: String, lock: ReadNode?, record: ReadNode?) -> LockStatus {
            let content = record.flatMap { fleet.record(of: name, $0.data) }
            return LockStatus(
                lockname: name, lock: lock.map { (Contender(data: $0.data, stat: $0.stat), $0.stat.czxid) },
                record: JobRecord.remembering(runsOf[ExactName(name)] ?? [], beside: content),
                recordWritten: record?.stat.mtimeMilliseconds,
                waiting: (queueOf[ExactName(name)] ?? []).map(\.contender), permitWaits: permitWaits,
                pauses: data.pauses, hasUnreadableRecord: record != nil && content == nil)
        }
        var statuses = names.map { name in
            status(name, lock: lockOf[ExactName(name)] ?? nil, record: recordOf[ExactName(name)] ?? nil)
        }
        // Lock and record were read at two moments: short runs that follow each other look lost, or like originals.
        let doubtful = statuses.indices.filter { index in
            guard [.lost, .original].contains(statuses[index].state) else { return false }
            let name = ExactName(names[index])
            let pair = LockPair(lock: lockOf[name] ?? nil, record: recordOf[name] ?? nil)
            return !(fleet.memory?.isKnown(pair, of: name) ?? false)
        }
        let pairs = try await fleet.pairs(of: doubtful.map { names[$0] })
        for (index, pair) in zip(doubtful, pairs) {
            statuses[index] = status(names[index], lock: pair.lock, record: pair.record)
            fleet.memory?.note(pair, of: ExactName(names[index]))
        }
        return statuses
    }

    /// The one job, of which only its waiting runs are known.
    package func readLine() async throws -> LockStatus? {
        guard let only else { return nil }
        return try await locks([], waiters: [only], jobs: [], unlocked: [], .none).first
    }

    /// Those of one job: the queues of all resources are looked at, and in them only its runs.
    private func permitWaits(of job: String) async throws -> PermitWaits {
        let top = [Request.children("\(layout.prefix)/queues", watch: watches)]
        let replies = try await fleet.ask(top)
        if watches { try await fleet.watchMissing(zip(top, replies)) }
        let resources = try replies[0].children().sorted()
            .filter { NodeName.objection(to: Array($0.utf8), longestBytes: 255) == nil }
        let asked = resources.map { Request.children(layout.queue($0), watch: watches) }
        let lists = try await fleet.ask(asked)
        if watches { try await fleet.watchMissing(zip(asked, lists)) }
        let places = try zip(resources, lists).flatMap { resource, list in
            try list.children().compactMap(Place.init).filter { $0.lockname.isSameName(as: job) }
                .map { (resource: resource, path: "\(layout.queue(resource))/\($0.name)") }
        }
        let found = try await nodes(places.map(\.path))
        return PermitWaits(
            zip(places, found).compactMap { place, node in
                node.map { (place.resource, Contender(data: $0.data, stat: $0.stat)) }
            })
    }

    // MARK: Resources

    private func resources(
        queues: [String], semaphores: [String], _ data: FleetData
    ) async throws -> [ResourceStatus] {
        // One that is declared and never used is shown; a name with a macro in it is another on every host.
        let declared = data.resources.filter { !Macros.occur(in: $0) }
        let names = Set((queues + semaphores + declared).map { ExactName($0) }).sorted().map(\.text)
            .filter { NodeName.objection(to: Array($0.utf8), longestBytes: 255) == nil }
        let asked = names.flatMap { [layout.leases($0), layout.marks($0)] }.map { Request.children($0, watch: watches) }
        let lists = try await fleet.ask(asked)
        if watches { try await fleet.watchMissing(zip(asked, lists)) }
        let waiting = try await places(in: names.map(layout.queue))
        var resources: [ResourceStatus] = []
        var leasePaths: [String] = []
        var leasesOf: [[Permit]] = []
        for (index, name) in names.enumerated() {
            let permits = try lists[2 * index].children().compactMap(Permit.init(lease:))
            leasesOf.append(permits)
            leasePaths += permits.map { "\(layout.leases(name))/\($0.name)" }
        }
        var holders = try await nodes(leasePaths)[...]
        for (index, name) in names.enumerated() {
            let leaseNames = try lists[2 * index].children()
            let markNames = try lists[2 * index + 1].children()
            let leases = zip(leasesOf[index], holders.prefix(leasesOf[index].count)).compactMap { permit, node in
                node.map { ResourceStatus.Holder(permit, Contender(data: $0.data, stat: $0.stat)) }
            }
            holders = holders.dropFirst(leasesOf[index].count)
            resources.append(
                ResourceStatus(
                    resource: name, declared: data.totals[ExactName(name)]?.integer, leases: leases,
                    marks: markNames.compactMap(Permit.init(mark:)),
                    queue: waiting[index].map { ResourceStatus.Waiter(lockname: $0.place.lockname, $0.contender) },
                    foreign: leaseNames.filter { Permit(lease: $0) == nil }
                        + markNames.filter { Permit(mark: $0) == nil },
                    isHeld: !data.holds(on: name).isEmpty))
        }
        return resources
    }

    // MARK: Nodes

    /// What is asked for by its name in a list, and may be gone by now, needs no watch on its beginning: the list has one.
    private var remembers: Bool { watches && fleet.memory != nil }

    private func nodes(
        _ paths: [String], watch: Bool = false
    ) async throws -> [(data: [UInt8], stat: NodeStat)?] {
        let asked = paths.map { Request.get($0, watch: watch || remembers) }
        let replies = try await fleet.ask(asked)
        if watch, !remembers { try await fleet.watchMissing(zip(asked, replies)) }
        return try replies.map { try $0.node() }
    }

    /// The places in each of these queues, first come first; what went away meanwhile is left out.
    private func places(in queues: [String]) async throws -> [[(place: Place, contender: Contender)]] {
        let asked = queues.map { Request.children($0, watch: watches) }
        let lists = try await fleet.ask(asked)
        if watches { try await fleet.watchMissing(zip(asked, lists)) }
        let places = try lists.map { try $0.children().compactMap(Place.init).sorted { $0.sequence < $1.sequence } }
        let paths = zip(queues, places).flatMap { queue, places in places.map { "\(queue)/\($0.name)" } }
        var found = try await nodes(paths)[...]
        return places.map { places in
            defer { found = found.dropFirst(places.count) }
            return zip(places, found).compactMap { place, node in
                node.map { (place, Contender(data: $0.data, stat: $0.stat)) }
            }
        }
    }
}

extension FleetConnection {
    /// A read leaves no watch on what is not there: then its beginning is watched.
    func watchMissing(_ asked: Zip2Sequence<[Request], [Reply]>) async throws {
        let missing = asked.compactMap { request, reply -> Request? in
            guard reply.failureReason == .noNode else { return nil }
            switch request {
            case .get(let path, true), .children(let path, true): return .exists(path, watch: true)
            default: return nil
            }
        }
        let looks = try await ask(missing)
        // Made between the two: this watch does not tell of children, so look again.
        if looks.contains(where: { $0.failureReason == nil }) { news.wake() }
    }
}
