import Coordination
import Recipes
import Run
import Text

/// A history from its beginning to its end: runs and faults for a while, then rest, then a look at what is left.
final class Scenario {
    private let world: World
    let nemesis: Nemesis
    private(set) var calmSince: Int64 = 0
    private var runsMax = 0
    private var isOpen = true

    /// As long as no operator changes it.
    let fleetData: [UInt8]

    init(world: World) {
        self.world = world
        let total = world.plot.total
        let totals = world.plot.declaresTotals ? #""totals":{"r1":\#(total),"r2":\#(total)},"# : ""
        fleetData = Array(
            #"{\#(totals)"resources":["r1","r2"],"groups":{"g":["host0.test","host1.test","host2.test","host3.test"]}}"#
                .utf8)
        nemesis = Nemesis(world: world)
    }

    private var isLong: Bool { world.plot.focus?.isLong ?? false }

    func perform() {
        world.ensemble.begin()
        tick()
        world.ensemble.operate([.create(Plot.layout.prefix, data: fleetData, .persistent)])
        world.ensemble.operate([.create("\(Plot.layout.prefix)/stops", data: [], .persistent)])
        if world.plot.isMixed {
            // An original makes what is missing, and can be lost between two of those; here it is there.
            let layout = Plot.layout
            for path in [layout.lock("x"), layout.queue("r1") + "/x", layout.queue("r2") + "/x"]
                + ["r1", "r2"].map({ layout.leases($0) + "/x" })
            {
                for ancestor in Layout.ancestors(of: path) where ancestor != layout.prefix {
                    world.ensemble.operate([.create(ancestor, data: Array("0".utf8), .persistent)])
                }
            }
        }
        while world.agenda.step(until: 300 * millisecond) {}

        runsMax = 4 + world.dice.below(8)
        for _ in 0..<(1 + world.dice.below(4)) { arrive(within: 5 * second) }
        world.isChaos = !world.plot.isCalm
        let chaos = world.dice.between(isLong ? 38 : 5, 40) * second
        if world.isChaos { nemesis.plan(until: chaos) }
        advance(until: world.now + chaos)
        if world.isChaos { nemesis.strikeLast() }
        if world.isChaos { world.hasten() }
        world.isChaos = false
        nemesis.healAll()
        calmSince = world.now
        isOpen = false
        if world.plot.theme != .lock, !world.plot.isMixed, world.dice.chance(perMille: 300) { comeLate() }
        serve()
        while world.referee.violation == nil, let blocking = world.referee.originalInTheWay {
            // Only somebody who ends one of them by hand can help (Docs/Migrating.md); then all must be served.
            world.tally("originals block each other")
            world.note("two originals block each other; somebody ends \(blocking)")
            blocking.die()
            serve()
        }
        probe()
        advance(until: world.now + 2 * 60 * second) { [self] in
            world.referee.books.state.sessions.isEmpty
        }
    }

    /// Who has little patience is not to be asked for more.
    private func awaitServers() { advance(until: world.now + 100 * second) { [self] in world.ensemble.isServing } }

    /// Until then, or until enough is known.
    private func advance(until end: Int64, unless isDone: () -> Bool = { false }) {
        while world.referee.violation == nil, !isDone(), world.agenda.step(until: end) {}
    }

    private func tick() {
        world.agenda.after(world.plot.tick) { [self] in
            world.ensemble.expireOverdue()
            tick()
        }
    }

    // MARK: Runs

    func arrive(from start: Int64 = 0, within delay: Int64, on machine: Int? = nil, like lockname: String? = nil) {
        guard isOpen, runsMax > 0 else { return }
        runsMax -= 1
        var order = makeOrder()
        if let lockname { order.lockname = lockname }
        order.joinChain(world.plot.focus, seed: world.seed)
        let machine = machine ?? world.dice.below(world.machines.count)
        world.agenda.after(start + world.dice.between(0, delay)) { [self] in
            world.machines[machine].whenAwake { [self] in
                guard isOpen else { return }
                world.add(order, on: world.machines[machine])
                // As from two crontabs.
                let twin = world.machines[(machine + 1) % world.machines.count]
                if world.dice.chance(perMille: 150), !twin.isSuspended { world.add(order, on: twin) }
            }
        }
    }

    func begins(_ killer: TreeKilling.Killer, of run: SimulatedRun) { nemesis.begins(killer, of: run) }

    /// As cron does: somewhere the job is started again.
    func ended(_ run: SimulatedRun) {
        if world.dice.chance(perMille: 700) { arrive(within: 4 * second, like: run.job.lockname) }
    }

    private func makeOrder() -> Order {
        let plot = world.plot
        var leases: [LeaseRequest] = []
        if plot.theme != .lock {
            for resource in ["r1", "r2"] where world.dice.chance(perMille: 650) {
                leases.append(plot.request(resource, world.dice.between(1, plot.total)))
            }
            if leases.isEmpty { leases = [plot.request("r1", 1)] }
        }
        let takesLock = plot.theme != .permits
        let lockname = plot.lockname(&world.dice)
        var order = Order(
            lockname: lockname, takesLock: takesLock, leases: leases, group: nil,
            leaseWait: leases.isEmpty || world.dice.chance(perMille: 600)
                ? nil : .milliseconds(world.dice.between(200, 8000)),
            termSeconds: world.dice.pick(plot.termsSeconds),
            grace: .milliseconds(world.dice.pick([0, 500, 2000, 10_000] as [Int64])), command: makeBehaviour())
        if takesLock { addWishes(&order) }
        order.isPlagued = world.dice.chance(perMille: plot.focus?.plaguedPerMille ?? 300)
        // Whoever takes the killing over has to have the time for it.
        if order.isPlagued { order.command.dragPerMille = min(850, order.command.dragPerMille) }
        return order
    }

    /// What the original does not know, each now and then.
    private func addWishes(_ order: inout Order) {
        let dice = { [self] (perMille: Int) in world.dice.chance(perMille: perMille) }
        let often = world.plot.focus?.wishesPerMille ?? 150
        if dice(often * 2) {
            order.lockWait = dice(500) ? .forever : .seconds(world.dice.between(1, 60))
            // A third of these: one, or two.
            order.waiters = [1, 2, nil, nil, nil, nil][Int(order.command.lasts / millisecond % 6)]
        }
        if dice(often) {
            let seconds = world.dice.between(2, 40)
            // A third of these go by the clock.
            order.isOncePerTick = seconds % 3 == 0
            order.minInterval = order.isOncePerTick ? nil : .seconds(seconds)
            order.retriesFailed = dice(300)
        }
        if dice(often) { order.timeout = .seconds(world.dice.between(1, 10)) }
        if dice(often) {
            order.retries = 1 + world.dice.below(3)
            order.retryDelay = .milliseconds(world.dice.between(0, 4000))
            order.command.succeedsAt = 1 + world.dice.below(5)
        }
        if dice(often) {
            order.group = "g"
            order.staysInGroup = dice(300)
        }
        order.descendants = dice(often) ? .kill : dice(often / 3) ? .leave : .wait
    }

    private func makeBehaviour() -> Order.Behaviour {
        let plot = world.plot
        let descendants = world.dice.chance(perMille: 300) ? 1 + world.dice.below(3) : 0
        var behaviour = Order.Behaviour(
            lasts: world.dice.chance(perMille: isLong ? 1000 : 300)
                ? world.dice.between(isLong ? 60 : 15, 60) * second : world.dice.skewed(upTo: 15 * second),
            code: Int32(world.dice.below(3)),
            diesOfTerm: world.dice.chance(perMille: isLong ? 0 : 600) ? world.dice.skewed(upTo: second) : nil,
            descendants: (0..<descendants).map { _ in world.dice.skewed(upTo: 30 * second) },
            dragPerMille: plot.focus?.isExtreme == true ? 950 : world.dice.pick([0, 50, 700, 950]),
            failsToStart: world.dice.chance(perMille: 20))
        addBurdens(&behaviour)
        return behaviour
    }

    /// What makes a command hard to kill.
    private func addBurdens(_ behaviour: inout Order.Behaviour) {
        let plot = world.plot
        // Beside originals time is short, and how short depends on how regular the heartbeats were.
        if !plot.isMixed {
            let few = behaviour.descendants.count + 1
            let sizes = [few, few, few, few, few, few, few, 250, 600, 3000, 20_000]
            behaviour.size = plot.focus?.size ?? world.dice.pick(sizes)
            behaviour.growsFor = world.dice.skewed(upTo: 10 * second)
        }
        behaviour.starves =
            plot.focus?.starves
            ?? world.dice.pick([0, 0, 0, 0, 50 * millisecond, 300 * millisecond, 900 * millisecond])
        behaviour.clings = world.dice.pick([millisecond, 100 * millisecond, 4 * second])
        behaviour.outlivesGuardian = world.dice.chance(perMille: 200)
    }

    // MARK: Rest

    /// When nothing goes wrong any more: somebody takes all there is, two of one job and one of another come at the same
    /// instant, as from crontabs, and some have little patience.
    private func comeLate() {
        awaitServers()
        let quiet = world.plot.sessionTimeout + 4 * second
        let everything = ["r1", "r2"].map { world.plot.request($0, world.plot.total) }
        var orders = (0..<5).map { _ in makeOrder() }
        for index in orders.indices {
            orders[index].command.lasts = min(orders[index].command.lasts, 12 * second)
            (orders[index].lockWait, orders[index].minInterval, orders[index].retries) = (.seconds(0), nil, 0)
            orders[index].isOncePerTick = false
            orders[index].lockname = ["late", "twin", "twin", "other", "short"][index]
        }
        if world.dice.chance(perMille: 500) {
            (orders[0].leases, orders[0].leaseWait, orders[0].command.lasts) = (everything, nil, 12 * second)
        } else {
            orders.removeFirst()
        }
        for (index, order) in orders.enumerated() {
            var order = order
            let isAtOnce = order.lockname == "twin" || order.lockname == "other"
            if isAtOnce { (order.leases, order.leaseWait) = (everything, nil) }
            if order.lockname == "short" { order.leaseWait = .milliseconds(world.dice.between(100, 2000)) }
            let at = isAtOnce ? second : order.lockname == "late" ? 0 : world.dice.between(0, 3 * second)
            world.agenda.after(quiet + at) { [self] in
                world.add(order, on: world.machines[index % world.machines.count])
            }
        }
        var looks = 0
        func look() {
            world.agenda.after(second) { [self] in
                world.referee.checkQueues()
                looks += 1
                if looks < 20 { look() }
            }
        }
        world.agenda.after(quiet) { look() }
        advance(until: world.now + quiet + 3 * second)
    }

    private var waiting: [SimulatedRun] { world.runs.filter { $0.life == .running } }

    /// The stated time (Docs/Testing.md): for each that is left, the longest term to wait out, four attempts of the longest command
    /// with its longest grace and the time to kill, and the pauses between them (4, 8 and 16 s at the longest); and two session
    /// timeouts for those who have died.
    private func serve() {
        let longest = Int64(world.plot.termsSeconds.max() ?? 0)
        let command = min(world.longestCommand, 60 * second)
        let killing = max(2 * second, longest * 690 * millisecond)
        let each = longest * second + 4 * (command + 10 * second + killing) + 28 * second
        let limit = world.now + Int64(waiting.count) * each + world.plot.sessionTimeout * 2 + 30 * second
        advance(until: limit) { [self] in !world.runs.contains { $0.life == .running } }
        if let late = waiting.first, world.referee.violation == nil, world.referee.originalInTheWay == nil {
            world.referee.accuse(
                .service, "\(late) still waits or runs \((world.now - calmSince) / second) s after the last fault")
        }
    }

    /// One run for each lock and all permits: it must be served, and leaves nothing behind.
    private func probe() {
        let layout = Plot.layout
        awaitServers()
        // A pause may be on its way still.
        advance(until: world.now + 2 * second)
        advance(until: world.now + 100 * second) { [self] in !world.referee.isAnythingPaused }
        // What a dead run had sent may still be carried out; and its lock goes with its session.
        advance(until: world.now + 100 * second) { [self] in world.referee.books.state.sessions.isEmpty }
        var names = world.referee.books.state.children("\(layout.prefix)/jobs")
        if names.isEmpty { names = ["probe"] }
        for name in names {
            if world.referee.violation != nil { return }
            var order = makeOrder()
            order.lockname = name
            order.leaseWait = nil
            order.isProbe = true
            (order.lockWait, order.minInterval, order.timeout, order.retries) = (.seconds(0), nil, nil, 0)
            (order.group, order.isOncePerTick) = (nil, false)
            order.command.failsToStart = false
            order.leases =
                order.leases.isEmpty ? [] : ["r1", "r2"].map { world.plot.request($0, world.plot.total) }
            order.command.lasts = 100 * millisecond
            order.command.descendants = []
            order.command.size = 1
            // The locks of the dead are gone once their sessions are.
            advance(until: world.now + 100 * second) { [self] in world.referee.books.state.sessions.isEmpty }
            world.add(order, on: world.machines[world.dice.below(world.plot.nativeMachines)])
            let began = world.now
            guard let run = world.runs.last else { return }
            advance(until: began + (Int64(world.plot.termsSeconds.max() ?? 0) * 2 + 30) * second) {
                run.life != .running
            }
            if world.referee.violation == nil, run.ended?.outcome != .ran {
                world.referee.accuse(
                    .service, "\(run), begun when all was quiet, ends \(run.ended?.outcome.rawValue ?? "never")")
            }
        }
    }
}
