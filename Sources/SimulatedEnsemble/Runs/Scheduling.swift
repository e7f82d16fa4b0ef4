/// When a process is scheduled: it is stopped and continued, its machine sleeps, and between two of its calls time can pass for
/// it alone.
final class Scheduling {
    private let world: World
    private let machine: Machine
    private(set) var isStopped = false
    /// How far the process is ahead of the world in what it does now.
    private(set) var lead: Int64 = 0
    private(set) var busyUntil: Int64 = 0
    private var heldUpUntil = Int64.min
    private var backlog: [() -> Void] = []
    /// The process has ended, or died: nothing of it happens any more.
    var isOver = false {
        didSet { if isOver { (isStopped, backlog) = (false, []) } }
    }

    init(world: World, machine: Machine) {
        self.world = world
        self.machine = machine
    }

    var isBusy: Bool { isStopped || busyUntil > world.now || lead > 0 }

    /// Stopped, or not scheduled, at an instant no longer ago than that, while its machine was awake.
    func wasHeldUp(within duration: Int64) -> Bool {
        let hasSlept = machine.resumedAt > heldUpUntil && machine.suspendedSince <= heldUpUntil + duration
        return isBusy || (hasSlept ? machine.resumedAt : heldUpUntil) > world.now - duration
    }

    /// It comes to what it does next that much later.
    func holdUp(for pause: Int64) { lead += pause }

    /// It waits, when it has come to the end of what it does now.
    func rest() {
        busyUntil = max(busyUntil, world.now + lead)
        if lead > 0 { heldUpUntil = max(heldUpUntil, world.now + lead) }
        lead = 0
    }

    /// Now, or when the process is continued and its machine awake; never if it dies before.
    func whenRunning(_ happen: @escaping () -> Void) {
        if isOver { return }
        if isStopped {
            backlog.append(happen)
        } else if machine.isSuspended {
            machine.whenAwake { [self] in whenRunning(happen) }
        } else {
            happen()
        }
    }

    func stop() { isStopped = true }

    func resume() {
        isStopped = false
        heldUpUntil = max(heldUpUntil, world.now)
        let late = backlog
        backlog = []
        for happen in late { whenRunning(happen) }
    }
}
