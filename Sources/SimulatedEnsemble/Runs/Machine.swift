import Coordination

/// A host: its clock runs a little fast or slow, and it may be suspended.
final class Machine {
    let world: World
    let number: Int
    let name: String
    /// In millionths: one second of true time is that much more or less here.
    let driftMillionths: Int64
    private let bootedAt: Int64
    /// A tree can be in a cgroup of its own: one write kills all of it, and the next run finds what a dead one has left.
    let hasCgroups: Bool
    private(set) var isSuspended = false
    private var suspendedFor: Int64 = 0
    private(set) var suspendedSince: Int64 = 0
    private var backlog: [() -> Void] = []
    /// When it last woke up: what was to be killed meanwhile needs its time to die.
    private(set) var resumedAt: Int64 = -1

    init(world: World, number: Int, driftMillionths: Int64, bootedAt: Int64, hasCgroups: Bool) {
        self.world = world
        self.number = number
        self.driftMillionths = driftMillionths
        self.bootedAt = bootedAt
        self.hasCgroups = hasCgroups
        name = "host\(number).test"
    }

    /// CLOCK_BOOTTIME at a true time: it goes on while the machine is suspended.
    func boottime(at time: Int64) -> Int64 { bootedAt + time + time / 1_000_000 * driftMillionths }

    /// CLOCK_MONOTONIC, now: it does not.
    var monotonic: Int64 {
        boottime(at: world.now) - suspendedFor - (isSuspended ? world.now - suspendedSince : 0)
    }

    /// The true time of an instant on this machine's clock; never before the clock shows it.
    func time(of boottime: Int64) -> Int64 {
        if boottime > bootedAt + 100_000 * second { return .max / 2 }
        let elapsed = max(0, boottime - bootedAt)
        var time = elapsed - elapsed / (1_000_000 + driftMillionths) * driftMillionths
        while self.boottime(at: time) < boottime { time += boottime - self.boottime(at: time) }
        return time
    }

    /// Now, or when the machine wakes up.
    func whenAwake(_ happen: @escaping () -> Void) {
        if isSuspended { backlog.append(happen) } else { happen() }
    }

    func suspend() {
        isSuspended = true
        suspendedSince = world.now
        for run in world.runs where run.machine === self { run.tree.processes.hold(true) }
    }

    func resume() {
        guard isSuspended else { return }
        isSuspended = false
        resumedAt = world.now
        suspendedFor += world.now - suspendedSince
        for run in world.runs where run.machine === self { run.tree.processes.hold(false) }
        let late = backlog
        backlog = []
        for happen in late { happen() }
    }
}

/// How long killing takes here, as the guardian reckons it.
extension Machine {
    /// Of one process of many, in nanoseconds: a cgroup is killed by one write, other trees by walks through /proc.
    private var killingOne: Int64 { hasCgroups ? millisecond / 10 : 5 * millisecond }

    /// The killing itself, without what is set aside for others to take it over.
    func killing(of processes: Int) -> Int64 { Int64(processes) * killingOne }

    /// - Parameter lateness: for how long at the most the guardian has waited for the processor.
    func budget(of processes: Int, lateness: Int64) -> KillingBudget {
        let size = second + killing(of: processes)
        return KillingBudget(
            whole: .nanoseconds(size + lateness * 3), bySize: .nanoseconds(size), processes: processes)
    }
}
