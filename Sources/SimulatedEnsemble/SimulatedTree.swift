import CGuardian
import Coordination
import Supervision

/// The guardian of one run: the decisions are `sw_deadman_step`, unchanged; this is the driver around it, after guardian.c.
///
/// `@unchecked Sendable`: used by the thread that drives the world only.
@safe final class SimulatedTree: CommandTree, @unchecked Sendable {
    private enum Message {
        case start(UInt64, Schedule)
        case postpone(UInt64, Schedule)
        case signal(Int32, escalates: Bool)
        case end(BootInstant)
        case kill
        case quit
        /// End of file.
        case lost
    }

    private let world: World
    private unowned let run: SimulatedRun
    let processes: CommandProcesses
    private var deadman = sw_deadman()
    private(set) var guardianIsDead = false
    private var guardianIsStopped = false
    private var guardianContinuedAt: Int64?
    private var isTakingOver = false
    private var backlog: [() -> Void] = []
    /// All that has arrived is read before the clock is looked at.
    private var isCatchingUp = false
    private var toGuardianAt: Int64 = 0
    private var toSupervisorAt: Int64 = 0
    private var timer = 0
    private var armedAt = Int64.max
    private var leaderReaped = false
    /// What becomes of that, a supervisor that kills its guardian may never learn.
    private(set) var isAskedToStart = false

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
        processes.onDeath = { [unowned self] in whenGuardianRuns { [self] in reap() } }
    }

    /// Not just continued at this very moment.
    func guardianHasAnswered(for time: Int64) -> Bool {
        guardianAnswers && guardianContinuedAt.map { world.now - $0 >= time } ?? true
    }

    /// Whether it was to be killed by then, on its machine's clock.
    func wasDue(by boottime: Int64) -> Bool { boottime >= deadman.kill_at_ns }

    var guardianAnswers: Bool { !guardianIsDead && !guardianIsStopped }

    // MARK: CommandTree

    func start(sequence: UInt64, schedule: Schedule, environment: [String], again: Bool) {
        isAskedToStart = true
        send(.start(sequence, schedule))
    }
    func postpone(sequence: UInt64, schedule: Schedule) { send(.postpone(sequence, schedule)) }
    func signal(_ signal: Int32, escalates: Bool) { send(.signal(signal, escalates: escalates)) }
    func end(limit: BootInstant) { send(.end(limit)) }
    func kill() { send(.kill) }
    func stopFront(signal: Int32, at: BootInstant) {}
    func continueFront() {}
    func dismiss() { send(.quit) }

    func takeOver() {
        run.act { [self] in
            if world.plot.neverTakesOver { return }
            world.tally("take-over")
            isTakingOver = true
            guardianIsDead = true
            // What it takes beyond the half second that the guardian is given.
            processes.kill(within: min(run.order.command.killTakes, 1400 * millisecond))
            processes.whenAllDead { [self] in
                run.whenRunning { [self] in
                    if processes.hasStarted, !leaderReaped {
                        leaderReaped = true
                        run.post(.tree(.exited(waitStatus: processes.leaderStatus, remaining: 0, ending: .requested)))
                    }
                    run.post(.tree(.reaped))
                }
            }
        }
    }

    private func send(_ message: Message) {
        run.act { [self] in
            if isTakingOver { return }
            toGuardianAt = max(toGuardianAt, world.now + world.dice.between(0, millisecond))
            world.agenda.at(toGuardianAt) { [self] in whenGuardianRuns { [self] in obey(message) } }
        }
    }

    // MARK: The guardian

    private func whenGuardianRuns(_ happen: @escaping () -> Void) {
        if guardianIsDead { return }
        if guardianIsStopped {
            backlog.append(happen)
        } else if run.machine.isSuspended {
            run.machine.whenAwake { [self] in whenGuardianRuns(happen) }
        } else {
            happen()
        }
    }

    private var clock: Int64 {
        world.plot.clockIgnoresSuspend ? run.machine.monotonic : run.machine.boottime(at: world.now)
    }

    private func obey(_ message: Message) {
        switch message {
        case .start(let sequence, let schedule): start(sequence, schedule)
        case .postpone(let sequence, let schedule):
            act(SW_EVENT_DEADLINE, schedule)
            report(.acknowledged(sequence: sequence))
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
        tick()
    }

    private func start(_ sequence: UInt64, _ schedule: Schedule) {
        let wasIdle = deadman.phase == SW_IDLE
        act(SW_EVENT_START, schedule)
        if !wasIdle { return }
        if deadman.phase == SW_IDLE { return report(.refused()) }
        report(.acknowledged(sequence: sequence))
        if run.order.command.failsToStart {
            report(.failedToStart(errno: 2, inExec: true))
            return act(SW_EVENT_FAILED)
        }
        leaderReaped = false
        processes.start()
        report(.started(pid: Int32(run.number + 1)))
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
            processes.kill(within: run.order.command.killTakes)
        case SW_DO_REPORT:
            // With --descendants leave; else nothing is left.
            processes.forgetRest()
            report(.reaped)
        case SW_DO_EXIT: guardianIsDead = true
        default: break
        }
        if isUnasked, action.order == SW_DO_TERMINATE || action.order == SW_DO_KILL {
            report(.ending(TreeReport.Ending(causes: action.causes)))
        }
        if action.order == SW_DO_KILL, !wasKilling, processes.areAllDead { reap() }
    }

    private func tick() {
        if world.plot.guardianHasNoTimer || isCatchingUp { return }
        if !guardianIsDead { act(SW_EVENT_TICK) }
        let due = unsafe sw_deadman_wake_ns(&deadman)
        if due == .max { return }
        let at = world.plot.clockIgnoresSuspend ? world.now + max(0, due - clock) : run.machine.time(of: due)
        // Deadlines are mostly postponed: it is looked at again when the first would have come.
        if at >= armedAt { return }
        armedAt = at
        timer += 1
        let timer = timer
        world.agenda.at(at + world.dice.skewed(upTo: 20 * millisecond)) { [self] in
            whenGuardianRuns { [self] in
                guard self.timer == timer else { return }
                armedAt = .max
                tick()
            }
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
        tick()
    }

    private func report(_ report: TreeReport) {
        toSupervisorAt = max(toSupervisorAt, world.now + world.dice.between(0, millisecond))
        world.agenda.at(toSupervisorAt) { [self] in
            run.whenRunning { [self] in
                if !isTakingOver { run.post(.tree(report)) }
            }
        }
    }

    // MARK: What happens to it

    /// The supervisor is dead: the guardian reads the end of file, and the front, if it lives, kills as well.
    func loseSupervisor() {
        toGuardianAt = max(toGuardianAt, world.now + world.dice.between(0, millisecond))
        world.agenda.at(toGuardianAt) { [self] in whenGuardianRuns { [self] in obey(.lost) } }
        if world.plot.frontDoesNotKill || run.frontIsDead { return }
        world.agenda.after(world.dice.between(0, 20 * millisecond)) { [self] in
            run.machine.whenAwake { [self] in
                guardianIsDead = true
                processes.kill(within: run.order.command.killTakes)
            }
        }
    }

    /// SIGKILL: the kernel kills the command's first process with it, and hands the rest to the supervisor.
    func killGuardian() {
        guard !guardianIsDead else { return }
        world.note("\(run): the guardian is killed")
        guardianIsDead = true
        processes.killLeader()
        world.agenda.after(world.dice.between(0, millisecond)) { [self] in
            run.whenRunning { [self] in
                if !isTakingOver { run.post(.tree(.guardianGone)) }
            }
        }
    }

    func stopGuardian() {
        guardianIsStopped = true
        world.note("\(run): the guardian is stopped")
    }

    func continueGuardian() { run.machine.whenAwake { [self] in goOn() } }

    private func goOn() {
        guard guardianIsStopped else { return }
        guardianIsStopped = false
        guardianContinuedAt = world.now
        if guardianIsDead { return }
        world.note("\(run): the guardian is continued")
        let late = backlog
        backlog = []
        isCatchingUp = true
        for happen in late { whenGuardianRuns(happen) }
        isCatchingUp = false
        tick()
    }
}
