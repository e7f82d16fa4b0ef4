import Coordination
import Recipes
import Run
import Text

/// Whether what a run said of its end is true.
struct Verdict {
    let world: World
    let run: SimulatedRun
    let books: Books
    let rota: Rota

    func judge(_ ended: Ended, _ accuse: (Violation.Promise, String) -> Void) {
        let processes = run.tree.processes
        if run.order.isOriginal {
            // Its host is not harmed; what servers do to it, it has to take.
            if ended.outcome == .unavailable, world.plot.focus?.harmsServers != true {
                accuse(.truth, "\(run): \(ended.reason ?? "")")
            }
            return
        }
        if !processes.areAllDead { accuse(.truth, "\(run) ends while its command lives") }
        if let foretold = run.foretold, foretold != ended {
            accuse(.truth, "\(run) ends with \(ended), after its front was told \(foretold)")
        }
        switch ended.outcome {
        case .ran:
            if processes.ownCode != ended.code {
                accuse(
                    .truth,
                    "\(run) says that its command exited with \(ended.code ?? -1), "
                        + "which did \(processes.ownCode.map { "\($0)" } ?? "not")"
                )
            }
        case .locked:
            if !books.wasHeld(run.job.lockPath, since: run.startedAt, otherThanBy: run.sessions),
                !books.wasHeld("line of \(run.job.lockname)", since: run.startedAt, otherThanBy: run.sessions),
                // A place of its own, of a session that it has given up, is only waited for.
                !books.wasHeld(
                    "line of \(run.job.lockname)", since: run.sessionSince, otherThanBy: run.sessions.suffix(1))
            {
                accuse(.truth, "\(run) says that the lock is held, which nobody did since it began")
            }
            judgeLockWait(accuse)
        case .tooSoon: judgeInterval(accuse)
        case .alreadyRun: judgeTick(accuse)
        case .notReady: rota.chains.judge(run, books, accuse)
        case .paused:
            if !rota.wasPaused(run) { accuse(.truth, "\(run) says that it is paused, which it was not") }
        case .notInGroup, .groupExit:
            if !rota.wasOutsideGroup(run) {
                accuse(.truth, "\(run) says that its host has left the group, which it has not")
            }
        case .denied where run.wasRefused: break
        case .timeout:
            let limit = run.job.timeout.map { $0.nanoseconds / 100 * 97 } ?? .max
            if world.now - processes.startedAt < limit {
                accuse(.truth, "\(run) ends for a timeout that it has not, or that has not passed")
            }
        case .signaled:
            if !run.endings.contains(ended.code ?? 0) {
                accuse(.truth, "\(run) says that a signal has ended it, \(ended.code ?? 0), and there was none")
            }
        case .osError:
            if !run.tree.guardianIsDead, !hasTakenOver { accuse(.truth, "\(run): os-error, \(ended.reason ?? "")") }
        case .released:
            let isAsked = books.state.children("\(Plot.layout.prefix)/stops").contains { name in
                // What it owned before it started anything in this session, only it knew.
                run.claims.flatMap { $0.session.id == run.sessions.last ? $0.lock : nil }.map {
                    Plot.layout.stopRequest(run.job.lockname, czxid: $0.czxid).hasSuffix("/" + name)
                } ?? name.hasPrefix(run.job.lockname + "-")
            }
            let isRobbed = run.sessions.last.map { books.robbed.contains($0) } ?? false
            if !isAsked, !isRobbed {
                accuse(.truth, "\(run) says that an operator has stopped it, and none asked for that")
            }
        case .queued:
            judgeQueued(accuse)
        case .noPermits: judgeWait(accuse)
        case .unavailable
        where world.plot.isImpatient
            && (run.wasDisturbed || world.isChaos || world.now - world.scenario.calmSince < 60 * second):
            if processes.hasStarted { accuse(.truth, "\(run): \(ended.reason ?? ""), but it has started its command") }
        // Beside originals, twice it was not scheduled for long, or answered slowly.
        case .unavailable
        where world.plot.isMixed
            && (run.wasDisturbed || world.isChaos
                || world.now - world.scenario.calmSince < 2 * world.plot.sessionTimeout):
            break
        case .badData where world.plot.declaresTotals && ended.reason?.contains("permits declared in") == true: break
        case .badData, .unavailable, .denied, .badConfig, .usage:
            accuse(.truth, "\(run): \(ended.outcome.rawValue), \(ended.reason ?? "")")
        case .notFound:
            if !run.order.command.failsToStart { accuse(.truth, "\(run) does not find a command that is there") }
        default: break
        }
        if ended.outcome.isSkip || ended.outcome == .noPermits, processes.hasStarted {
            accuse(.truth, "\(run): \(ended.outcome.rawValue), but it has started its command")
        }
        judgeRetries(ended, accuse)
        if ended.outcome == .lost, !processes.hasStarted, !(hasTakenOver && run.tree.isAskedToStart) {
            accuse(.truth, "\(run) says that it lost what it had not begun")
        }
        if ended.outcome == .lost, !tellsOfLoss, !world.referee.proofs.endedByDeadline.contains(run.number) {
            accuse(.truth, "\(run) says that it is lost, \(ended.reason ?? ""), and nobody knows why")
        }
        judgeRecord(ended, accuse)
        judgeMemory(accuse)
        judgeRest(ended, accuse)
    }

    /// What was released is gone, and so is all that a run in quiet times has made; the probes would take it away.
    private func judgeRest(_ ended: Ended, _ accuse: (Violation.Promise, String) -> Void) {
        let isQuiet = run.startedAt > world.scenario.calmSince && !world.isChaos && !run.wasDisturbed
        guard isQuiet || run.isReleased && ended.outcome != .lost, let session = run.sessions.last else { return }
        let (layout, text) = (run.job.layout, Session(id: session, timeout: .zero).text)
        for resource in ["r1", "r2"] {
            let marks = books.state.children(layout.marks(resource)).filter { $0.contains(text) }
            if let mark = marks.first { accuse(.leftover, "\(run) ends, and its mark \(mark) of \(resource) is left") }
        }
        // Who had a predecessor to wait out leaves what is left of that to the next one.
        let record = books.state[run.job.recordPath].flatMap { JobRecord(bytes: $0.data) }
        if let record, record.session == text, record.state != .ended, run.tree.processes.hasStarted {
            accuse(.leftover, "\(run) ends, and its record says \(record.state.rawValue)")
        }
    }

    private var hasTakenOver: Bool {
        run.remarks.contains { if case .takingOver = $0 { true } else { false } }
    }

    private var tellsOfLoss: Bool {
        run.remarks.contains {
            switch $0 {
            case .ownershipLost, .takingOver, .treeTooLarge: true
            default: false
            }
        }
    }

    /// A run without a lock that gave its permits back is in the history, unless it says that it is not.
    private func judgeMemory(_ accuse: (Violation.Promise, String) -> Void) {
        guard run.isReleased, run.tree.processes.hasStarted, let claims = run.claims,
            let path = UnlockedRun.path(of: claims, run.job), !run.remarks.contains(where: \.tellsOfNoMemory)
        else { return }
        if books.state[path] == nil {
            accuse(.truth, "\(run) is over, and the history of \(run.job.lockname) lacks it")
        }
    }

    /// What it has written of itself, unless somebody else has the record by now.
    private func judgeRecord(_ ended: Ended, _ accuse: (Violation.Promise, String) -> Void) {
        guard run.tree.processes.hasStarted, let session = run.claims?.session.text,
            let record = books.state[run.job.recordPath].flatMap({ JobRecord(bytes: $0.data) }),
            record.session == session, record.state == .ended
        else { return }
        guard let last = record.runs.last, last.token == run.claims?.lock?.czxid else {
            return accuse(.truth, "\(run) has started its command, and its record does not say so")
        }
        if last.outcome != ended.outcome.rawValue || last.code != ended.code {
            let (told, written) = (
                "\(ended.outcome.rawValue) \(ended.code ?? -1)", "\(last.outcome) \(last.code ?? -1)"
            )
            accuse(.truth, "\(run) ends with \(told), its record says \(written)")
        }
    }

    /// As often as asked for, if nothing came between.
    private func judgeRetries(_ ended: Ended, _ accuse: (Violation.Promise, String) -> Void) {
        let attempts = run.tree.processes.attempts
        if attempts > run.job.retries + 1 { accuse(.truth, "\(run) makes \(attempts) attempts") }
        let isPlain = run.remarks.allSatisfy { remark in
            switch remark {
            case .retrying, .connectionLost, .connectionBack, .beginningAnew, .waitingOut, .waitedOut, .outputNotKept,
                .runNotRemembered:
                true
            default: false
            }
        }
        guard ended.outcome == .ran, ended.code != 0, isPlain, !run.wasDisturbed, !world.isChaos else { return }
        if attempts <= run.job.retries { accuse(.truth, "\(run) fails, and makes \(attempts) attempts only") }
    }

    private func judgeLockWait(_ accuse: (Violation.Promise, String) -> Void) {
        switch run.job.lockWait {
        case .forever: accuse(.truth, "\(run) gives up a wait for the lock that has no limit")
        case .seconds(let seconds):
            if world.now - run.startedAt < seconds * second * 97 / 100 {
                accuse(.truth, "\(run) gives up its wait for the lock too early")
            }
            judgeLine(seconds * second, accuse)
        }
    }

    /// Who gives up as the first in line has seen somebody else's lock not long ago, unless messages are lost.
    private func judgeLine(_ wait: Int64, _ accuse: (Violation.Promise, String) -> Void) {
        let quietSince = max(world.scenario.calmSince, run.startedAt)
        let since = world.now - 3 * second
        guard wait > 0, !world.isChaos, !run.wasDisturbed, since > quietSince + world.plot.sessionTimeout else {
            return
        }
        let line = run.job.layout.lockQueue(run.job.lockname)
        let own = books.state.children(line).map { "\(line)/\($0)" }
            .first { books.state[$0].map { run.sessions.contains($0.owner) } ?? false }
        guard let own, books.wasFirst(own, since: since),
            !books.wasHeld(run.job.lockPath, since: since, otherThanBy: run.sessions)
        else { return }
        accuse(.service, "\(run) gives up as the first in line for a lock that nobody holds")
    }

    /// Somebody held the lock, and so may have started, no longer ago than the interval.
    private func judgeInterval(_ accuse: (Violation.Promise, String) -> Void) {
        guard let interval = run.job.minInterval else { return accuse(.truth, "\(run) has no interval") }
        let since = run.startedAt - interval.components.seconds * second - 2 * second
        // One that was lost after it had written its start down, and before it started, counts as a start.
        let record = books.state[run.job.recordPath].flatMap { JobRecord(bytes: $0.data) }
        if record?.runs.last?.outcome == "lost" { return }
        if !books.wasHeld(run.job.lockPath, since: since, otherThanBy: run.sessions), !books.recordsWereTouched {
            accuse(.truth, "\(run) says that it is too soon, and nobody held the lock in its interval")
        }
    }

    /// Short waits must not starve each other behind an orphaned mark.
    private func judgeWait(_ accuse: (Violation.Promise, String) -> Void) {
        guard let wait = run.job.leaseWait else { return accuse(.truth, "\(run) gives up a wait without a limit") }
        // For one who waits for the lock first, the wait for permits begins when it is free.
        let since = run.job.waitsForLock ? books.entered[run.number] ?? run.startedAt : run.startedAt
        if world.now - since < wait.nanoseconds * 97 / 100 - millisecond * 200 {
            accuse(.truth, "\(run) gives up its wait too early")
        }
        // While messages are lost it may not know better.
        guard !world.isChaos, !run.wasDisturbed,
            world.now - max(books.leasesChangedAt, world.scenario.calmSince) > 3 * second + world.plot.sessionTimeout,
            // Who has just become the first may not have looked.
            world.now - books.placesLeftAt > second
        else { return }
        let state = books.state
        for lease in run.job.leases {
            let queue = Plot.layout.queue(lease.resource)
            let first = state.children(queue).min { $0.suffix(10) < $1.suffix(10) }
            guard let first, let owner = state["\(queue)/\(first)"]?.owner, run.sessions.contains(owner) else { return }
            var taken = lease.count
            for name in state.children(Plot.layout.leases(lease.resource)) {
                taken += Int64(name.split(separator: "_").first ?? "") ?? 0
            }
            if taken > (lease.total > 0 ? lease.total : books.total(of: lease.resource, since: world.now)) { return }
        }
        accuse(.service, "\(run) gives up as the first of its queues, with nothing but orphaned marks in its way")
    }
}

extension Remark {
    fileprivate var tellsOfNoMemory: Bool { if case .runNotRemembered = self { true } else { false } }
}
