import Coordination
import Recipes

/// What happens to processes and machines.
extension Nemesis {
    func killSupervisor(of run: SimulatedRun?) {
        guard let run else { return }
        // Both ends at one stroke are for the plagued; with the front gone, so is a guardian that is stopped.
        let isAlone = run.tree.guardianIsDead || run.tree.front.isDead && !run.tree.guardianAnswers
        if isAlone, !run.order.isPlagued { return }
        world.tally("supervisor killed")
        run.die()
        world.referee.orphaned(run)
    }

    func killGuardian(of run: SimulatedRun?) {
        guard let run, !run.tree.guardianIsDead, run.order.isPlagued || !run.isBusy else { return }
        world.tally("guardian killed")
        run.disturb()
        run.tree.killGuardian()
    }

    func stopSupervisor(of run: SimulatedRun?) {
        guard let run, run.life == .running, run.order.isPlagued || run.tree.guardianAnswers else { return }
        world.tally("supervisor stopped")
        run.disturb()
        run.stop()
        undo(after: duration) { run.resume() }
    }

    func stopGuardian(of run: SimulatedRun?) {
        guard let run, run.tree.guardianAnswers, run.order.isPlagued || !run.isBusy else { return }
        world.tally("guardian stopped")
        run.disturb()
        run.tree.stopGuardian()
        undo(after: duration) { run.tree.continueGuardian() }
    }

    func killFront(of run: SimulatedRun?) {
        guard let run, !run.tree.front.isDead else { return }
        world.tally("front killed")
        run.disturb()
        run.tree.front.die()
    }

    func stopFront(of run: SimulatedRun?) {
        guard let run, run.tree.front.answers else { return }
        world.tally("front stopped")
        run.disturb()
        run.tree.front.stop()
        undo(after: duration) { run.tree.front.resume() }
    }

    // MARK: Several faults on one run

    private func hit(_ run: SimulatedRun, _ part: TreeKilling.Killer, deadlyPerMille: Int = 500) {
        guard world.isChaos, run.life != .ended else { return }
        let isDeadly = world.dice.chance(perMille: deadlyPerMille)
        switch part {
        case .supervisor where run.life == .running: isDeadly ? killSupervisor(of: run) : stopSupervisor(of: run)
        case .guardian: isDeadly ? killGuardian(of: run) : stopGuardian(of: run)
        case .front: isDeadly ? killFront(of: run) : stopFront(of: run)
        case .supervisor, .sweeper: break
        }
    }

    /// Two or three of a run's own processes are killed or stopped within moments, in any order; mostly while its
    /// heartbeats fail, or with somebody waiting for what it has.
    func plague() {
        let plagued = world.runs.filter { $0.life == .running && $0.order.isPlagued && !$0.order.isOriginal }
        let busy = plagued.filter { !$0.tree.processes.areAllDead }
        let victims = busy.isEmpty ? plagued : busy
        if victims.isEmpty { return }
        let run = world.dice.pick(victims)
        world.tally("several faults on one run")
        var delay: Int64 = 0
        var parts: [TreeKilling.Killer] = [.supervisor, .guardian, .front]
        let isTotal = world.dice.chance(perMille: 250)
        for _ in 0..<(isTotal || world.dice.chance(perMille: 300) ? 3 : 2) {
            let part = world.dice.pick(parts)
            if isTotal { parts.removeAll { $0 == part } }
            world.agenda.after(delay) { [self] in hit(run, part, deadlyPerMille: isTotal ? 900 : 500) }
            delay += world.dice.skewed(upTo: 800 * millisecond)
        }
        let like = run.job.takesLock ? run.job.lockname : nil
        if world.dice.chance(perMille: 400) {
            // Beside originals a claim that somebody deletes is lost at once.
            world.plot.isMixed ? cutMachine(run.machine.number, for: duration) : deafen(run)
        }
        let term = run.job.term.seconds * second
        if world.dice.chance(perMille: 500) {
            world.scenario.arrive(within: term * 2, on: run.machine.number, like: like)
        }
        if world.dice.chance(perMille: 500) {
            world.scenario.arrive(
                within: term * 2, on: world.dice.below(world.plot.nativeMachines), like: like)
        }
    }

    /// Who begins to kill may be struck in the midst of it.
    func begins(_ killer: TreeKilling.Killer, of run: SimulatedRun) {
        guard world.isChaos, run.order.isPlagued, world.dice.chance(perMille: 250) else { return }
        let delay = world.dice.skewed(upTo: 2 * second)
        world.agenda.after(delay) { [self] in
            if run.tree.processes.areAllDead { return }
            world.tally("killer struck")
            hit(run, killer)
        }
    }

    func suspend() {
        guard let machine = holder?.machine, !machine.isSuspended else { return }
        world.tally("machine suspended")
        world.note("\(machine.name) is suspended")
        machine.suspend()
        let others = world.machines.indices.filter { $0 != machine.number }
        let length =
            world.dice.chance(perMille: 500)
            ? duration
            : world.plot.sessionTimeout + world.dice.between(0, (world.plot.termsSeconds.max() ?? 0) * second)
        for run in world.runs where run.machine === machine { run.disturb() }
        world.scenario.arrive(
            within: length, on: world.dice.pick(others), like: world.plot.theme == .permits ? nil : "a")
        undo(after: length) { [self] in
            world.note("\(machine.name) wakes up")
            // Often without a network.
            if world.isChaos, world.dice.chance(perMille: 500) { cutMachine(machine.number, for: 40 * second) }
            machine.resume()
            world.referee.rested(machine)
            for run in world.runs where run.machine === machine && !run.tree.processes.areAllDead {
                world.agenda.after(run.tree.allowance + 300 * millisecond) { [self] in world.referee.rested(machine) }
            }
        }
    }

    func signal() {
        guard let run = anyRun else { return }
        world.tally("SIGTERM")
        world.note("\(run) gets SIGTERM")
        run.disturb()
        run.whenRunning { run.post(.signal(15, fromTerminal: false)) }
    }
}
