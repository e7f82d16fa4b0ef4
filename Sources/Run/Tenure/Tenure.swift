package import Coordination
package import Recipes

/// From the claims to their release: the supervisor's decisions, as a state machine without clock, network or process.
/// Events go in, actions come out; the real supervisor and a simulation drive the very same code.
package struct Tenure: Sendable {
    package enum Action: Sendable {
        case submit(ticket: Int, [Request])
        /// Submit the output that is kept, behind a check of the record; the header says whose it is.
        case keepOutput(ticket: Int, KeptOutput, record: String, version: Int32)
        /// - Parameter again: there may be another start after this one.
        case start(sequence: UInt64, Schedule, again: Bool)
        case postpone(sequence: UInt64, Schedule)
        case signal(Int32, escalates: Bool)
        case end(limit: BootInstant)
        case kill
        case takeOver
        case stopFront(signal: Int32, at: BootInstant)
        case continueFront
        case dropConnection
        /// A new session, for one that owned nothing and has ended.
        case connectAnew
        case say(Remark)
        /// Nothing of the command is left, and that is what the run will end with; its release is still to come.
        case over(Ended)
        /// Nothing is left to do; `ended` says how it went.
        case finish
    }

    let job: Job
    let grace: Duration
    let waits: Bool
    /// How long the acquisition took, for the record.
    let waited: Duration
    var phase: Phase

    // What is held, and how it is proven: both, or neither.
    var claims: Claims?
    var heartbeats: Heartbeats?
    var heartbeatTicket: Int?
    var isConnected = true
    /// Our lock's path, once it was seen to be deleted: by somebody, or with the session.
    var deletedLock: String?

    var fleet: WatchedRead
    /// An operator's request to stop.
    var stopRequest = WatchedRead(isDue: true, absenceCounts: true)
    /// While it is asked who has made it.
    var stopReader: (ticket: Int, until: BootInstant)?
    package internal(set) var keeping = OutputKeeping()
    /// Of a run without a lock, once it is over.
    package internal(set) var memory = Release.Memory.written

    var ending = Ending()
    /// Starts asked for so far, but for those that were refused.
    var attempts = 0
    /// When the first start was asked for that was not refused.
    var askedAt: BootInstant?
    package internal(set) var startedAt: BootInstant?
    /// The newest from the guardian.
    var budget = KillingBudget.least
    /// Of processes of a dead run, while they are in the way of a start.
    var resistance: Resistance?
    /// In a mixed fleet nothing could be started in this session any more.
    package internal(set) var isHopeless = false

    /// Of messages to the guardian.
    var sequence: UInt64 = 0
    package private(set) var tickets: Int
    /// The instant of this step, and what it leads to.
    private(set) var now = BootInstant.never
    var actions: [Action] = []
    /// When the next tick was to come.
    private var dueAt = BootInstant.never

    /// What was taken is given back, and the servers have said so.
    package var isReleased: Bool { if case .finished(isReleased: true) = phase { true } else { false } }
    /// How the run ends. Nothing was started, so there was nothing to lose: whoever asked for the end has it, also when
    /// that came last.
    package var ended: Ended {
        var ending = ending
        guard attempts == 0 else { return ending.result }
        if ending.cause != nil { ending.lost = nil }
        if ending.cause == nil, let takenOver = ending.takenOver {
            return Ended(outcome: .osError, reason: "\(takenOver); nothing was started")
        }
        return ending.result
    }
    /// Ownership was lost before anything was started: begin anew, with a new session.
    package var isToBeginAnew: Bool {
        attempts == 0 && ending.lost != nil && ending.cause == nil && ending.takenOver == nil
    }

    /// - Parameter fleetChanged: the fleet's data has changed since it was last read.
    /// - Parameter waited: how long the acquisition took, for the record.
    package init(
        job: Job, claims: Claims?, grace: Duration, waitsForDescendants: Bool, fleetChanged: Bool,
        firstTicket: Int = 0, waited: Duration = .zero
    ) {
        self.waited = waited
        tickets = firstTicket
        self.job = job
        self.claims = claims
        self.grace = grace
        waits = waitsForDescendants
        heartbeats = claims.map {
            Heartbeats(claims: $0, lifetime: job.lifetime(session: $0.session.timeout))
        }
        // A pause that comes while somebody is waited out is still in time.
        fleet = WatchedRead(isDue: fleetChanged || claims?.found != nil)
        if let claims, let found = claims.found {
            let wait = found.waitOut
            phase = .waitingOut(until: claims.acknowledged.advanced(by: wait))
        } else if let claims, claims.record?.content.isWaiting == true {
            phase = .settingRecord(.due(at: claims.acknowledged))
        } else {
            phase = .starting
        }
    }

    // MARK: Events

    /// Takes in one event. What is due is looked at afterwards, unless more has arrived already: else a supervisor that
    /// was stopped for a moment would miss an acknowledgement that lies behind this event, and kill for it.
    package mutating func handle(_ event: Event, at now: BootInstant, ticks: Bool = true) -> [Action] {
        // Its end is known. Who has started nothing may still be told not to begin anew.
        if case .finished = phase, attempts > 0 { return [] }
        self.now = now
        if let attempt, now >= attempt.toldKill { self.attempt?.isOverdue = true }
        switch event {
        case .replies(let ticket, let replies): settle(ticket, replies)
        case .watch(let path, let change): noticed(path, change)
        case .session(let event): session(event)
        case .signal(let signal, let fromTerminal, let isPlaced): passOn(signal, fromTerminal, isPlaced)
        case .callerGone: stop(.callerGone)
        case .tree(let report): tree(report)
        case .timer: break
        }
        expectTick()
        if ticks { tick() }
        return collected()
    }

    /// Does what is due now; also the first call.
    package mutating func tick(at now: BootInstant) -> [Action] {
        self.now = now
        tick()
        return collected()
    }

    private mutating func collected() -> [Action] {
        assertInvariants()
        defer { actions = [] }
        return actions
    }

    /// The actions are carried out: the guardian has its deadline from here on, and the time to answer.
    package mutating func carriedOut(_ actions: [Action], at now: BootInstant) {
        self.now = now
        for action in actions {
            switch action {
            case .start(let sequence, let schedule, _), .postpone(let sequence, let schedule):
                attempt?.toldKill = schedule.kill
                guard sequence == attempt?.unacknowledged?.sequence else { continue }
                attempt?.unacknowledged?.begins(at: now)
            default: break
            }
        }
        if attempt?.unacknowledged != nil { expectTick() }
    }

    /// Something new may be due before what was. What is due already is not late.
    private mutating func expectTick() { dueAt = min(dueAt, max(wake, now)) }

    private mutating func tick() {
        if case .finished = phase { return }
        defer { dueAt = wake }
        // Stopped, suspended or not scheduled for a while: then it is no wonder that nothing was heard of the guardian.
        if attempt?.unacknowledged?.since != nil, now > dueAt.advanced(by: Lateness.tolerated) {
            let now = now
            attempt?.unacknowledged?.begins(at: now)
        }
        beat()
        watchFleet()
        if now >= givesUpAt ?? .never {
            isHopeless = heartbeats?.areHopeless(grace: grace, budget: budget) ?? false
            lose(Self.noHeartbeat)
        }
        switch phase {
        case .waitingOut(let until) where now >= until: waitedOut()
        case .starting: start()
        case .running:
            watchGuardian()
            watchTime()
        case .retrying(let at) where now >= at, .resisted(let at) where now >= at: goOn()
        case .releasing(let releasing): tickRelease(releasing)
        case .settingRecord(.due(let at)) where now >= at: setRecord()
        default: break
        }
        watchForStop()
    }

    /// When `tick` wants to be called, if nothing happens before.
    package var wake: BootInstant {
        var earliest = min(
            fleet.againAt ?? .never, stopRequest.againAt ?? .never, stopReader?.until ?? .never, givesUpAt ?? .never)
        if !isReleasing, let heartbeats, ending.lost == nil { earliest = min(earliest, heartbeats.wake()) }
        switch phase {
        case .waitingOut(let instant), .retrying(let instant), .resisted(let instant),
            .settingRecord(.due(let instant)):
            earliest = min(earliest, instant)
        case .running(let attempt): earliest = min(earliest, wake(for: attempt))
        case .releasing(let releasing): earliest = min(earliest, releasing.wake)
        case .starting, .settingRecord(.asked), .finished: break
        }
        return earliest
    }

    mutating func nextTicket() -> Int {
        tickets += 1
        return tickets
    }

    mutating func submit(_ requests: [Request]) -> Int {
        actions.append(.submit(ticket: nextTicket(), requests))
        return tickets
    }

    // MARK: Heartbeats

    /// From the take until the release is submitted.
    private mutating func beat() {
        guard !isReleasing, ending.lost == nil, let claims, heartbeats != nil else { return }
        if heartbeats?.isDue(at: now) == true {
            heartbeats?.submitted(at: now)
            heartbeatTicket = submit(claims.heartbeat)
        } else if heartbeats?.shouldTryAnotherServer(at: now) == true {
            actions.append(.dropConnection)
        }
    }

    private mutating func settle(_ ticket: Int, _ replies: [Reply]) {
        if ticket == heartbeatTicket {
            heartbeatTicket = nil
            settledHeartbeat(replies)
        } else if fleet.isAnswered(by: ticket) {
            readFleet(replies)
        } else if keeping.ticket == ticket {
            settledOutput(replies)
        } else if stopRequest.isAnswered(by: ticket) {
            lookedForStop(replies)
        } else if ticket == stopReader?.ticket {
            readStop(replies)
        } else if case .settingRecord(.asked(ticket)) = phase {
            settledRecord(replies)
        } else if case .releasing(let releasing) = phase, case .asked(ticket) = releasing.step {
            settledRelease(releasing, replies)
        }
    }

    private mutating func settledHeartbeat(_ replies: [Reply]) {
        switch claims?.judge(replies) {
        case .acknowledged?:
            heartbeats?.acknowledged(at: now)
            postpone()
            // What waits for proof never has more than now.
            if case .settingRecord(.due) = phase { enter(.settingRecord(.due(at: now))) }
        case .lost(let why)?:
            noticeDeletion(in: replies)
            lose(why)
        case .unknown(let refusal)?:
            if let refusal, heartbeats?.refusal == nil { actions.append(.say(.heartbeatRefused("\(refusal)"))) }
            heartbeats?.unanswered(refusal)
        case nil: heartbeats?.unanswered(nil)
        }
    }

    mutating func postpone() {
        guard let heartbeats, attempt != nil, ending.takenOver == nil else { return }
        let schedule = schedule(by: heartbeats)
        attempt?.schedule = schedule
        sequence += 1
        let message = Unacknowledged(sequence)
        if attempt?.unacknowledged == nil { attempt?.unacknowledged = message }
        actions.append(.postpone(sequence: sequence, schedule))
    }
}
