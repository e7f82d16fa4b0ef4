import CSupervision
import Coordination
import Recipes
import Supervision

/// The guardian of one run: the decisions are `sw_deadman_step`, unchanged; this is the driver around it, after guardian.c.
/// And what the three processes of the run share: the page with the deadline, and the tree.
///
/// `@unchecked Sendable`: used by the thread that drives the world only.
@safe final class SimulatedTree: CommandTree, @unchecked Sendable {
    private enum Message {
        /// - Parameter budget: the one that the schedule rests on.
        case start(UInt64, Schedule, budget: KillingBudget)
        case postpone(UInt64, Schedule, budget: KillingBudget)
        case signal(Int32, escalates: Bool)
        case end(BootInstant)
        case kill
        case quit
        /// End of file.
        case lost
    }

    private struct Letter {
        let message: Message
        /// By the machine's clock.
        let sentAt: Int64
        let arrivesAt: Int64
    }

    private let world: World
    private unowned let run: SimulatedRun
    let processes: CommandProcesses
    private(set) lazy var front = SimulatedFront(world: world, run: run, tree: self)
    private var deadman = sw_deadman()
    private(set) var guardianIsDead = false
    private var guardianIsStopped = false
    /// By a killer, in a control; else nobody who kills stops another.
    private var guardianIsFrozen = false
    /// The supervisor has killed it, in a control, while the tree lived.
    private var guardianWasDisabled = false
    private var guardianContinuedAt: Int64?
    private var isTakingOver = false
    private var mail: [Letter] = []
    private var isAtWork = false
    private var lastArrival: Int64 = 0
    private var toSupervisorAt: Int64 = 0
    private var timer = 0
    private var armedAt = Int64.max
    private var leaderReaped = false
    /// What becomes of that, a supervisor that kills its guardian may never learn.
    private(set) var isAskedToStart = false
    /// In a page that the three processes share: when SIGKILL is due, which the supervisor writes ...
    private(set) var sharedDeadline = Int64.max
    /// ... and whether there is anything to kill, which the guardian does: a deadline that a supervisor sends late may come
    /// after the end.
    private(set) var sharedIsRunning = false
    /// The last that the supervisor has heard of.
    private var heardBudget = KillingBudget.least
    /// The one that the guardian's deadline rests on.
    private var budget = KillingBudget.least
    private var worstLateness: Int64 = 0
    /// When the guardian was done with its fork, in true time and on the machine's clock: what has waited for that was not late.
    private(set) var forked = (at: Int64.min / 2, boottime: Int64.min / 2)
    /// When the guardian was last seen to kill.
    private var killedUntil = Int64.min / 2
    /// When one of the three went on, after none had.
    private(set) var attendedSince = Int64.min / 2
    private var wasUnattended = false
    /// A guardian that forks hears of nothing.
    var ableSince: Int64 { max(attendedSince, forked.at) }

    init(world: World, run: SimulatedRun) {
        self.world = world
        self.run = run
        processes = CommandProcesses(world: world, run: run)
        let descendants =
            switch run.order.descendants {
            case .wait: SW_DESCENDANTS_WAIT
            case .kill: SW_DESCENDANTS_KILL
            case .leave: SW_DESCENDANTS_LEAVE
            }
        unsafe sw_deadman_init(&deadman, descendants, run.order.grace.nanoseconds)
        processes.onDeath = { [unowned self] in guardianWakes() }
    }

    /// Within the patience that a start has.
    private static let slowestFork = 4 * second
    private(set) var forksSlowly = false

    /// Not just continued at this very moment.
    func guardianHasAnswered(for time: Int64) -> Bool {
        guardianAnswers && guardianContinuedAt.map { world.now - $0 >= time } ?? true
    }

    /// Whether it was to be killed by then, on its machine's clock.
    func wasDue(by boottime: Int64) -> Bool {
        run.life == .dead || boottime >= min(deadman.kill_at_ns, sharedDeadline)
    }

    var guardianAnswers: Bool { !guardianIsDead && !guardianIsStopped && !guardianIsFrozen }

    // MARK: Who is there to kill

    /// None of the three is there to kill: all are killed, stopped or not scheduled, which is a stated limit.
    var isUnattended: Bool {
        let hasNoGuardian = guardianIsStopped || guardianIsDead && !guardianWasDisabled
        return (run.life != .running || run.isBusy) && hasNoGuardian && !front.answers
    }

    /// All three are killed: what the next run on the same machine finds and kills.
    var isLeftBehind: Bool { run.life == .dead && guardianIsDead && front.isDead && !processes.areAllDead }

    /// Something has changed about that.
    func noteAttendance() {
        let isUnattended = isUnattended
        if wasUnattended, !isUnattended { attendedSince = world.now }
        if isUnattended, !wasUnattended, !processes.areAllDead { world.tally("none of the three left") }
        wasUnattended = isUnattended
    }

    // MARK: How long killing takes

    /// What the term leaves for killing, after the periods in which heartbeats may fail without harm.
    var room: Int64 { run.job.term.seconds * 690 * millisecond }

    /// Before its deadline the tree has to get SIGKILL that much earlier, in nanoseconds: a guardian's lateness counts as
    /// far as there is room for it.
    var allowance: Int64 {
        let size = budget.bySize.nanoseconds
        return world.plot.isMixed ? size : max(size, min(budget.whole.nanoseconds, room))
    }

    /// For how long one of the three waits for the processor, now that it has to kill.
    func lateness() -> Int64 {
        let most = allowance - second - run.machine.killing(of: budget.processes)
        return world.dice.between(0, min(run.order.command.starves * 3, most))
    }

    /// For the whole tree, by a killer that begins now. It likes to take all the time that there is, but never less than
    /// the work itself.
    private func killTakes() -> Int64 {
        let (machine, drag) = (run.machine, Int64(run.order.command.dragPerMille))
        let count = min(processes.size, budget.processes)
        let most = min(machine.budget(of: processes.size, lateness: 0).bySize, budget.bySize).nanoseconds
        let takes = max(millisecond, most / 1000 * drag)
        let work = machine.killing(of: count) / 1000 * drag + min(takes, 50 * millisecond)
        let margin = 60 * millisecond
        if budget.bySize.nanoseconds > room {
            // Too large for its term: nobody promises more than that killing begins at once.
            return quick(
                takes, within: world.referee.proofs.deadline(of: run) - machine.boottime(at: world.now) - margin)
        }
        let due = max(time(of: min(deadman.kill_at_ns, sharedDeadline)), machine.resumedAt, attendedSince)
        if world.now <= due { return takes }
        return max(work, quick(takes, within: allowance - (world.now - due) - margin))
    }

    /// So that what is left of the tree is dead in that time.
    private func quick(_ takes: Int64, within rest: Int64) -> Int64 {
        max(millisecond, min(takes, max(0, rest) / 1000 * TreeKilling.whole / max(1, processes.left) * 1000))
    }

    func kill(by killer: TreeKilling.Killer) {
        if processes.areAllDead { return }
        if !processes.isKilled(by: killer) { world.scenario.begins(killer, of: run) }
        processes.kill(by: killer, takes: killTakes())
    }

    /// It has been stopped, and goes on where it was; of the time that there was, as much is gone.
    func resume(_ killer: TreeKilling.Killer) {
        if processes.isKilled(by: killer) { processes.resume(killer, takes: killTakes()) }
    }

    // MARK: CommandTree

    func start(sequence: UInt64, schedule: Schedule, environment: [String], again: Bool) {
        isAskedToStart = true
        heardBudget = heardBudget.ofNewTree
        send(.start(sequence, schedule, budget: heardBudget), sharing: schedule)
    }
    func postpone(sequence: UInt64, schedule: Schedule) {
        send(.postpone(sequence, schedule, budget: heardBudget), sharing: schedule)
    }
    func signal(_ signal: Int32, escalates: Bool) { send(.signal(signal, escalates: escalates)) }
    func end(limit: BootInstant) { send(.end(limit)) }
    func kill() { send(.kill) }
    func stopFront(signal: Int32, at: BootInstant) {}
    func continueFront() {}
    func dismiss() { send(.quit) }

    /// The supervisor has read an acknowledgement.
    func heard(_ budget: KillingBudget) { heardBudget = budget }

    private func send(_ message: Message, sharing schedule: Schedule? = nil) {
        run.act { [self] in
            if isTakingOver { return }
            if let schedule {
                sharedDeadline = schedule.kill.nanoseconds
                front.arm()
            }
            post(message)
        }
    }

    private func post(_ message: Message) {
        lastArrival = max(lastArrival, world.now + world.dice.between(0, millisecond))
        // As if it came later: nothing is answered before the fork, and what is due meanwhile is due for the front as well.
        if case .start = message, world.plot.focus == nil, world.dice.chance(perMille: 20) {
            world.tally("slow fork")
            lastArrival += world.dice.between(0, Self.slowestFork)
            forksSlowly = true
        }
        mail.append(
            Letter(message: message, sentAt: run.machine.boottime(at: world.now), arrivesAt: lastArrival))
        // A busy machine lets its guardian wait.
        let wait =
            run.order.command.starves > 0 && processes.areThere ? world.dice.skewed(upTo: run.order.command.starves) : 0
        world.agenda.at(lastArrival + wait) { [self] in guardianWakes() }
    }

    // MARK: The supervisor's take-over

    func takeOver() {
        run.act { [self] in
            if world.plot.neverTakesOver { return }
            world.tally("take-over")
            isTakingOver = true
            world.referee.proofs.endBegins(run)
            if world.plot.takeOverKillsGuardian {
                guardianWasDisabled = !guardianIsDead
                endGuardian()
            }
            world.agenda.after(lateness()) { [self] in run.whenRunning { [self] in supervisorKills() } }
        }
    }

    /// Beside the guardian, which may be killing as well.
    private func supervisorKills() {
        kill(by: .supervisor)
        processes.whenAllDead { [self] in run.whenRunning { [self] in finishTakeOver() } }
    }

    private func finishTakeOver() {
        // A guardian that was continued may have started what it had been asked to.
        if !processes.areAllDead { return supervisorKills() }
        endGuardian()
        if !processes.areAllDead { return supervisorKills() }
        clearPage()
        if processes.hasStarted, !leaderReaped {
            leaderReaped = true
            run.post(.tree(.exited(waitStatus: processes.leaderStatus, remaining: 0, ending: .requested)))
        }
        run.post(.tree(.reaped))
    }

    // MARK: The guardian

    /// It does all that there is to do, as soon as it can.
    private func guardianWakes() {
        if !guardianAnswers { return }
        if run.machine.isSuspended { return run.machine.whenAwake { [self] in guardianWakes() } }
        // What happens in the course of it is looked at in the same turn.
        if isAtWork { return }
        isAtWork = true
        reap()
        while guardianAnswers, let letter = mail.first, letter.arrivesAt <= world.now {
            mail.removeFirst()
            obey(letter)
            reap()
        }
        isAtWork = false
        tick()
    }

    /// What the clock shows to the guardian and the front; a control takes the one that stands still during a suspend.
    var clock: Int64 {
        world.plot.clockIgnoresSuspend ? run.machine.monotonic : run.machine.boottime(at: world.now)
    }

    /// The true time at which it shows that, unless the machine is suspended meanwhile.
    func time(of instant: Int64) -> Int64 {
        if !world.plot.clockIgnoresSuspend { return run.machine.time(of: instant) }
        return instant == .max ? .max / 2 : world.now + instant - clock
    }

    private func obey(_ letter: Letter) {
        switch letter.message {
        case .start(let sequence, let schedule, let budget): start(sequence, schedule, budget, sentAt: letter.sentAt)
        case .postpone(let sequence, let schedule, let budget):
            act(SW_EVENT_DEADLINE, schedule)
            if deadman.phase != SW_IDLE { self.budget = budget }
            acknowledge(sequence, sentAt: letter.sentAt)
        case .signal(let signal, let escalates):
            if deadman.phase == SW_IDLE || deadman.phase == SW_KILLING { break }
            if !leaderReaped {
                processes.signal(signal)
            } else if escalates {
                processes.terminate()
            }
            if escalates { act(SW_EVENT_SIGNAL) }
        case .end(let limit): act(SW_EVENT_END, Schedule(terminate: .never, kill: limit))
        case .kill: act(SW_EVENT_KILL)
        case .quit: act(SW_EVENT_QUIT)
        case .lost: if !world.plot.guardianIgnoresEndOfFile { act(SW_EVENT_LOST) }
        }
    }

    private func acknowledge(_ sequence: UInt64, sentAt: Int64) {
        worstLateness = max(worstLateness, run.machine.boottime(at: world.now) - max(sentAt, forked.boottime))
        let budget = run.machine.budget(of: processes.size, lateness: worstLateness)
        report(.acknowledged(sequence: sequence, budget: budget))
    }

    private func start(_ sequence: UInt64, _ schedule: Schedule, _ budget: KillingBudget, sentAt: Int64) {
        let wasIdle = deadman.phase == SW_IDLE
        if wasIdle {
            let resisting = sweep()
            if resisting > 0 { return report(.refused(resisting: resisting)) }
        }
        act(SW_EVENT_START, schedule)
        if !wasIdle { return }
        if deadman.phase == SW_IDLE { return report(.refused()) }
        self.budget = budget
        forked = (world.now, run.machine.boottime(at: world.now))
        acknowledge(sequence, sentAt: sentAt)
        if run.order.command.failsToStart {
            report(.failedToStart(errno: 2, inExec: true))
            return act(SW_EVENT_FAILED)
        }
        leaderReaped = false
        sharedIsRunning = true
        processes.start()
        if isTakingOver || run.life == .dead { world.note("\(run): nobody will hear of that") }
        report(.started(pid: Int32(run.number + 1)))
    }

    /// What dead runs have left in their cgroups on this machine is killed. So many of their processes live still that
    /// stand for what this run owns now.
    private func sweep() -> Int {
        guard run.machine.hasCgroups, !world.plot.sweepIsMissing, !run.order.isOriginal else { return 0 }
        var resisting = 0
        for other in world.runs where other !== run && other.machine === run.machine && other.tree.isLeftBehind {
            if !other.tree.processes.isKilled(by: .sweeper) {
                world.tally("swept")
                world.note("\(run) sweeps away what \(other) has left")
            }
            other.tree.processes.kill(by: .sweeper, takes: world.dice.between(0, other.order.command.clings))
            let isInTheWay =
                other.job.takesLock && run.job.takesLock && other.job.lockname == run.job.lockname
                || other.job.leases.contains { lease in run.job.leases.contains { $0.resource == lease.resource } }
            if isInTheWay { resisting += other.tree.processes.aliveCount }
        }
        if resisting > 0 { world.tally("start resisted") }
        return world.plot.sweepIsNotAwaited ? 0 : resisting
    }

    private func act(_ kind: sw_event_kind, _ schedule: Schedule = .never) {
        let wasKilling = deadman.phase == SW_KILLING
        let event = sw_event(
            kind: kind, term_at_ns: schedule.terminate.nanoseconds, kill_at_ns: schedule.kill.nanoseconds)
        let action = unsafe sw_deadman_step(&deadman, clock, event)
        let isUnasked = kind == SW_EVENT_TICK || kind == SW_EVENT_LEADER_REAPED
        switch action.order {
        case SW_DO_TERMINATE:
            world.referee.proofs.guardianEnds(run, TreeReport.Ending(causes: action.causes), isUnasked: isUnasked)
            processes.terminate()
        case SW_DO_KILL:
            if wasKilling { break }
            world.referee.proofs.guardianEnds(run, TreeReport.Ending(causes: action.causes), isUnasked: isUnasked)
            kill(by: .guardian)
        case SW_DO_REPORT:
            // With --descendants leave; else nothing is left.
            processes.forgetRest()
            clearPage()
            report(.reaped)
        case SW_DO_EXIT: guardianIsDead = true
        default: break
        }
        if isUnasked, action.order == SW_DO_TERMINATE || action.order == SW_DO_KILL {
            report(.ending(TreeReport.Ending(causes: action.causes)))
        }
        if action.order == SW_DO_KILL, !wasKilling, processes.areAllDead { reap() }
    }

    private func clearPage() {
        if !world.plot.sharedDeadlineIsKept { (sharedDeadline, sharedIsRunning) = (.max, false) }
    }

    private func tick() {
        if world.plot.guardianHasNoTimer || !guardianAnswers { return }
        act(SW_EVENT_TICK)
        let due = unsafe sw_deadman_wake_ns(&deadman)
        if due == .max { return }
        let at = time(of: due)
        // Deadlines are mostly postponed: it is looked at again when the first would have come.
        if at >= armedAt { return }
        armedAt = at
        timer += 1
        let timer = timer
        world.agenda.at(at + world.dice.skewed(upTo: 20 * millisecond) + lateness()) { [self] in
            guard self.timer == timer else { return }
            armedAt = .max
            guardianWakes()
        }
    }

    private func reap() {
        if processes.leaderIsDead, !leaderReaped {
            leaderReaped = true
            report(
                .exited(
                    waitStatus: processes.leaderStatus, remaining: processes.aliveCount,
                    ending: TreeReport.Ending(causes: deadman.causes)))
            if !processes.areAllDead { act(SW_EVENT_LEADER_REAPED) }
        }
        if processes.areAllDead, processes.hasStarted { act(SW_EVENT_ALL_REAPED) }
    }

    private func report(_ report: TreeReport) {
        toSupervisorAt = max(toSupervisorAt, world.now + world.dice.between(0, millisecond))
        world.agenda.at(toSupervisorAt) { [self] in
            run.whenRunning { [self] in
                if !isTakingOver { run.post(.tree(report)) }
            }
        }
    }

    // MARK: What happens to them

    /// The guardian kills now, or has done so until then.
    var guardianProgressedAt: Int64 {
        processes.isKilled(by: .guardian) && guardianAnswers ? world.now : killedUntil
    }

    private func guardianPauses() {
        if processes.isKilled(by: .guardian), guardianAnswers { killedUntil = world.now }
        processes.set(.guardian, isAtWork: false)
    }

    /// The supervisor is dead: the guardian reads the end of file, and the front, if it lives, kills as well.
    func loseSupervisor() {
        processes.set(.supervisor, isAtWork: false)
        post(.lost)
        front.loseSupervisor()
        noteAttendance()
    }

    func supervisorIsStopped() {
        processes.set(.supervisor, isAtWork: false)
        noteAttendance()
    }

    func supervisorIsContinued() {
        noteAttendance()
        resume(.supervisor)
    }

    /// SIGKILL: the kernel kills the command's first process with it, and hands the rest to the supervisor.
    func killGuardian() {
        guard !guardianIsDead else { return }
        world.note("\(run): the guardian is killed")
        endGuardian()
        noteAttendance()
        world.agenda.after(world.dice.between(0, millisecond)) { [self] in
            run.whenRunning { [self] in
                if !isTakingOver { run.post(.tree(.guardianGone)) }
            }
        }
    }

    /// By whoever has killed the tree, or will.
    func endGuardian() {
        if guardianIsDead { return }
        guardianPauses()
        guardianIsDead = true
        processes.killLeader()
    }

    func freezeGuardian() {
        guardianPauses()
        guardianIsFrozen = true
    }

    func stopGuardian() {
        guard guardianAnswers else { return }
        guardianPauses()
        guardianIsStopped = true
        world.note("\(run): the guardian is stopped")
        noteAttendance()
    }

    func continueGuardian() { run.machine.whenAwake { [self] in goOn() } }

    private func goOn() {
        guard guardianIsStopped else { return }
        guardianIsStopped = false
        guardianContinuedAt = world.now
        noteAttendance()
        if !guardianAnswers { return }
        world.note("\(run): the guardian is continued")
        resume(.guardian)
        guardianWakes()
    }
}
