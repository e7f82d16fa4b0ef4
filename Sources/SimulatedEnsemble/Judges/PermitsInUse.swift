import Recipes

/// Permits, as a command starts that has some: how many are in use, and whose their numbers are.
extension Referee {
    func checkPermits(_ run: SimulatedRun) {
        let others = world.runs.filter { $0 !== run && counts($0, beside: run) }
        for lease in run.job.leases {
            var sum = lease.count
            for other in others {
                for taken in other.job.leases where taken.resource == lease.resource { sum += taken.count }
            }
            // As it is declared when they are taken; whoever took more while there were more is not made to give them back.
            let taken = books.leased(lease.resource, by: run.sessions) ?? run.startedAt
            let total = lease.total > 0 ? lease.total : books.total(of: lease.resource, since: taken)
            if sum > total {
                accuse(.permits, "\(sum) of \(total) \(lease.resource) in use as \(run) starts")
            }
            checkSlots(of: lease, run, beside: others)
        }
    }

    /// An original's permits have no numbers; each of ours has one of its own.
    private func checkSlots(of lease: LeaseRequest, _ run: SimulatedRun, beside others: [SimulatedRun]) {
        if run.order.isOriginal { return }
        let own = run.slots(of: lease.resource)
        let count = own?.ranges.reduce(0) { $0 + Int64($1.count) } ?? 0
        if count != lease.count {
            accuse(.slot, "\(run) has \(count) numbers for \(lease.count) permits of \(lease.resource)")
        }
        for other in others {
            guard let own, let theirs = other.slots(of: lease.resource), own.overlaps(theirs) else { continue }
            accuse(
                .slot, "\(run) starts with \(lease.resource) number \(own.text), and \(other) lives with \(theirs.text)"
            )
        }
    }
}

extension SimulatedRun {
    /// As its command was told.
    fileprivate func slots(of resource: String) -> SlotSet? {
        claims?.slots.first { $0.resource == resource }?.slots
    }
}
