import Coordination
import Recipes
import Run

/// What each run's heartbeats have proven, and so when nothing of it may be killed, nor called lost.
final class Proofs {
    private let world: World
    private unowned let referee: Referee
    private var pulses: [Int: [Pulse]] = [:]
    /// Whose end has begun: what began is not cancelled.
    private var ends: Set<Int> = []
    /// Likewise, by the guardian, since a deadline had passed.
    private(set) var endedByDeadline: Set<Int> = []

    /// Likewise, by the front: a supervisor that was not scheduled may have its heartbeats answered while the tree dies.
    private var endedByFront: Set<Int> = []

    private struct Pulse {
        let submitted: Int64
        /// By the clock of its machine that stands still during a suspend: nobody hears of anything meanwhile.
        let answeredAt: Int64
    }

    init(world: World, referee: Referee) {
        self.world = world
        self.referee = referee
    }

    /// A heartbeat that was acknowledged.
    func isProof(_ requests: [Request], _ replies: [Reply], _ run: SimulatedRun) -> Bool {
        guard case .multi(let operations)? = requests.first, requests.count > 1,
            operations.allSatisfy({ if case .check(let path, _) = $0 { path != Plot.layout.prefix } else { false } }),
            replies.allSatisfy({ if case .success = $0 { true } else { false } })
        else { return false }
        for case .success(.stat(let stat)) in replies where stat.ephemeralOwner != run.sessions.last { return false }
        return true
    }

    func note(_ run: SimulatedRun, submitted: Int64) {
        pulses[run.number, default: []].append(Pulse(submitted: submitted, answeredAt: run.machine.monotonic))
    }

    func guardianEnds(_ run: SimulatedRun, _ ending: TreeReport.Ending, isUnasked: Bool) {
        let isFirst = ends.insert(run.number).inserted
        if ending == .deadline { endedByDeadline.insert(run.number) }
        guard isFirst, ending == .deadline, isUnasked, let age = provenAge(run) else { return }
        if age < Self.patience(run) {
            referee.accuse(
                .needlessKill, "\(run) is killed \(age / millisecond) ms after a heartbeat that was acknowledged")
        }
    }

    /// By a supervisor that takes over: what comes after is no other end.
    func endBegins(_ run: SimulatedRun) { ends.insert(run.number) }

    /// The front kills past the deadline that it was told of.
    func frontKills(_ run: SimulatedRun) {
        if run.tree.processes.areAllDead {
            return referee.accuse(.needlessKill, "the front of \(run) kills what was left behind on purpose")
        }
        let isFirst = ends.insert(run.number).inserted
        endedByFront.insert(run.number)
        guard isFirst, let age = provenAge(run), age < Self.patience(run) else { return }
        referee.accuse(
            .needlessKill, "the front of \(run) kills \(age / millisecond) ms after a heartbeat that was acknowledged")
    }

    /// When a command has to be dead, by its machine's clock.
    func deadline(of run: SimulatedRun) -> Int64 {
        let take = run.claims?.submitted.nanoseconds ?? 0
        let newest = max(take, pulses[run.number]?.last?.submitted ?? 0)
        return run.job.term.deadline(since: BootInstant(nanoseconds: newest)).nanoseconds
    }

    /// No end of a command begins sooner.
    private static func patience(_ run: SimulatedRun) -> Int64 {
        let lifetime = Lifetime(term: run.job.term)
        let kill = lifetime.schedule(lifetime.steadyProof(at: BootInstant(nanoseconds: 0)), grace: .zero).kill
            .nanoseconds
        return min(run.job.term.period.nanoseconds * 3, kill)
    }

    /// How long ago, at least, the newest heartbeat was submitted whose answer the supervisor and its guardian must know, by the
    /// clock of their machine. Nil: there is none, or more counts than heartbeats.
    private func provenAge(_ run: SimulatedRun) -> Int64? {
        // In a mixed fleet the session's timeout is a deadline as well. What a supervisor sends after a moment in which it was not
        // scheduled may be under way, and so may answers of the last moment.
        guard !world.plot.isMixed, !run.wasHeldUp(within: 20 * millisecond),
            let pulse = pulses[run.number]?.last(where: { run.machine.monotonic - $0.answeredAt > 20 * millisecond })
        else { return nil }
        return run.machine.boottime(at: world.now) - pulse.submitted + 50 * millisecond
    }

    func told(_ remark: Remark, by run: SimulatedRun) {
        switch remark {
        case .ownershipLost(let why, _) where why.hasPrefix("no heartbeat"),
            .noFurtherAttempt(let why) where why.hasPrefix("no heartbeat"):
            if !endedByFront.contains(run.number), let age = provenAge(run), age < Self.patience(run) {
                referee.accuse(.needlessKill, "\(run) gives up, \(why), \(age / millisecond) ms after one")
            }
        case .noFurtherAttempt(let why) where world.plot.isMixed && why.contains("too far apart"): break
        // A leader says so before a quorum has agreed to it: who is told may believe it.
        case .ownershipLost("the session expired", _), .noFurtherAttempt("the session expired"):
            if let session = run.sessions.last, !world.ensemble.wasClosed(session) {
                referee.accuse(.needlessKill, "\(run) gives up, the session expired, which nobody has closed")
            }
        case .ownershipLost(let why, _), .noFurtherAttempt(let why):
            guard let claims = run.claims else { return }
            let paths = (claims.lock.map { [$0.path] } ?? []) + claims.leases
            let gone = paths.contains { path in
                guard let node = referee.books.state[path], node.owner == claims.session.id else { return true }
                return path == claims.lock?.path && node.czxid != claims.lock?.czxid
            }
            if !gone { referee.accuse(.needlessKill, "\(run) gives up, \(why), but nothing is lost") }
        case .treeTooLarge:
            if run.machine.killing(of: run.order.command.size) + second < run.tree.room, !world.plot.isMixed {
                referee.accuse(.needlessKill, "\(run) ends its command for a size that it has not")
            }
        case .takingOver(let why) where why.contains("answer"):
            // Also one that waits for the kernel to fork.
            if run.tree.guardianHasAnswered(for: 20 * millisecond) {
                referee.accuse(.needlessKill, "\(run): \(why), says the supervisor, but it is well")
            }
        // What was begun before is not cancelled.
        case .takingOver(let why) where why.contains("deadline") && !ends.contains(run.number):
            if let age = provenAge(run), age < Self.patience(run) {
                referee.accuse(
                    .needlessKill, "\(run): \(why), says the supervisor, \(age / millisecond) ms after a heartbeat")
            }
        default: break
        }
    }
}
