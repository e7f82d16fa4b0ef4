package import Recipes
package import Text

/// One resource as it stands: permits taken, and who waits for some.
package struct ResourceStatus: Sendable, Equatable {
    package struct Holder: Sendable, Equatable {
        package let permit: Permit
        package let contender: Contender

        package init(_ permit: Permit, _ contender: Contender) { (self.permit, self.contender) = (permit, contender) }
    }

    package struct Waiter: Sendable, Equatable {
        package let lockname: String
        package let contender: Contender

        package init(lockname: String, _ contender: Contender) {
            (self.lockname, self.contender) = (lockname, contender)
        }
    }

    package let resource: String
    /// What the leases and marks say; nil if there are none and none is declared.
    package let total: Int64?
    /// By leases, an original's included.
    package let used: Int64
    /// By marks without their lease: their holder was lost, and they count until their term is over.
    package let orphaned: Int64
    package let holders: [Holder]
    /// The numbers of their permits, by session.
    private let slotsOf: [String: SlotSet]
    /// Those of lost holders.
    package let orphanedSlots: SlotSet
    /// First come first.
    package let queue: [Waiter]
    /// Nodes that are nobody's lease or mark: every run that wants this resource refuses to go on.
    package let foreign: [String]
    /// Not all say the same total.
    package let disagrees: Bool
    /// No permit is given out.
    package let isHeld: Bool

    package init(
        resource: String, declared: Int64?, leases: [Holder], marks: [Permit], queue: [Waiter], foreign: [String],
        isHeld: Bool = false
    ) {
        self.isHeld = isHeld
        self.resource = resource
        self.queue = queue
        self.foreign = foreign
        holders = leases
        let sessions = Set(leases.compactMap(\.permit.session))
        let orphans = marks.filter { !sessions.contains($0.session ?? "") }
        slotsOf = Dictionary(grouping: marks) { $0.session ?? "" }.mapValues { SlotSet($0.compactMap(\.slots)) }
        orphanedSlots = SlotSet(orphans.compactMap(\.slots))
        used = leases.map(\.permit.count).sum
        orphaned = orphans.map(\.count).sum
        let totals = Set(leases.map(\.permit.total) + orphans.map(\.total))
        disagrees = totals.union(declared.map { [$0] } ?? []).count > 1
        total = declared ?? totals.max()
    }

    /// The numbers of its permits; nil if they have none, as an original's.
    package func slots(of holder: Holder) -> SlotSet? {
        holder.permit.session.flatMap { slotsOf[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }

    package var json: JSONValue {
        .object([
            "resource": .string(resource), "total": total.map { .integer($0) } ?? .null, "used": .integer(used),
            "orphaned": .integer(orphaned),
            "orphaned_slots": orphanedSlots.isEmpty ? .null : .string(orphanedSlots.text),
            "disagrees": .boolean(disagrees), "held": .boolean(isHeld),
            "foreign": .array(foreign.map { .string($0) }),
            "holders": .array(
                holders.map {
                    .object(
                        $0.contender.json.merging([
                            "count": .integer($0.permit.count),
                            "original": .boolean($0.permit.session == nil),
                            "slots": slots(of: $0).map { .string($0.text) } ?? .null,
                        ]) { $1 })
                }),
            "queue": .array(
                queue.map { .object($0.contender.json.merging(["lockname": .string($0.lockname)]) { $1 }) }),
        ])
    }

    /// `[####+...........]`: `#` used, `+` held back for lost holders.
    package func bar(width: Int64) -> String {
        guard let total, total > 0, width > 0 else { return "" }
        // Rounded up: one permit of many is not none. In doubles, since a total may be as large as 2^53.
        func columns(_ count: Int64) -> Int {
            Int(min(Double(width), (Double(min(count, total)) * Double(width) / Double(total)).rounded(.up)))
        }
        let taken = columns(used)
        let all = max(taken, columns(used.addedUp(with: orphaned)))
        return "[" + String(repeating: "#", count: taken) + String(repeating: "+", count: all - taken)
            + String(repeating: ".", count: Int(width) - all) + "]"
    }
}
