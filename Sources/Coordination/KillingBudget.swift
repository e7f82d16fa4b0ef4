/// How long before its deadline a command's tree has to get SIGKILL, so that it is dead in time. The guardian reckons it anew
/// with each deadline that it is told.
package struct KillingBudget: Sendable, Equatable {
    /// The part that the number of processes alone asks for. Without it the deadline cannot be kept.
    package let bySize: Duration
    /// The whole budget. It exceeds `bySize` where the guardian is given the processor late.
    package let whole: Duration
    /// How many processes `bySize` is reckoned from.
    package let processes: Int

    /// Neither part is ever less than `least`, whatever the guardian says, and the whole never less than its part.
    package init(whole: Duration, bySize: Duration, processes: Int) {
        self.bySize = max(bySize, Self.shortest)
        self.whole = max(whole, self.bySize)
        self.processes = processes
    }

    /// Measured: up to 1.4 s against a fork bomb.
    private static let shortest = Duration.seconds(2)
    /// Of a small tree, on a host that has the time to run its guardian.
    package static let least = KillingBudget(whole: shortest, bySize: shortest, processes: 1)

    /// What a term can hold of it.
    package func limited(to room: Duration) -> KillingBudget {
        KillingBudget(whole: min(whole, room), bySize: min(bySize, room), processes: processes)
    }

    /// The budget of a tree that has just begun, under the same guardian.
    package var ofNewTree: KillingBudget {
        KillingBudget(whole: whole - bySize + Self.shortest, bySize: Self.shortest, processes: 1)
    }
}
