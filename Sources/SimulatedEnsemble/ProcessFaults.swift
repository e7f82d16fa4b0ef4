import Coordination

/// What happens to processes and machines.
extension Nemesis {
    func killSupervisor(of run: SimulatedRun?) {
        guard let run else { return }
        // Both ends at one stroke are a stated limit; with the front gone, so is a guardian that is stopped.
        if run.tree.guardianIsDead || run.frontIsDead && !run.tree.guardianAnswers { return }
        world.tally("supervisor killed")
        run.die()
        world.referee.orphaned(run)
    }

    func killGuardian(of run: SimulatedRun?) {
        guard let run, !run.isBusy, !run.tree.guardianIsDead else { return }
        world.tally("guardian killed")
        run.disturb()
        run.tree.killGuardian()
    }

    func stopSupervisor(of run: SimulatedRun?) {
        guard let run, run.tree.guardianAnswers else { return }
        world.tally("supervisor stopped")
        run.disturb()
        run.stop()
        undo(after: duration) { run.resume() }
    }

    func stopGuardian(of run: SimulatedRun?) {
        guard let run, !run.isBusy, run.tree.guardianAnswers else { return }
        world.tally("guardian stopped")
        run.disturb()
        run.tree.stopGuardian()
        undo(after: duration) { run.tree.continueGuardian() }
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
            world.agenda.after(2300 * millisecond) { [self] in world.referee.rested(machine) }
        }
    }

    func signal() {
        guard let run = anyRun else { return }
        world.tally("SIGTERM")
        world.note("\(run) gets SIGTERM")
        run.disturb()
        run.whenRunning { run.post(.signal(15, fromTerminal: false)) }
    }

    func callerGone() {
        guard let run = anyRun else { return }
        world.tally("front killed")
        world.note("\(run): the front is killed")
        run.disturb()
        run.whenRunning { run.post(.callerGone) }
    }
}
