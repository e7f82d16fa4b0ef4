package import Coordination
package import Recipes

/// From the claims to their release: the supervisor's decisions, as a state machine without clock, network or process.
/// Events go in, actions come out; the real supervisor and a simulation drive the very same code.
package struct Tenure: Sendable {
    package enum Action: Sendable {
        case submit(ticket: Int, [Request])
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

    enum Phase: Sendable, Equatable {
        /// A lost predecessor's term: nothing of ours runs, the claims are held.
        case waitingOut(until: BootInstant)
        /// One guarded write makes the record our own: after a wait-out, or when the start is to be written down before.
        case settingRecord(ticket: Int?)
        case starting
        /// The guardian has started nothing, since processes of a dead run live on this host. It is asked again at that instant.
        case resisted(until: BootInstant)
        case running
        /// The command has failed, and is run again at that instant.
        case retrying(at: BootInstant)
        /// The tree is dead and reaped, or never was.
        case releasing(ticket: Int?, until: BootInstant)
        case finished
    }

    let job: Job
    let grace: Duration
    let waits: Bool
    var claims: Claims?
    var heartbeats: Heartbeats?
    var phase: Phase
    var release: Release?
    var releasePatience = Patience()
    package private(set) var tickets: Int
    var sequence: UInt64 = 0
    private var heartbeatTicket: Int?
    var fleetTicket: Int?
    var fleetChanged: Bool
    var fleetIsUnread = false
    var isConnected = true
    /// What the guardian has not acknowledged yet, and since when.
    var unacknowledged: Unacknowledged?
    var current = Schedule.never
    /// The newest from the guardian.
    var budget = KillingBudget.least
    var size = TreeSize.fits
    /// SIGKILL as the guardian and the front were told of it last.
    var toldKill = BootInstant.never
    /// This process has come to it only after that instant, so one of the two may have sent it.
    var isOverdue = false
    /// Of processes of a dead run, while they are in the way of a start.
    var resistance: Resistance?
    var hasTakenOver = false
    var ending = Ending()
    var startAsked = false
    /// When the first start was asked for that was not refused.
    var askedAt: BootInstant?
    /// Starts asked for so far, but for those that were refused.
    var attempts = 0
    /// How the attempt before ended.
    var previous: (exited: (waitStatus: Int32, by: TreeReport.Ending)?, cause: Ending.Cause?) = (nil, nil)
    /// When the command has run for long enough.
    var timeoutAt: BootInstant?
    /// Whether an operator's request to stop would be noticed: its watch is set, or being set.
    var stopTicket: Int?
    var stopIsUnread = false
    /// Our lock's path, once it was seen to be deleted: by somebody, or with the session.
    var deletedLock: String?
    let waited: Duration
    /// The signal by which the terminal has asked the command to end.
    var interrupted: Int32?
    var stragglersAt: BootInstant?
    /// When the next tick was to come.
    private var dueAt = BootInstant.never
    /// When what was not settled is asked again.
    var retryAt: BootInstant?
    /// When reads that were refused, and so set no watch, are made again.
    var rereadAt: BootInstant?
    var remaining = 0
    package internal(set) var startedAt: BootInstant?
    /// In a mixed fleet nothing could be started in this session any more.
    package internal(set) var isHopeless = false
    /// What was taken is given back, and the servers have said so.
    package var isReleased: Bool { release?.isComplete ?? false }
    /// How the run ends. Nothing was started, so there was nothing to lose: whoever asked for the end has it, also when that came last.
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
        self.claims?.breaks = job.breaks
        self.grace = grace
        self.fleetChanged = fleetChanged
        waits = waitsForDescendants
        heartbeats = claims.map {
            Heartbeats(claims: $0, term: job.term, mixed: job.mixedFleet ? .init(relay: job.relay) : nil)
        }
        if let claims, let found = claims.found {
            let wait = job.breaks.contains(.noMargin) ? Duration.seconds(found.seconds) : found.waitOut
            phase = .waitingOut(until: claims.acknowledged.advanced(by: wait))
            // A pause that comes meanwhile is still in time.
            self.fleetChanged = true
        } else if let claims, claims.record?.content.isWaiting == true, !job.breaks.contains(.startNotWritten) {
            phase = .settingRecord(ticket: nil)
            retryAt = claims.acknowledged
        } else {
            phase = .starting
        }
    }

    // MARK: Events

    /// Takes in one event. What is due is looked at afterwards, unless more has arrived already: else a supervisor that
    /// was stopped for a moment would miss an acknowledgement that lies behind this event, and kill for it.
    package mutating func handle(_ event: Event, at now: BootInstant, ticks: Bool = true) -> [Action] {
        var actions: [Action] = []
        // Its end is known. Who has started nothing may still be told not to begin anew.
        if case .finished = phase, attempts > 0 { return actions }
        if case .running = phase, now >= toldKill { isOverdue = true }
        switch event {
        case .replies(let ticket, let replies): settle(ticket, replies, now, &actions)
        case .watch(let path, let change): noticed(path, change, now, &actions)
        case .session(let event): session(event, now, &actions)
        case .signal(let signal, let fromTerminal, let isPlaced):
            passOn(signal, fromTerminal, isPlaced, now, &actions)
        case .callerGone: stop(.callerGone, now, &actions)
        case .tree(let report): tree(report, now, &actions)
        case .timer: break
        }
        expectTick(now)
        if ticks { tick(now, &actions) }
        return actions
    }

    /// The actions are carried out: the guardian has its deadline from here on, and the time to answer.
    package mutating func carriedOut(_ actions: [Action], at now: BootInstant) {
        for action in actions {
            switch action {
            case .start(let sequence, let schedule, _), .postpone(let sequence, let schedule):
                toldKill = schedule.kill
                if sequence == unacknowledged?.sequence { unacknowledged = Unacknowledged(sequence, since: now) }
            default: break
            }
        }
        if unacknowledged != nil { expectTick(now) }
    }

    /// Something new may be due before what was. What is due already is not late.
    private mutating func expectTick(_ now: BootInstant) { dueAt = min(dueAt, max(wake, now)) }

    /// For a negative control: the clock read after the call that submits.
    mutating func submittedOnly(at now: BootInstant) { if heartbeatTicket != nil { heartbeats?.submitted(at: now) } }

    /// What is due now; also the first call.
    package mutating func tick(_ now: BootInstant, _ actions: inout [Action]) {
        if case .finished = phase { return }
        defer { dueAt = wake }
        // Stopped, suspended or not scheduled for a while: then it is no wonder that nothing was heard of the guardian.
        if unacknowledged?.since != nil, now > dueAt.advanced(by: Lateness.tolerated) {
            unacknowledged?.since = now
            unacknowledged?.isLast = false
        }
        beat(now, &actions)
        readAgain(now)
        if fleetChanged, fleetTicket == nil, isConnected, caresForFleet {
            fleetChanged = false
            fleetTicket = submit([.get(job.layout.prefix, watch: true)], &actions)
        }
        if now >= givesUpAt ?? .never {
            isHopeless = heartbeats?.areHopeless(grace: grace, budget: budget) ?? false
            lose("no heartbeat was acknowledged in time", now, &actions)
        }
        switch phase {
        case .waitingOut(let until) where now >= until: waitedOut(now, &actions)
        case .starting: start(now, &actions)
        case .running:
            watchGuardian(now, &actions)
            watchTime(now, &actions)
        case .retrying(let at) where now >= at, .resisted(let at) where now >= at:
            goOn(now, &actions)
        case .releasing(_, let until) where now >= until: finish(&actions)
        case .releasing(.some, _) where releasePatience.isOver(at: now): actions.append(.dropConnection)
        case .releasing(nil, _) where now >= retryAt ?? .never:
            continueRelease(now, &actions, isUnsettled: false)
        case .settingRecord(nil) where now >= retryAt ?? .never: setRecord(now, &actions)
        default: break
        }
        watchForStop(&actions)
    }

    /// When `tick` wants to be called, if nothing happens before.
    package var wake: BootInstant {
        var instants = [
            stragglersAt, retryAt, rereadAt, timeoutAt, givesUpAt, guardianOverdueAt,
        ]
        .compactMap { $0 }
        if !isReleasing, let heartbeats, ending.lost == nil { instants.append(heartbeats.wake()) }
        switch phase {
        case .releasing(let ticket, let until): instants += ticket == nil ? [until] : [until, releasePatience.endsAt]
        case .waitingOut(let until), .retrying(let until), .resisted(let until): instants.append(until)
        case .running where !hasTakenOver: instants.append(current.kill.advanced(by: Self.guardianSlack))
        default: break
        }
        return instants.min() ?? .never
    }

    var isReleasing: Bool {
        switch phase {
        case .releasing, .finished: true
        default: false
        }
    }

    mutating func submit(_ requests: [Request], _ actions: inout [Action]) -> Int {
        tickets += 1
        actions.append(.submit(ticket: tickets, requests))
        return tickets
    }

    // MARK: Heartbeats

    /// From the take until the release is submitted.
    private mutating func beat(_ now: BootInstant, _ actions: inout [Action]) {
        guard !isReleasing, ending.lost == nil, let claims, heartbeats != nil else { return }
        if heartbeats?.isDue(at: now) == true {
            heartbeats?.submitted(at: now)
            heartbeatTicket = submit(claims.heartbeat, &actions)
        } else if heartbeats?.shouldTryAnotherServer(at: now) == true {
            actions.append(.dropConnection)
        }
    }

    private mutating func settle(_ ticket: Int, _ replies: [Reply], _ now: BootInstant, _ actions: inout [Action]) {
        if ticket == heartbeatTicket {
            heartbeatTicket = nil
            switch claims?.judge(replies) {
            case .acknowledged?:
                if job.breaks.contains(.sReadAtReply) { heartbeats?.submitted(at: now) }
                heartbeats?.acknowledged(at: now)
                postpone(now, &actions)
                // What waits for proof never has more than now.
                if case .settingRecord(nil) = phase { retryAt = now }
            case .lost(let why)?:
                noticeDeletion(in: replies)
                lose(why, now, &actions)
            case .unknown?, nil: heartbeats?.unanswered()
            }
        } else if ticket == fleetTicket {
            fleetTicket = nil
            readFleet(replies, now, &actions)
        } else if ticket == stopTicket {
            lookedForStop(replies, now, &actions)
        } else if case .settingRecord(ticket) = phase {
            settledRecord(replies, now, &actions)
        } else if case .releasing(let expected, let until) = phase, expected == ticket {
            release?.settle(replies)
            endIfLockWasDeleted(replies)
            if !replies.contains(where: \.isLost) { releasePatience.answered() }
            phase = .releasing(ticket: nil, until: until)
            let isUnsettled = replies.contains { $0.isUnsettled && !$0.isRefusedByServer }
            continueRelease(now, &actions, isUnsettled: isUnsettled)
        }
    }

    mutating func postpone(_ now: BootInstant, _ actions: inout [Action]) {
        guard let heartbeats, case .running = phase, !hasTakenOver else { return }
        current = schedule(by: heartbeats)
        sequence += 1
        if unacknowledged == nil { unacknowledged = Unacknowledged(sequence) }
        actions.append(.postpone(sequence: sequence, current))
    }

    private mutating func session(_ event: SessionEvent, _ now: BootInstant, _ actions: inout [Action]) {
        switch event {
        case .connected(let session):
            isConnected = true
            // The servers may expire it sooner now: the guardian is to know at once.
            if heartbeats?.shorten(to: session.timeout) == true { postpone(now, &actions) }
            heartbeats?.connected(at: now)
            if case .settingRecord(nil) = phase { setRecord(now, &actions) }
            if case .releasing(nil, _) = phase { continueRelease(now, &actions, isUnsettled: false) }
        case .suspended:
            isConnected = false
        case .expired:
            if isReleasing { return finish(&actions) }
            lose("the session expired", now, &actions)
            // Owns nothing, and still has to see when its host leaves the group.
            if claims == nil, caresForFleet {
                (isConnected, fleetTicket, fleetChanged) = (false, nil, true)
                actions.append(.connectAnew)
            }
        case .authenticationFailed:
            // Neither proof nor loss; the deadline decides.
            break
        }
    }
}
