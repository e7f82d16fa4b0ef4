import Coordination

/// A host: its clock runs a little fast or slow, and it may be suspended.
final class Machine {
    let world: World
    let number: Int
    let name: String
    /// In millionths: one second of true time is that much more or less here.
    let driftMillionths: Int64
    private let bootedAt: Int64
    private(set) var isSuspended = false
    private var suspendedFor: Int64 = 0
    private(set) var suspendedSince: Int64 = 0
    private var backlog: [() -> Void] = []
    /// When it last woke up: what was to be killed meanwhile needs its time to die.
    private(set) var resumedAt: Int64 = -1

    init(world: World, number: Int, driftMillionths: Int64, bootedAt: Int64) {
        self.world = world
        self.number = number
        self.driftMillionths = driftMillionths
        self.bootedAt = bootedAt
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
    }

    func resume() {
        guard isSuspended else { return }
        isSuspended = false
        resumedAt = world.now
        suspendedFor += world.now - suspendedSince
        let late = backlog
        backlog = []
        for happen in late { happen() }
    }
}
