import Coordination
import Recipes
import Run

/// Watches a history for broken promises. It sees what no process can: every commit and every life and death.
final class Referee {
    let world: World
    private(set) var violation: Violation?
    let books: Books
    private var tokens: [String: Int64] = [:]
    private(set) lazy var proofs = Proofs(world: world, referee: self)
    /// Something to do when the next heartbeat of that run is acknowledged.
    var onPulse: (Int, () -> Void)?
    /// Likewise when one is committed, before anybody is told.
    var onHeartbeat: (Int, () -> Void)?
    private let rota: Rota
    /// Of each run, how often it has asked in the second that began then.
    private var questions: [Int: (since: Int64, count: Int)] = [:]
    private static let questionsPerSecond = 100

    init(world: World) {
        self.world = world
        books = Books()
        rota = Rota(world: world)
    }

    func accuse(_ promise: Violation.Promise, _ text: String) {
        guard violation == nil else { return }
        world.note("*** \(promise): \(text)")
        violation = Violation(promise: promise, text: text)
    }

    // MARK: Commits

    func committed(_ transaction: Transaction) {
        noteCommit(transaction)
        rota.chains.committed(transaction, at: world.now)
        let isClose = transaction.changes.contains { if case .closeSession = $0 { true } else { false } }
        let actor = transaction.session == 0 ? nil : world.owner(of: transaction.session)
        noticeHeartbeat(transaction, by: actor)
        for change in transaction.changes {
            switch change {
            case .create(let path, _, _) where path.isUnder("leases"): enters(path, transaction.session)
            case .create(let path, _, _) where path.isUnder("locks"):
                if let actor { rota.takes(path, actor, books, accuse) }
            case .set(Plot.layout.prefix, let data): rota.isTold(data)
            case .delete(let path) where path.isUnder("jobs"): rota.forget(ZNodeTree.name(of: path))
            case .delete(let path) where !isClose && transaction.session == 0 && path.isUnder("locks"):
                if let node = books.state[path] { books.robbed.insert(node.owner) }
            case .delete(let path) where !isClose && transaction.session != 0:
                if let node = books.state[path], node.owner != 0, node.owner != transaction.session {
                    accuse(.release, "\(path) of session \(String(node.owner, radix: 16)) is deleted by \(name(actor))")
                }
                guard let actor, !actor.tree.processes.areAllDead, !path.isPlace else { continue }
                if books.state[path]?.owner == transaction.session
                    || path.contains(String(transaction.session, radix: 16))
                {
                    accuse(.release, "\(path) is deleted while the command of \(actor) lives")
                }
            case .set(let path, let data) where path.isUnder("jobs"):
                if let actor, !actor.tree.processes.areAllDead, JobRecord(bytes: data)?.state == .ended {
                    accuse(.release, "\(path) says ended while the command of \(actor) lives")
                }
            default: break
            }
        }
        books.apply(transaction, at: world.now)
        // Who gives way in a mixed fleet enters anew, and has waited all the while.
        let givesWay = transaction.changes.contains {
            if case .delete(let path) = $0 { path.isUnder("queues") } else { false }
        }
        for case .create(let path, _, _) in transaction.changes where path.isUnder("queues") && path.hasSequence {
            if let actor, !givesWay { books.entered[actor.number] = world.now }
        }
        for case .create(let path, _, let owner) in transaction.changes
        where path.isUnder("leases") && actor?.order.isOriginal != true {
            let queue = Plot.layout.queue(resource(of: path))
            if books.state.children(queue).contains(where: { books.state["\(queue)/\($0)"]?.owner == owner }) {
                accuse(.order, "\(name(actor)) has a lease and keeps its place in \(queue)")
            }
        }
    }

    /// A heartbeat is what changes nothing.
    private func noticeHeartbeat(_ transaction: Transaction, by actor: SimulatedRun?) {
        guard let (number, strike) = onHeartbeat, transaction.changes.isEmpty, actor?.number == number,
            case .success = transaction.reply
        else { return }
        onHeartbeat = nil
        strike()
    }

    private func noteCommit(_ transaction: Transaction) {
        world.note(
            transaction.text(of: transaction.session == 0 ? "ensemble" : name(world.owner(of: transaction.session))))
    }

    private func name(_ run: SimulatedRun?) -> String { run.map { "\($0)" } ?? "somebody" }

    private func resource(of lease: String) -> String { String(lease.split(separator: "/")[2]) }

    /// Who takes permits was first in the queue.
    private func enters(_ path: String, _ session: Int64) {
        world.owner(of: session).map { rota.gives(resource(of: path), to: $0, accuse) }
        let queue = Plot.layout.queue(resource(of: path))
        let places = books.state.children(queue).compactMap { Place(name: $0) }
        guard let own = places.first(where: { books.state["\(queue)/\($0.name)"]?.owner == session }) else {
            return accuse(.order, "\(path) is made by a session without a place in \(queue)")
        }
        if let earlier = places.first(where: { $0.sequence < own.sequence }) {
            accuse(.order, "\(path) is made while \(earlier.name) stands before \(own.name)")
        }
    }

    // MARK: Commands

    func started(_ run: SimulatedRun) {
        if run.tree.processes.attempts == 1 { rota.starts(run, books, accuse) }
        if run.job.takesLock {
            checkExclusion(run)
            if run.order.isOriginal { return }
            guard let claims = run.claims, let lock = claims.lock else {
                return accuse(.truth, "\(run) starts its command without a lock")
            }
            let isAnother = run.tree.processes.attempts > 1
            if let last = tokens[run.job.lockname], isAnother ? lock.czxid != last : lock.czxid <= last {
                accuse(.token, "\(run) has fencing token \(lock.czxid) after \(last)")
            }
            tokens[run.job.lockname] = lock.czxid
            if let bytes = books.state[run.job.recordPath]?.data, let record = JobRecord(bytes: bytes),
                record.session == claims.session.text, record.n == claims.record?.content.n,
                record.term != run.job.term.seconds
            {
                accuse(
                    .truth,
                    "\(run) starts with the term \(record.term) in its record, its own is \(run.job.term.seconds)")
            }
        }
        if !run.job.leases.isEmpty { checkPermits(run) }
    }

    /// Who is suspended runs nothing; who wakes up past its deadline is given its budget for killing. So is the first of the three
    /// processes that is continued, after none had been there to kill. What three dead ones have left is only looked after by
    /// the next run on the same machine.
    func counts(_ run: SimulatedRun, beside starter: SimulatedRun? = nil) -> Bool {
        if run.tree.processes.areAllDead || run.machine.isSuspended { return false }
        if !run.order.isOriginal, run.tree.isUnattended {
            return run.tree.isLeftBehind && starter?.machine === run.machine && run.machine.hasCgroups
        }
        let woken = max(run.machine.resumedAt, run.tree.attendedSince)
        let time = run.tree.allowance + (run.tree.attendedSince > run.machine.resumedAt ? 600 : 200) * millisecond
        if woken < 0 || world.now - woken > time { return true }
        return !run.order.isOriginal && !run.tree.wasDue(by: run.machine.boottime(at: woken))
    }

    private func checkExclusion(_ run: SimulatedRun) {
        for other in world.runs
        where other !== run && other.job.takesLock && other.job.lockname == run.job.lockname
            && counts(other, beside: run)
        {
            accuse(.exclusion, "the command of \(run) runs while that of \(other) lives")
        }
    }

    /// A machine has woken up, or is awake for longer than killing may take.
    func rested(_ machine: Machine) {
        for run in world.runs where run.machine === machine && counts(run) {
            if run.job.takesLock { checkExclusion(run) }
            if !run.job.leases.isEmpty { checkPermits(run) }
        }
    }

    // MARK: Heartbeats and queues

    func answered(_ requests: [Request], _ replies: [Reply], _ run: SimulatedRun, submitted: Int64) {
        guard proofs.isProof(requests, replies, run) else { return }
        proofs.note(run, submitted: submitted)
        if let (number, strike) = onPulse, number == run.number {
            onPulse = nil
            strike()
        }
    }

    /// Nobody waits behind another run of its own job, once that can be known.
    func checkQueues() {
        let queues = "\(Plot.layout.prefix)/queues"
        for resource in books.state.children(queues) {
            var seen: Set<String> = []
            for name in books.state.children("\(queues)/\(resource)") {
                let known = 3 * second
                guard let place = Place(name: name), let node = books.state["\(queues)/\(resource)/\(name)"],
                    world.now - node.ctime * millisecond > known,
                    world.owner(of: node.owner)?.wasHeldUp(within: known) != true
                else { continue }
                if !seen.insert(place.lockname).inserted {
                    accuse(.truth, "\(name) waits in \(resource) behind another run of its job")
                }
            }
        }
    }

    /// Originals join one queue at a time, so of two each may stand before the other in one of two queues, for good: a fault of
    /// their own that nobody of ours can help them out of.
    var originalInTheWay: SimulatedRun? {
        let lines = ["r1", "r2"].map { resource in
            let queue = Plot.layout.queue(resource)
            return books.state.children(queue).sorted { $0.suffix(10) < $1.suffix(10) }
                .compactMap { books.state["\(queue)/\($0)"]?.owner }
                .filter { world.owner(of: $0)?.order.isOriginal == true }
        }
        let first = lines[0].filter(lines[1].contains)
        let second = lines[1].filter(lines[0].contains)
        return zip(first, second).first { $0 != $1 }.flatMap { world.owner(of: $0.0) }
    }

    /// Its supervisor is dead. Deadlines that it had told arrive after that, and may rest on a larger tree than those before.
    func orphaned(_ run: SimulatedRun) { orphaned(run, at: world.now) }

    private func orphaned(_ run: SimulatedRun, at death: Int64) {
        let time = run.tree.allowance + 600 * millisecond
        let due = max(death, run.machine.resumedAt, run.tree.ableSince) + time
        world.agenda.at(due > world.now ? due : world.now + time) { [self] in
            let (machine, allowance) = (run.machine, run.tree.allowance)
            if run.tree.processes.areAllDead || run.tree.isLeftBehind { return }
            // Nobody kills anything while the machine sleeps, or none of the three is there.
            let latest = max(death, machine.resumedAt, run.tree.ableSince) + allowance + 600 * millisecond
            if machine.isSuspended || run.tree.isUnattended || world.now < latest { return orphaned(run, at: death) }
            if counts(run) { accuse(.orphan, "the command of \(run) lives on without its supervisor") }
        }
    }

    // MARK: The rest

    func herd(_ path: String) {
        // In a mixed fleet the head of one queue that waits in another watches the one that it heads.
        // Whoever is to have the lock next may wait for the place of a run that waits without one; and who has left the queue
        // since the lock appeared is told once more.
        let mayWatchTwice = world.runs.contains { $0.job.waitsForLock && !$0.job.leases.isEmpty }
        if path.isUnder("queues"), mayWatchTwice { return }
        if path.isPlace, !world.plot.isMixed { accuse(.herd, "the end of \(path) wakes more than one") }
    }

    var isAnythingPaused: Bool { rota.isAnythingPaused }
    func spins(_ run: SimulatedRun) { accuse(.spin, "\(run) spins without waiting") }

    /// What waits asks rarely, however long it waits.
    func asks(_ run: SimulatedRun, _ requests: [Request]) {
        if run.order.isOriginal { return }  // What it does while it has no connection is not played.
        rota.waits(run, requests, books, accuse)
        if world.now - (questions[run.number]?.since ?? -second) >= second { questions[run.number] = (world.now, 0) }
        questions[run.number]?.count += 1
        if let count = questions[run.number]?.count, count > Self.questionsPerSecond {
            accuse(.spin, "\(run) asks more than \(Self.questionsPerSecond) times in a second")
        }
    }

    func ended(_ run: SimulatedRun, _ ended: Ended) {
        Verdict(world: world, run: run, books: books, rota: rota).judge(ended, accuse)
        awaitClose(of: run)
    }

    /// Who ends in quiet times has closed its session: nobody has to wait until the servers end it, 2 s at the least.
    private func awaitClose(of run: SimulatedRun) {
        guard !world.isChaos, run.startedAt > world.scenario.calmSince, !run.wasDisturbed, world.ensemble.isServing,
            let session = run.sessions.last
        else { return }
        world.agenda.after(1500 * millisecond) { [self] in
            if world.ensemble.isServing, !world.ensemble.wasClosed(session) {
                accuse(.leftover, "\(run) has ended, and its session is left to the servers")
            }
        }
    }

    func close() {
        guard violation == nil else { return }
        for text in books.leftovers() { accuse(.leftover, text) }
    }
}
