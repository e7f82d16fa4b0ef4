import Coordination
import Recipes
import Run

/// One run of switchman: its supervisor process, with the inbox and the clock that its code is given.
///
/// The code waits in `next` alone, so between two waits it can be stopped, or die, at any of its calls to the world: time
/// passes there for this process only (`Scheduling`), and what it does is done that much later.
///
/// `@unchecked Sendable`: used by the thread that drives the world only.
@safe final class SimulatedRun: Inbox, Timekeeper, @unchecked Sendable {
    enum Life { case running, dead, ended }

    let world: World
    let machine: Machine
    let number: Int
    let job: Job
    let order: Order
    private(set) var life = Life.running {
        didSet { schedule.isOver = life != .running }
    }
    private(set) var tree: SimulatedTree!
    private(set) var clients: [SimulatedClient] = []
    /// Every session that it ever had.
    private(set) var sessions: [Int64] = []
    /// When it heard of the newest.
    private(set) var sessionSince: Int64 = 0
    /// What it has told: the record of what the checkers compare with the world.
    var remarks: [Remark] = []
    /// What the front was told when the command was dead.
    private(set) var foretold: Ended?
    /// What it had is given back, by its own word.
    private(set) var isReleased = false
    private(set) var startedAt: Int64 = 0
    private(set) var ended: Ended?
    private(set) var endedAt: Int64?
    var claims: Claims?
    /// The exit codes of those who asked for its end.
    private(set) var endings: Set<Int32> = []
    /// Something was done to its processes: what it says of them may be news to nobody, but no fault of its.
    private(set) var wasDisturbed = false

    private var events: [Event] = []
    private var waiter: UnsafeContinuation<Event, Never>?
    private var isWaking = false
    private let schedule: Scheduling
    private let alarm: Alarm
    private var polls = 0
    private var ghostSteps: Int64 = 0

    init(world: World, machine: Machine, number: Int, job: Job, order: Order) {
        self.world = world
        self.machine = machine
        self.number = number
        self.job = job
        self.order = order
        startedAt = world.now
        schedule = Scheduling(world: world, machine: machine)
        alarm = Alarm(world: world, schedule: schedule)
        alarm.ring = { [unowned self] in post(.timer) }
        tree = SimulatedTree(world: world, run: self)
    }

    /// Starts it, as `Wrapper` does for a real one.
    func begin() {
        world.note("\(self) begins: \(order.text)")
        if order.isOriginal { return beginOriginal() }
        Task(executorPreference: world.executor) { [self] in
            let life = Run.Life(
                job: job, grace: order.grace, waitsForDescendants: order.descendants == .wait, inbox: self, clock: self,
                commandTree: tree,
                connect: { [self] in connect() },
                environment: { [self] start in
                    self.claims = start.claims
                    return []
                },
                tell: { [self] in tell($0) }, notice: { _ in }, over: { [self] in foretold = $0 })
            let ended = await life.perform()
            isReleased = life.isReleased
            guard self.life == .running else { return }
            tree.dismiss()
            life.close()
            act { [self] in end(ended) }
        }
        world.executor.drain()
    }

    private func beginOriginal() {
        Task(executorPreference: world.executor) { [self] in
            let client = connect()
            let talk = Conversation(ensemble: client, inbox: self, clock: self, job: job)
            let ended = await Original(run: self, talk: talk).perform()
            tree.dismiss()
            client.close(cap: .zero)
            act { [self] in end(ended) }
        }
        world.executor.drain()
    }

    private func connect() -> any Ensemble {
        let client = SimulatedClient(world: world, run: self)
        clients.append(client)
        return client
    }

    private func tell(_ remark: Remark) {
        if isGhost { return }
        remarks.append(remark)
        world.note("\(self): \(remark)")
        world.referee.proofs.told(remark, by: self)
    }

    func opened(_ session: Session) {
        if !sessions.contains(session.id) {
            sessions.append(session.id)
            sessionSince = world.now
            world.note("\(self) has session \(session.text), timeout \(session.timeout)")
        }
    }

    private func end(_ ended: Ended) {
        life = .ended
        self.ended = ended
        endedAt = world.now
        for client in clients { client.abandon() }
        tree.front.leave()
        world.note("\(self) ends: \(ended.outcome.rawValue) \(ended.code.map { "\($0)" } ?? "") \(ended.reason ?? "")")
        world.referee.ended(self, ended)
        world.scenario.ended(self)
    }

    // MARK: Inbox

    func post(_ event: Event) {
        if isGhost { return }
        switch event {
        case .signal(let signal, _, _): endings.insert(128 + signal)
        case .callerGone: endings.insert(128 + 9)
        default: break
        }
        events.append(event)
        wakeUp()
    }

    func next() async -> Event {
        polls = 0
        return await unsafe withUnsafeContinuation { continuation in
            unsafe waiter = continuation
            schedule.rest()
            if isGhost { haunt() } else { wakeUp() }
        }
    }

    func poll() -> Event? {
        polls += 1
        if polls > 2000 {
            // It would never wait again.
            world.referee.spins(self)
            polls = 0
            return .callerGone
        }
        return events.isEmpty ? nil : takeEvent()
    }

    private func wakeUp() {
        guard !events.isEmpty, unsafe waiter != nil, !isWaking, !schedule.isStopped else { return }
        isWaking = true
        world.agenda.at(max(schedule.busyUntil, world.now + world.dice.between(0, millisecond / 5))) { [self] in
            machine.whenAwake { [self] in
                isWaking = false
                if isGhost || schedule.isStopped || events.isEmpty { return }
                resume(with: takeEvent())
            }
        }
    }

    private func takeEvent() -> Event {
        let event = events.removeFirst()
        if case .tree(.acknowledged(_, let budget)) = event { tree.heard(budget) }
        return event
    }

    private func resume(with event: Event) {
        guard let continuation = unsafe waiter else { return }
        unsafe waiter = nil
        if case .tree(let report) = event, !Self.isAcknowledgement(report) { world.note("\(self) hears: \(report)") }
        unsafe continuation.resume(returning: event)
        world.executor.drain()
    }

    private static func isAcknowledgement(_ report: TreeReport) -> Bool {
        if case .acknowledged = report { true } else { false }
    }

    // MARK: Timekeeper

    var now: BootInstant {
        if isGhost {
            ghostSteps += 1
            return BootInstant(nanoseconds: machine.boottime(at: world.now) + ghostSteps * 100_000 * second)
        }
        shown = max(shown, clock)
        defer { hesitate() }
        return shown
    }

    /// What it has read last: a pause that is over in the world may not be over for the process, and no clock goes back.
    private var shown = BootInstant(nanoseconds: .min)

    /// What the clock shows to this process; a control takes the one that stands still during a suspend.
    private var clock: BootInstant {
        let time = world.plot.clockIgnoresSuspend ? machine.monotonic : machine.boottime(at: world.now)
        return BootInstant(nanoseconds: time + schedule.lead)
    }

    func wake(at instant: BootInstant?) {
        if isGhost { return }
        guard let instant, instant != .never else { return alarm.due = nil }
        var due = machine.time(of: instant.nanoseconds)
        // Never early, however slow this clock is.
        if world.plot.clockIgnoresSuspend {
            due = world.now + max(0, instant.nanoseconds - clock.nanoseconds) / 98 * 100
        }
        alarm.due = max(due, world.now + schedule.lead)
    }

    // MARK: Time that passes for this process alone

    /// Soon, just after it has submitted something.
    var pauseAfterSubmit: Int64?

    /// One more of its processes may come to harm: with all three, nobody promises anything.
    private var isLookedAfter: Bool { tree.guardianAnswers || order.isPlagued && tree.front.answers }

    /// Stopped, or not scheduled, between this call and the next: mostly not, sometimes for long.
    private func hesitate() {
        guard world.isChaos, world.plot.hesitatesPerMille > 0,
            world.dice.chance(perMille: world.plot.hesitatesPerMille), isLookedAfter, !order.isOriginal
        else { return }
        hesitate(for: world.dice.skewed(upTo: world.plot.hesitation))
    }

    private func hesitate(for pause: Int64) {
        schedule.holdUp(for: pause)
        if pause <= 100 * millisecond { return }
        world.tally("supervisor hesitates")
        world.note("\(self) hesitates for \(pause / millisecond) ms")
        wasDisturbed = true
    }

    func pauseIfPlanned() {
        guard let pause = pauseAfterSubmit, isLookedAfter, !isGhost else { return }
        pauseAfterSubmit = nil
        hesitate(for: pause)
    }

    /// Between the reading of the clock and the leaving of the take: what is reckoned from the one is far from the other.
    func hesitateBeforeTake(_ requests: [Request]) {
        guard world.isChaos, !isGhost, !order.isOriginal, case .multi(let operations)? = requests.first,
            operations.contains(where: { $0.path == job.lockPath }), operations[0].path == job.recordPath,
            world.dice.chance(perMille: world.plot.focus?.lateTakesPerMille ?? 10), isLookedAfter
        else { return }
        hesitate(for: world.dice.between(0, world.plot.hesitation))
    }

    var isStopped: Bool { schedule.isStopped }
    var isBusy: Bool { schedule.isBusy }

    /// Stopped, or not scheduled, at an instant no longer ago than that.
    func wasHeldUp(within duration: Int64) -> Bool { schedule.wasHeldUp(within: duration) }

    /// Does something in the world, when this process has come to it.
    func act(_ happen: @escaping () -> Void) {
        if isGhost { return }
        hesitate()
        if schedule.lead == 0 {
            happen()
            return hesitate()
        }
        world.agenda.after(schedule.lead) { [self] in schedule.whenRunning(happen) }
    }

    func whenRunning(_ happen: @escaping () -> Void) { schedule.whenRunning(happen) }

    func disturb() { wasDisturbed = true }

    private(set) var wasRefused = false

    /// Its credentials are not accepted any more.
    func refuse() {
        wasRefused = true
        disturb()
        clients.last?.refuse()
    }

    func stop() {
        guard life == .running else { return }
        schedule.stop()
        tree.supervisorIsStopped()
        world.note("\(self) is stopped")
    }

    func resume() {
        guard isStopped else { return }
        world.note("\(self) is continued")
        schedule.resume()
        tree.supervisorIsContinued()
        wakeUp()
    }

    // MARK: Death

    private var isGhost: Bool { life == .dead }

    /// SIGKILL to the supervisor: sockets close, the guardian and the front see it.
    func die() {
        guard life == .running else { return }
        world.note("\(self): the supervisor is killed")
        life = .dead
        endedAt = world.now
        events = []
        for client in clients { client.abandon() }
        tree.loseSupervisor()
        haunt()
        world.scenario.ended(self)
    }

    /// Whatever the dead process's task waits for, it is told until its code comes to an end, so that nothing leaks.
    func haunt() {
        guard isGhost, unsafe waiter != nil, ghostSteps < 500 else { return }
        world.agenda.after(0) { [self] in
            guard let continuation = unsafe waiter else { return }
            unsafe waiter = nil
            ghostSteps += 1
            let script: [Event] = [.callerGone, .tree(.guardianGone), .tree(.reaped), .timer]
            unsafe continuation.resume(returning: script[Int(ghostSteps) % script.count])
            world.executor.drain()
        }
    }

    /// At the end of a history nothing of it goes on.
    func vanish() {
        if life == .running { life = .dead }
        events = []
        haunt()
    }
}

extension SimulatedRun: CustomStringConvertible {
    var description: String { "run \(number) (\(machine.name.prefix(5)), \(job.lockname))" }
}
