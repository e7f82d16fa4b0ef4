package import Recipes
package import Text

/// What `status` shows.
package struct FleetStatus: Sendable {
    package let prefix: String
    package let fleet: FleetData
    package let locks: [LockStatus]
    package let resources: [ResourceStatus]
    /// The one that was asked for by name: then it alone is shown, with all who wait.
    let only: LockStatus?
    let subject: Subject?
    /// Of the whole fleet, for whoever has permits.
    let holders: [LockStatus]
    /// Why no run can read PREFIX's data, and what that means: then groups, pauses and totals are unknown.
    package let dataError: String?

    package init(
        prefix: String, fleet: FleetData, locks: [LockStatus], resources: [ResourceStatus], only: LockStatus? = nil,
        dataError: String? = nil
    ) {
        self.init(
            prefix: prefix, fleet: fleet, locks: locks, resources: resources, only: only, subject: nil, holders: locks,
            dataError: dataError)
    }

    init(
        prefix: String, fleet: FleetData, locks: [LockStatus], resources: [ResourceStatus], only: LockStatus? = nil,
        subject: Subject?, holders: [LockStatus], dataError: String?
    ) {
        (self.only, self.subject, self.holders, self.dataError) = (only, subject, holders, dataError)
        self.prefix = prefix
        self.fleet = fleet
        self.locks = locks
        self.resources = resources
    }

    /// Without the jobs to which nothing happens: what `status` shows when none is asked for by name.
    package var worthShowing: FleetStatus {
        if only != nil || subject != nil { return self }
        return FleetStatus(
            prefix: prefix, fleet: fleet, locks: locks.filter(\.isWorthShowing), resources: resources,
            dataError: dataError)
    }

    package var json: JSONValue {
        .object([
            "prefix": .string(prefix), "locks": .array(locks.map(\.json)), "resources": .array(resources.map(\.json)),
            "groups": fleet.groupsJSON, "drained": .array(fleet.pauses.hosts.map { .string($0) }),
            "paused": .array(fleet.pauses.jobs.map { .string($0) }), "pauses": FleetPauses.json(fleet.pauses.jobNotes),
            "drains": FleetPauses.json(fleet.pauses.hostNotes), "all_paused": fleet.pauses.all?.shownJSON ?? .null,
            "holds": FleetPauses.json(fleet.pauses.holds), "data_error": dataError.map { .string($0) } ?? .null,
        ])
    }

    // MARK: For people

    /// - Parameter nowMilliseconds: this host's clock, since the epoch: it says who is late.
    package func lines(width: Int?, colour: Bool, nowMilliseconds: Int64) -> [String] {
        let jobs = locks.map { JobHealth($0, nowMilliseconds: nowMilliseconds) }.inOrderOfNeed
            .filter { only != nil || subject != nil || $0.needsLook || $0.lock.isWorthShowing }
        func painted(_ line: String, _ paint: Paint) -> String {
            let line = Table.cut(Visible.text(line), to: width ?? .max)
            return colour ? paint.on(line) : line
        }
        var parts: [[String]] = []
        if let dataError {
            parts.append([
                painted(dataError, .bad), painted("until that is mended, groups, pauses and totals are unknown", .bad),
            ])
        }
        let pauses = pauseLines.map { painted($0, .warning) }
        if only != nil || subject != nil {
            if let only {
                parts.append(Self.lockTable(jobs).lines(width: width, colour: colour))
                if !only.line.isEmpty { parts.append(Self.waiterTable(only).lines(width: width, colour: colour)) }
            }
            switch subject {
            case .resource(let resource): parts += lines(of: resource, width: width, colour: colour)
            case .host(let host): parts += lines(ofHost: host, jobs, width: width, colour: colour)
            case nil: break
            }
            if !pauses.isEmpty { parts.append(pauses) }
            return Array(parts.joined(separator: [""]))
        }
        if !jobs.isEmpty { parts.append(Self.lockTable(jobs).lines(width: width, colour: colour)) }
        if !resources.isEmpty { parts.append(resourceTable.lines(width: width, colour: colour)) }
        if !fleet.groups.isEmpty { parts.append(Self.groupTable(fleet).lines(width: width, colour: colour)) }
        if !pauses.isEmpty { parts.append(pauses) }
        if parts.isEmpty { return ["nothing runs, and nothing waits"] }
        return Array(parts.joined(separator: [""]))
    }

    /// When the next of the jobs will be late, if nobody starts it: milliseconds since the epoch. Nil if none will.
    package func nextLate(nowMilliseconds: Int64) -> Int64? {
        locks.compactMap { JobHealth($0, nowMilliseconds: nowMilliseconds).lateFrom }.filter { $0 >= nowMilliseconds }
            .min()
    }

    static func lockTable(_ jobs: [JobHealth]) -> Table {
        var table = Table([
            Table.Column("LOCK", narrowest: 12), Table.Column("STATE"), Table.Column("HOST", narrowest: 12),
            Table.Column("PID", .right), Table.Column("SINCE"), Table.Column("WAITING", narrowest: 7),
        ])
        // A new fleet has none.
        let hasRuns = jobs.contains { !$0.marks.isEmpty }
        if hasRuns { table = Table(table.columns + [Table.Column("RUNS", narrowest: 4)]) }
        table.rows = jobs.map { job in
            let lock = job.lock
            let isLost = lock.state == .lost
            // Of a job that is idle, where its last run was.
            let run = lock.state == .free && job.needsLook ? lock.record?.runs.last : nil
            let host = lock.holder?.host ?? (isLost ? lock.record?.host : run?.host) ?? "-"
            let pid = lock.holder?.pid ?? (isLost ? lock.record.map { Int64($0.pid) } : nil)
            let since = lock.holder?.since ?? run?.started.map { ServerTime(milliseconds: $0) }
            let cells = [
                Table.Cell(lock.lockname), Table.Cell(job.words, job.paint), Table.Cell(host),
                Table.Cell(pid.map { "\($0)" } ?? "-"), Table.Cell(since?.local ?? "-"),
                Table.Cell(crowd(lock.line.map(\.contender.host))),
            ]
            return hasRuns ? cells + [Table.Cell(marks: job.marks)] : cells
        }
        return table
    }

    private static func waiterTable(_ lock: LockStatus) -> Table {
        let wantsPermits = !lock.permitWaits.runs.isEmpty
        var table = Table(
            [Table.Column("WAITING", narrowest: 12)] + (wantsPermits ? [Table.Column("FOR", narrowest: 12)] : [])
                + [Table.Column("PID", .right), Table.Column("SINCE")])
        table.rows = lock.line.map { run in
            let contender = run.contender
            return [Table.Cell(contender.host)] + (wantsPermits ? [Table.Cell(run.targets)] : [])
                + [Table.Cell(contender.pid.map { "\($0)" } ?? "-"), Table.Cell(contender.since.local)]
        }
        return table
    }

    var resourceTable: Table {
        var table = Table([
            Table.Column("RESOURCE", narrowest: 12), Table.Column(""), Table.Column("PERMITS"),
            Table.Column("QUEUE", narrowest: 7),
        ])
        table.rows = resources.map { resource in
            let isFull = resource.total.map { resource.used >= $0 } ?? false
            var permits = "\(resource.used)" + (resource.total.map { " of \($0)" } ?? "")
            if resource.isHeld { permits += ", held" }
            if resource.orphaned > 0 { permits += ", \(resource.orphaned) orphaned" }
            if resource.disagrees { permits += ", totals disagree" }
            if !resource.foreign.isEmpty { permits += ", \(resource.foreign.count) foreign nodes" }
            let isOdd = resource.disagrees || !resource.foreign.isEmpty
            let paint: Paint? = isOdd ? .bad : resource.orphaned > 0 || isFull || resource.isHeld ? .warning : .good
            return [
                Table.Cell(resource.resource), Table.Cell(resource.bar(width: 16), paint),
                Table.Cell(permits, isOdd ? .bad : nil), Table.Cell(Self.crowd(resource.queue.map(\.lockname))),
            ]
        }
        return table
    }

    package static func groupTable(_ fleet: FleetData) -> Table {
        var table = Table([Table.Column("GROUP", narrowest: 12), Table.Column("HOSTS", narrowest: 7)])
        let groupHosts = GroupHosts(fleet)
        table.rows = fleet.groups.keys.sorted().map { name in
            let hosts = groupHosts.of(name)
            return [Table.Cell(name.text), Table.Cell(hosts.isEmpty ? "none" : hosts.joined(separator: ", "))]
        }
        return table
    }

    /// How many, and the first of them: a queue of ten thousand is not a line.
    private static func crowd(_ names: [String]) -> String {
        if names.isEmpty { return "-" }
        return "\(names.count): " + names.prefix(shown).joined(separator: ", ") + (names.count > shown ? ", ..." : "")
    }

    private static let shown = 3
}

extension FleetData {
    /// The hosts of a group, its groups' included, each once, in the order of their names.
    package func hosts(of group: ExactName) -> [String] { GroupHosts(self).of(group) }

    package var groupsJSON: JSONValue {
        .object(groups.mapValues { .array($0.map { .string($0) }) })
    }
}
