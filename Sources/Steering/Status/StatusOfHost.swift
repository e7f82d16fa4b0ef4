import Recipes
import Text

/// `status HOST`: what runs there, and what waits there.
extension FleetStatus {
    /// Whether a lock, a lease, a place, a record or a group names it.
    func knows(host: String) -> Bool {
        func isIt(_ name: String) -> Bool { name.isSameName(as: host) }
        return locks.contains { $0.names(host: host) || $0.record.map { isIt($0.host) } ?? false }
            || locks.contains { $0.record?.runs.contains { isIt($0.host) } ?? false }
            || resources.contains { $0.names(host: host) }
            || fleet.groups.contains { $0.value.contains { isIt($0) && fleet.groups[ExactName($0)] == nil } }
            || fleet.pauses.hosts.contains(where: isIt)
    }

    func lines(ofHost host: String, _ jobs: [JobHealth], width: Int?, colour: Bool) -> [[String]] {
        var parts: [[String]] = []
        let running = jobs.filter { $0.lock.runs(on: host) }
        if !running.isEmpty { parts.append(Self.lockTable(running).lines(width: width, colour: colour)) }
        let permits = permitTable(resources, host: host)
        if !permits.rows.isEmpty { parts.append(permits.lines(width: width, colour: colour)) }
        let waits = waitTable(host)
        if !waits.rows.isEmpty { parts.append(waits.lines(width: width, colour: colour)) }
        if parts.isEmpty { parts.append(["nothing runs on \(Visible.text(host)), and nothing waits there"]) }
        let groups = fleet.groups.keys.sorted().filter { group in
            fleet.hosts(of: group).contains { HostPattern.matches($0, host: host) }
        }
        if !groups.isEmpty {
            let names = Visible.text(groups.map(\.text).joined(separator: ", "))
            parts.append([Table.cut("groups: \(names)", to: width ?? .max)])
        }
        return parts
    }

    private func waitTable(_ host: String) -> Table {
        var table = Table([
            Table.Column("WAITING", narrowest: 12), Table.Column("FOR", narrowest: 12), Table.Column("PID", .right),
            Table.Column("SINCE"),
        ])
        func row(_ lockname: String, _ target: String, _ contender: Contender) -> [Table.Cell] {
            [
                Table.Cell(lockname), Table.Cell(target), Table.Cell(contender.pid.map { "\($0)" } ?? "-"),
                Table.Cell(contender.since.local),
            ]
        }
        for lock in locks {
            table.rows += lock.waiting.filter { $0.host.isSameName(as: host) }.map {
                row(lock.lockname, "its lock", $0)
            }
        }
        for resource in resources {
            table.rows += resource.queue.filter { $0.contender.host.isSameName(as: host) }
                .map { row($0.lockname, resource.resource, $0.contender) }
        }
        return table
    }
}

extension LockStatus {
    /// Held there, or lost there.
    func runs(on host: String) -> Bool {
        if let holder { return holder.host.isSameName(as: host) }
        return state == .lost && record.map { $0.host.isSameName(as: host) } ?? false
    }

    func names(host: String) -> Bool { runs(on: host) || waiting.contains { $0.host.isSameName(as: host) } }
}

extension ResourceStatus {
    func names(host: String) -> Bool {
        holders.contains { $0.contender.host.isSameName(as: host) }
            || queue.contains { $0.contender.host.isSameName(as: host) }
    }
}
