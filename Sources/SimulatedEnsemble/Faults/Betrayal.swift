import Coordination
import Recipes

/// The faults that are aimed: what a designer of locks is most afraid of, at the worst moment.
extension Nemesis {
    /// The classic: a holder hears nothing more, its claims go at that moment, and somebody else comes.
    func betray() {
        guard let run = holder else { return }
        world.tally("claims taken away from who hears nothing")
        if world.dice.chance(perMille: 250) { return delayTruth(run) }
        // At once after a heartbeat its proof is the freshest, and its command lives the longest.
        if world.dice.chance(perMille: 500) {
            world.referee.onPulse = (run.number, { [self] in deafen(run) })
        } else {
            deafen(run)
        }
    }

    func deafen(_ run: SimulatedRun) {
        guard world.isChaos, run.life == .running else { return }
        let others = world.machines.indices.filter { $0 != run.machine.number }
        let rival = world.dice.pick(others)
        let isAtOnce = world.dice.chance(perMille: world.plot.focus?.atOncePerMille ?? 400)
        let delay = isAtOnce ? 0 : world.dice.skewed(upTo: 3 * second)
        let term = run.job.term.seconds * second
        switch world.dice.below(10) {
        case 0..<5: cutMachine(run.machine.number, for: world.dice.chance(perMille: 500) ? duration : term + second)
        case 5..<7: holdAnswers(run.machine.number, for: delay + world.dice.between(0, term / 4))
        default: isolate(run.clients.last?.server ?? 0, notice: 5 * world.plot.tick)
        }
        let like = run.job.takesLock ? run.job.lockname : nil
        // Somebody whose messages take long may have asked before.
        if world.dice.chance(perMille: world.plot.focus?.slowRivalPerMille ?? 200) {
            slowDown(rival)
            world.scenario.arrive(within: delay, on: rival, like: like)
        }
        // What the rival has asked may still be under way then, and all that follows be fast.
        let isFastAgain = world.dice.chance(perMille: 500)
        world.agenda.after(delay) { [self] in
            takeAway(from: run)
            if isFastAgain { speedUp(rival) }
        }
        world.scenario.arrive(
            from: delay + (isAtOnce ? 5 * millisecond : 0), within: isAtOnce ? 0 : 2 * second, on: rival, like: like)
        if world.dice.chance(perMille: 500) {
            world.scenario.arrive(within: term * 2, on: world.dice.pick(others), like: like)
        }
    }

    /// A heartbeat is committed, the claims go at once, and the holder learns of the first much later and of the second not
    /// at all; or it learns of the first only when it is continued.
    func delayTruth(_ run: SimulatedRun) {
        let term = run.job.term.seconds * second
        if world.dice.chance(perMille: 500) {
            run.pauseAfterSubmit = world.dice.between(second / 2, term / 4)
        } else {
            slowDown(run.machine.number, to: term / 5)
        }
        let others = world.machines.indices.filter { $0 != run.machine.number }
        world.referee.onHeartbeat = (
            run.number,
            { [self] in
                guard world.isChaos else { return }
                world.agenda.after(0) { [self] in takeAway(from: run) }
                world.scenario.arrive(
                    from: 10 * millisecond, within: 50 * millisecond, on: world.dice.pick(others),
                    like: run.job.takesLock ? run.job.lockname : nil)
                world.referee.onPulse = (
                    run.number,
                    { [self] in
                        if world.isChaos { cutMachine(run.machine.number, for: term * 2) }
                    }
                )
            }
        )
    }

    func takeAway(from run: SimulatedRun) {
        guard let session = run.sessions.last else { return }
        let claims = world.referee.books.state.ephemerals(of: session).filter { !$0.isPlace }
        if !claims.isEmpty, world.dice.chance(perMille: 500) {
            let claim = world.dice.pick(claims)
            world.note("\(claim) is deleted by hand")
            world.ensemble.operate([.delete(claim)])
        } else {
            world.note("session \(String(session, radix: 16)) of \(run) is ended by force")
            world.ensemble.closeSession(session)
        }
    }
}
