import Coordination
import Recipes

/// What goes wrong, and when, as the seed has it.
final class Nemesis {
    unowned let world: World
    private var repairs: [Int: () -> Void] = [:]
    private var count = 0

    init(world: World) { self.world = world }

    func plan(until end: Int64) {
        let faults = (world.plot.focus?.strikesMin ?? 1) + world.dice.below(7)
        for _ in 0..<faults {
            let at = world.now + world.dice.between(0, end)
            world.agenda.at(at) { [self] in
                if world.isChaos { strike() }
            }
        }
    }

    /// Shortly before the end: a holder dies, and what it leaves has to be dealt with when all is quiet.
    func strikeLast() {
        if world.dice.chance(perMille: 300) { killSupervisor(of: holder) }
    }

    func healAll() {
        (world.referee.onPulse, world.referee.onHeartbeat) = (nil, nil)
        for number in repairs.keys.sorted() { repairs.removeValue(forKey: number)?() }
        for machine in world.machines {
            for server in world.ensemble.servers { world.network.slow(machine.number, server.number, to: 0) }
        }
        for server in world.ensemble.servers { server.lag = 2 * millisecond }
        world.note("all is repaired")
    }

    /// Undone after a while, or when the faults are over.
    func undo(after delay: Int64, _ repair: @escaping () -> Void) {
        count += 1
        let number = count
        repairs[number] = repair
        world.agenda.after(delay) { [self] in repairs.removeValue(forKey: number)?() }
    }

    // MARK: The choice

    func strike() {
        if let strikes = world.plot.focus?.strikes, !strikes.isEmpty { return strike(world.dice.pick(strikes)) }
        switch world.dice.below(100) {
        case 0..<24: betray()
        case 26..<36: cutMachine(anyRun?.machine.number ?? 0, for: duration)
        case 36..<39: cutOne()
        case 39..<42, 98: plague()
        case 42..<50:
            isolate(
                world.dice.chance(perMille: 600) ? world.ensemble.leader ?? 0 : world.dice.below(world.plot.serverCount)
            )
        case 50..<55: crash()
        case 55..<60: killSupervisor(of: someone)
        case 60..<65: killGuardian(of: someone)
        case 65..<69: stopSupervisor(of: someone)
        case 69..<74: stopGuardian(of: someone)
        case 74..<80: suspend()
        case 80..<83: signal()
        case 83..<85: dropConnection(of: anyRun)
        case 85..<90: slowDown(world.dice.below(world.plot.nativeMachines))
        case 90..<93: lag()
        case 93..<95: killFront(of: anyRun)
        case 95: touchRecord()
        case 96: refuse()
        case 24..<26: operate()
        case 97..<98: shortenTimeouts()
        default: expire()
        }
    }

    private func strike(_ strike: Focus.Strike) {
        switch strike {
        case .betray: betray()
        case .cutMachine: cutMachine(anyRun?.machine.number ?? 0, for: duration)
        case .stopSupervisor: stopSupervisor(of: holder)
        case .stopGuardian: stopGuardian(of: holder)
        case .signal: signal()
        case .killSupervisor: killSupervisor(of: holder)
        case .killGuardian: killGuardian(of: holder)
        case .suspend: suspend()
        case .isolate: isolate(world.dice.below(world.plot.serverCount))
        case .slowDown: slowDown(world.dice.below(world.plot.nativeMachines))
        case .lag: lag()
        case .dropConnection: dropConnection(of: anyRun)
        case .crash: crash()
        case .operate: operate()
        case .refuse: refuse()
        case .shortenTimeouts: shortenTimeouts()
        case .flap: flap()
        case .plague: plague()
        }
    }

    var duration: Int64 { world.dice.skewed(upTo: 60 * second) }

    var anyRun: SimulatedRun? {
        let running = world.runs.filter { $0.life == .running && !$0.order.isOriginal }
        return running.isEmpty ? nil : world.dice.pick(running)
    }

    /// A run with claims, if there is one; also while it waits a lost predecessor out.
    var holder: SimulatedRun? {
        let state = world.referee.books.state
        let holders = world.runs.filter { run in
            run.life == .running && !run.order.isOriginal
                && run.sessions.contains { id in state.ephemerals(of: id).contains { !$0.isPlace } }
        }
        return holders.isEmpty ? anyRun : world.dice.pick(holders)
    }

    /// Mostly a holder; else one that may be waiting, or asking.
    private var someone: SimulatedRun? { world.dice.chance(perMille: 300) ? anyRun : holder }

    // MARK: Network

    func cutMachine(_ machine: Int, for length: Int64) {
        world.tally("machine cut off")
        world.note("\(world.machines[machine].name) is cut off for \(length / millisecond) ms")
        for server in world.ensemble.servers.indices { world.network.cut(machine, server, up: true, down: true) }
        undo(after: length) { [self] in
            world.note("\(world.machines[machine].name) is connected again")
            for server in world.ensemble.servers.indices { world.network.heal(machine, server, up: true, down: true) }
        }
    }

    /// Requests arrive, answers do not.
    func holdAnswers(_ machine: Int, for length: Int64) {
        world.tally("answers held back")
        world.note("answers to \(world.machines[machine].name) are held back for \(length / millisecond) ms")
        for server in world.ensemble.servers.indices { world.network.cut(machine, server, up: false, down: true) }
        undo(after: length) { [self] in
            for server in world.ensemble.servers.indices { world.network.heal(machine, server, up: false, down: true) }
        }
    }

    func cutOne() {
        guard let run = anyRun else { return }
        let machine = run.machine.number
        let server = world.dice.below(world.plot.serverCount)
        let up = world.dice.chance(perMille: 700)
        let down = !up || world.dice.chance(perMille: 500)
        world.tally("one path cut")
        world.note("path of \(run.machine.name) to server \(server) is cut, \(up ? "up" : "") \(down ? "down" : "")")
        world.network.cut(machine, server, up: up, down: down)
        undo(after: duration) { [self] in world.network.heal(machine, server, up: up, down: down) }
    }

    func dropConnection(of run: SimulatedRun?) {
        guard let run, let client = run.clients.last, client.isConnected else { return }
        world.tally("connection dropped")
        world.note("the connection of \(run) is dropped")
        client.lose()
    }

    /// A network that goes, comes back, and goes as the client connects again: what that is answered may be lost.
    func flap() {
        guard let run = holder else { return }
        let machine = run.machine.number
        dropConnection(of: run)
        world.agenda.after(world.dice.between(0, world.plot.reconnectDelay)) { [self] in
            if world.isChaos { cutMachine(machine, for: 40 * second) }
        }
    }

    func slowDown(_ machine: Int, to limit: Int64 = 8 * second) {
        world.tally("paths slow")
        let slowness = max(limit / 4, world.dice.skewed(upTo: limit))
        world.note("\(world.machines[machine].name) is slow, up to \(slowness / millisecond) ms a message")
        for server in world.ensemble.servers.indices { world.network.slow(machine, server, to: slowness) }
        undo(after: duration) { [self] in speedUp(machine) }
    }

    func speedUp(_ machine: Int) {
        for server in world.ensemble.servers.indices { world.network.slow(machine, server, to: 0) }
    }

    // MARK: Servers

    /// - Parameter notice: how long it goes on answering reads; five ticks is what ZooKeeper's syncLimit allows.
    func isolate(_ number: Int, notice: Int64? = nil) {
        let leader = world.ensemble.leader ?? 0
        guard world.ensemble.canBeIsolated(number) else { return }
        world.tally(number == leader ? "leader isolated" : "follower isolated")
        world.note("server \(number) is isolated")
        let limit = 5 * world.plot.tick
        world.ensemble.isolate(
            number, noticedAfter: notice ?? world.dice.between(millisecond, limit),
            byOthersAfter: world.dice.skewed(upTo: limit))
        undo(after: duration) { [self] in
            world.note("server \(number) is no longer isolated")
            world.ensemble.heal(number)
        }
    }

    func crash() {
        let number =
            world.dice.chance(perMille: 500) ? world.ensemble.leader ?? 0 : world.dice.below(world.plot.serverCount)
        if world.ensemble.servers[number].role == .down { return }
        world.tally("server killed")
        world.ensemble.crash(number, downFor: world.dice.skewed(upTo: 10 * second))
    }

    func lag() {
        let server = world.dice.pick(world.ensemble.servers)
        if server.number != world.ensemble.leader { world.tally("follower lags") }
        server.lag = world.dice.skewed(upTo: 5 * second)
        undo(after: duration) { server.lag = 2 * millisecond }
    }

    func expire() {
        guard let run = anyRun, let session = run.sessions.last, world.ensemble.isServing,
            !world.ensemble.wasClosed(session)
        else { return }
        world.tally("session ended by force")
        world.note("session \(String(session, radix: 16)) of \(run) is ended by force")
        world.ensemble.closeSession(session)
    }

    /// From here on, what a server grants; sessions keep theirs until they connect again.
    func shortenTimeouts() {
        // Less is refused in a mixed fleet, with a message.
        let limit = world.plot.isMixed ? 7 * second : 2 * second
        if world.ensemble.timeoutMax > limit { world.tally("timeouts turned down") }
        world.ensemble.timeoutMax = limit
    }

    func refuse() {
        guard let run = anyRun, run.clients.last?.isOver == false else { return }
        world.tally("authentication refused")
        run.refuse()
    }

    /// Somebody adds to a record: no business of the heartbeat's.
    func touchRecord() {
        guard let run = holder, run.job.takesLock, let node = world.referee.books.state[run.job.recordPath] else {
            return
        }
        world.tally("record touched")
        world.referee.books.recordsWereTouched = true
        world.note("\(run.job.recordPath) is touched")
        world.ensemble.operate([.set(run.job.recordPath, data: node.data, version: node.version)])
    }
}
