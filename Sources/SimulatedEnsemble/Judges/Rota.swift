import Recipes
import Text

/// Whose turn it is: waiters for a lock in their order, starts in their interval, pauses and holds.
final class Rota {
    private let world: World
    /// The newest start of each lockname: by whom, and the take's time by the servers' clock.
    private var starts: [String: (run: SimulatedRun, takenMilliseconds: Int64, at: Int64)] = [:]
    private var ticks = TickBook()
    private var pauses = PauseBook()
    var chains = ChainBook()
    private var holds = HoldBook()

    init(world: World) { self.world = world }

    // MARK: The lock's queue

    /// Who takes a lock stands before all others in its queue, or came when nobody stood there.
    func takes(_ lock: String, _ run: SimulatedRun, _ books: Books, _ accuse: (Violation.Promise, String) -> Void) {
        if run.order.isOriginal { return }
        let queue = Plot.layout.lockQueue(run.job.lockname)
        let places = books.state.children(queue).compactMap { Place(name: $0) }
        func path(_ place: Place) -> String { "\(queue)/\(place.name)" }
        func node(_ place: Place) -> ZNodeTree.Node? { books.state[path(place)] }
        let own = places.filter { place in node(place).map { run.sessions.contains($0.owner) } ?? false }
            .max { $0.sequence < $1.sequence }
        for place in places {
            guard let other = node(place), !run.sessions.contains(other.owner) else { continue }
            let isBefore = own.map { place.sequence < $0.sequence } ?? books.stood(path(place), before: run.startedAt)
            if isBefore { return accuse(.order, "\(run) takes \(lock) while \(place.name) stands before it") }
        }
    }

    // MARK: Intervals

    func starts(_ run: SimulatedRun, _ books: Books, _ accuse: (Violation.Promise, String) -> Void) {
        checkPause(run, accuse)
        let record = books.state[run.job.recordPath].flatMap { JobRecord(bytes: $0.data) }
        ticks.starts(run, record, accuse)
        chains.starts(run, record, accuse)
        guard run.job.takesLock, !run.order.isOriginal, let taken = run.claims?.takenMilliseconds else { return }
        defer { starts[run.job.lockname] = (run, taken, world.now) }
        guard let interval = run.job.minInterval, let last = starts[run.job.lockname] else { return }
        let milliseconds = interval.components.seconds * 1000
        // By the servers' clock it is never less than from take to take; nor, but for what a message takes and unless the
        // one before was held up after it had written its start down, than from start to start.
        let isHeldUp = last.run.wasDisturbed || last.run.tree.forksSlowly || run.job.retriesFailed
        let isShort = (world.now - last.at) / millisecond < milliseconds - 1500 && !isHeldUp
        guard taken - last.takenMilliseconds < milliseconds || isShort else { return }
        // What it says itself may never have reached the record.
        let newest = record?.runs.last
        let hasSucceeded = newest?.hasSucceeded == true && newest?.token == last.run.claims?.lock?.czxid
        if run.job.retriesFailed, !hasSucceeded { return }
        accuse(
            .interval,
            "\(run) starts \(taken - last.takenMilliseconds) ms after \(last.run), with an interval of \(milliseconds) ms"
        )
    }

    /// An operator has removed the record, and with it what was known of starts.
    func forget(_ lockname: String) {
        starts[lockname] = nil
        ticks.forget(lockname)
        chains.forget(lockname)
    }

    // MARK: Pauses

    func isTold(_ data: [UInt8]) {
        guard let fleet = try? FleetData.parse(data, nowMilliseconds: 0) else { return }
        let outside = world.machines.map(\.name).filter { !(fleet.groups["g"] ?? []).contains($0) }
        pauses.isTold(fleet, outside: outside, at: world.now)
        holds.isTold(fleet.pauses.holds, at: world.now)
    }

    /// A permit is given out, as the data of PREFIX has it at that moment in the order of all writes.
    func gives(_ resource: String, to run: SimulatedRun, _ accuse: (Violation.Promise, String) -> Void) {
        if run.order.isOriginal { return }
        // Each host ends a hold by its own clock, and decides before its take arrives.
        if holds.stands(resource, on: run.machine) {
            accuse(.hold, "\(run) is given a permit of \(resource), which is held")
        }
    }

    private func subjects(_ run: SimulatedRun) -> [String] {
        ["job \(run.job.lockname)", "all jobs", "host \(run.machine.name)"] + group(run)
    }

    private func group(_ run: SimulatedRun) -> [String] {
        run.job.group == nil ? [] : ["group without \(run.machine.name)"]
    }

    private func checkPause(_ run: SimulatedRun, _ accuse: (Violation.Promise, String) -> Void) {
        if run.order.isOriginal { return }
        if let subject = pauses.inForce(subjects(run), on: run.machine, before: run.startedAt) {
            accuse(.pause, "\(run) starts its command, and \(subject) was paused before it began")
        }
    }

    var isAnythingPaused: Bool {
        pauses.isInForce(onAnyOf: world.machines) || holds.stands(onAnyOf: world.machines)
    }

    func wasPaused(_ run: SimulatedRun) -> Bool {
        was(subjects(run), run) || holds.stood(resourcesInTheWay(of: run), since: run.startedAt)
    }

    /// What it wants itself, and what those want as well who may stand before it in a queue.
    private func resourcesInTheWay(of run: SimulatedRun) -> Set<String> {
        let own = Set(run.job.leases.map(\.resource))
        return world.runs.reduce(into: own) { all, other in
            let wanted = other.job.leases.map(\.resource)
            if !own.isDisjoint(with: wanted) { all.formUnion(wanted) }
        }
    }
    func wasOutsideGroup(_ run: SimulatedRun) -> Bool { was(group(run), run) }

    private func was(_ subjects: [String], _ run: SimulatedRun) -> Bool {
        pauses.wasInForce(subjects, on: run.machine, since: run.startedAt)
    }
}
