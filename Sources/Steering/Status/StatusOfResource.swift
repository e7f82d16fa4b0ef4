import Recipes
import Text

/// `status RESOURCE`: who has its permits, with their numbers, and who waits for some.
extension FleetStatus {
    func lines(of resource: ResourceStatus, width: Int?, colour: Bool) -> [[String]] {
        var parts = [resourceTable.lines(width: width, colour: colour)]
        if !resource.holders.isEmpty || resource.orphaned > 0 {
            parts.append(permitTable([resource], host: nil).lines(width: width, colour: colour))
        }
        if !resource.queue.isEmpty { parts.append(Self.queueTable(resource).lines(width: width, colour: colour)) }
        return parts
    }

    /// - Parameter host: whose permits are shown; nil: everybody's, and those of lost holders.
    func permitTable(_ resources: [ResourceStatus], host: String?) -> Table {
        var table = Table(
            (host == nil ? [] : [Table.Column("RESOURCE", narrowest: 12)]) + [
                Table.Column("PERMITS", .right), Table.Column("SLOTS", narrowest: 5),
                Table.Column("HOST", narrowest: 12),
                Table.Column("PID", .right), Table.Column("SINCE"), Table.Column("LOCK", narrowest: 6),
            ])
        // A lease does not say which lock is its run's; that is known of those that hold one.
        let jobs = Dictionary(
            holders.compactMap { lock in lock.holder.map { ($0.session, lock.lockname) } }, uniquingKeysWith: { $1 })
        for resource in resources {
            let name = host == nil ? [] : [Table.Cell(resource.resource)]
            for holder in resource.holders where host.map({ holder.contender.host.isSameName(as: $0) }) ?? true {
                let contender = holder.contender
                table.rows.append(
                    name + [
                        Table.Cell("\(holder.permit.count)"), Table.Cell(resource.slots(of: holder)?.text ?? "-"),
                        Table.Cell(contender.host), Table.Cell(contender.pid.map { "\($0)" } ?? "-"),
                        Table.Cell(contender.since.local), Table.Cell(jobs[contender.session] ?? "-"),
                    ])
            }
            if host == nil, resource.orphaned > 0 {
                let slots = resource.orphanedSlots
                table.rows.append([
                    Table.Cell("\(resource.orphaned)", .warning), Table.Cell(slots.isEmpty ? "-" : slots.text),
                    Table.Cell("a lost holder", .warning), "-", "-", "-",
                ])
            }
        }
        return table
    }

    private static func queueTable(_ resource: ResourceStatus) -> Table {
        var table = Table([
            Table.Column("WAITING", narrowest: 12), Table.Column("HOST", narrowest: 12), Table.Column("PID", .right),
            Table.Column("SINCE"),
        ])
        table.rows = resource.queue.map { waiter in
            [
                Table.Cell(waiter.lockname), Table.Cell(waiter.contender.host),
                Table.Cell(waiter.contender.pid.map { "\($0)" } ?? "-"), Table.Cell(waiter.contender.since.local),
            ]
        }
        return table
    }
}
