import Coordination

/// The front of one run: a killer after the supervisor's death, and the third dead man's switch, beside the guardian's timer and
/// the supervisor's.
final class SimulatedFront {
    /// How long after the deadline for SIGKILL it looks: the others have had their turn.
    private static let patience = 750 * millisecond
    /// A guardian that has killed nothing for so long makes no progress.
    private static let standstill = 500 * millisecond

    private let world: World
    private unowned let run: SimulatedRun
    private unowned let tree: SimulatedTree
    /// Killed, or at its end.
    private(set) var isDead = false
    private(set) var isStopped = false
    private var isKilling = false
    private var backlog: [() -> Void] = []
    private var armedAt = Int64.max
    private var alarm = 0

    init(world: World, run: SimulatedRun, tree: SimulatedTree) {
        self.world = world
        self.run = run
        self.tree = tree
    }

    var answers: Bool { !isDead && !isStopped }

    private func whenRunning(_ happen: @escaping () -> Void) {
        if isDead { return }
        if isStopped {
            backlog.append(happen)
        } else if run.machine.isSuspended {
            run.machine.whenAwake { [self] in whenRunning(happen) }
        } else {
            happen()
        }
    }

    // MARK: The third switch

    /// There is a new deadline in the page that the three share.
    func arm() {
        if tree.sharedDeadline == .max || world.plot.thirdSwitchIsMissing || run.order.isOriginal { return }
        let at = tree.time(of: tree.sharedDeadline + Self.patience)
        // Deadlines are mostly postponed: it is looked at again when the first would have come.
        if at >= armedAt { return }
        armedAt = at
        alarm += 1
        let alarm = alarm
        world.agenda.at(at) { [self] in
            whenRunning { [self] in
                guard self.alarm == alarm else { return }
                armedAt = .max
                watch()
            }
        }
    }

    private func watch() {
        let deadline = tree.sharedDeadline
        if isKilling || deadline == .max || run.life == .ended { return }
        if tree.clock < deadline + Self.patience { return arm() }
        if !tree.sharedIsRunning || !tree.processes.areThere { return }
        if world.now - tree.guardianProgressedAt < Self.standstill {
            return world.agenda.after(Self.standstill / 4) { [self] in whenRunning { [self] in watch() } }
        }
        world.tally("third switch")
        world.note("\(run): the front kills, past the deadline")
        world.referee.proofs.frontKills(run)
        kill()
    }

    // MARK: Killing

    private func kill() {
        isKilling = true
        world.agenda.after(tree.lateness()) { [self] in
            whenRunning { [self] in
                tree.kill(by: .front)
                tree.processes.whenAllDead { [self] in whenRunning { [self] in isKilling = false } }
            }
        }
    }

    /// The supervisor is dead: whatever it started must not outlive it, and least of all the guardian.
    func loseSupervisor() {
        if world.plot.frontDoesNotKill { return }
        world.agenda.after(world.dice.between(0, 20 * millisecond)) { [self] in
            whenRunning { [self] in
                if world.plot.frontFreezesGuardian { tree.freezeGuardian() }
                cleanUp()
            }
        }
    }

    private func cleanUp() {
        isKilling = true
        tree.kill(by: .front)
        tree.processes.whenAllDead { [self] in
            whenRunning { [self] in
                world.agenda.after(Self.standstill) { [self] in
                    whenRunning { [self] in
                        // Meanwhile a guardian that was continued may have started what it had been asked to.
                        if !tree.processes.areAllDead { return cleanUp() }
                        tree.endGuardian()
                        if !tree.processes.areAllDead { return cleanUp() }
                        leave()
                    }
                }
            }
        }
    }

    // MARK: What happens to it

    func die() {
        if isDead { return }
        world.note("\(run): the front is killed")
        leave()
        tree.noteAttendance()
        run.whenRunning { [run] in run.post(.callerGone) }
    }

    /// It exits, or is dead.
    func leave() {
        isDead = true
        backlog = []
        tree.processes.set(.front, isAtWork: false)
    }

    func stop() {
        if isDead || isStopped { return }
        world.note("\(run): the front is stopped")
        isStopped = true
        tree.processes.set(.front, isAtWork: false)
        tree.noteAttendance()
    }

    func resume() {
        run.machine.whenAwake { [self] in
            if isDead || !isStopped { return }
            world.note("\(run): the front is continued")
            isStopped = false
            tree.noteAttendance()
            tree.resume(.front)
            let late = backlog
            backlog = []
            for happen in late { whenRunning(happen) }
        }
    }
}
