package import Coordination
package import Recipes

/// The life of one run, from the first question to its end: acquisition, then tenure, with a new session where one is lost
/// before anything was started.
package final class Life {
    private let job: Job
    private let grace: Duration
    private let waitsForDescendants: Bool
    private let inbox: any Inbox
    private let clock: any Timekeeper
    private let commandTree: any CommandTree
    private let connect: () -> any Ensemble
    private let environment: (Start) -> [String]
    private let tell: (Remark) -> Void
    private let notice: (Notice) -> Void
    private let over: (Ended) -> Void
    /// Fills in what the command has written.
    private let fill: (inout KeptOutput) -> Void
    private var output: KeptOutput?
    private(set) var ensemble: any Ensemble
    private var tickets = 0
    private var wasHopeless = false
    private var connection = ConnectionWatch()

    package private(set) var story = Story()
    /// Nothing of this run is left on the servers but its session.
    package private(set) var isReleased = false

    /// What the command is told of the run that starts it.
    package struct Start {
        package let claims: Claims?
        package let leases: [LeaseRequest]
        /// From 1 on.
        package let attempt: Int
    }

    /// What the last line of a run's log tells.
    package struct Story: Sendable {
        package var waited: Duration = .zero
        package var held: Duration?
        package var token: Int64?
        /// The last run before this one failed, as far as the record tells.
        package var followsFailure = false
        package init() {}
    }

    package init(
        job: Job, grace: Duration, waitsForDescendants: Bool, inbox: any Inbox, clock: any Timekeeper,
        commandTree: any CommandTree, connect: @escaping () -> any Ensemble,
        environment: @escaping (Start) -> [String],
        tell: @escaping (Remark) -> Void, notice: @escaping (Notice) -> Void, over: @escaping (Ended) -> Void,
        fill: @escaping (inout KeptOutput) -> Void = { _ in }
    ) {
        self.fill = fill
        self.job = job
        self.grace = grace
        self.waitsForDescendants = waitsForDescendants
        self.inbox = inbox
        self.clock = clock
        self.commandTree = commandTree
        self.connect = connect
        self.environment = environment
        self.tell = tell
        self.notice = notice
        self.over = over
        ensemble = connect()
    }

    package func perform() async -> Ended {
        let began = clock.now
        var limits = Acquisition.Limits()
        var earlierSessions: Set<Int64> = []
        var renewals = Renewals(at: began)
        while true {
            isReleased = false
            let talk = Conversation(ensemble: ensemble, inbox: inbox, clock: clock, job: job, firstTicket: tickets)
            let acquisition = Acquisition(
                job: job, talk: talk, limits: limits, earlierSessions: earlierSessions, notice: notice)
            talk.hears = { [unowned self] in hear($0) }
            do throws(Interruption) {
                let verdict = try await acquisition.perform()
                if case .skipped(let skip) = verdict {
                    // What was taken may have been given back (too soon): who asked for the end meanwhile has it.
                    try talk.unhold()
                    return left(Ended(outcome: skip.outcome, reason: acquisition.sentence(of: skip)), since: began)
                }
                var claims: Claims?
                if case .owned(let owned) = verdict { claims = owned }
                story.waited = began.duration(to: clock.now)
                story.token = claims?.lock?.czxid
                story.followsFailure = claims?.record?.content.hasFailed ?? false
                if let found = claims?.found {
                    tell(.waitingOut(host: acquisition.lostHost ?? "?", seconds: found.seconds))
                }
                if let ended = await tenure(claims, of: acquisition, after: talk) { return ended }
                // What was waited for had come: the waits begin anew as well.
                limits = Acquisition.Limits()
            } catch {
                // Who asked for the end while a take was under way has it, whatever became of the take.
                do throws(Interruption) { try talk.unhold() } catch { return left(Ended(error), since: began) }
                guard case .sessionExpired = error else { return left(Ended(error), since: began) }
                limits = acquisition.limits
            }
            if let session = ensemble.session { earlierSessions.insert(session.id) }
            switch renewals.ended(ensemble.session, at: clock.now, patience: job.connectTimeout) {
            case .goOn(let pause):
                tell(.beginningAnew(pause))
                ensemble.close(cap: .milliseconds(500))
                if let interruption = await rest(for: pause) { return left(Ended(interruption), since: began) }
                ensemble = connect()
            case .giveUp(let sessions):
                return left(
                    Ended(
                        outcome: .unavailable,
                        reason:
                            "the servers at \(job.servers) end each session at once, \(sessions) in a row; nothing was started"
                    ),
                    since: began)
            }
        }
    }

    /// Nil: the time has passed.
    private func rest(for pause: Duration) async -> Interruption? {
        let until = clock.now.advanced(by: pause)
        let talk = Conversation(ensemble: ensemble, inbox: inbox, clock: clock, job: job, firstTicket: tickets)
        while clock.now < until {
            do throws(Interruption) { try await talk.rest(until: until) } catch {
                // What the session before has left to say.
                if case .sessionExpired = error { continue }
                return error
            }
        }
        return nil
    }

    private func connectAnew() {
        ensemble.close(cap: .milliseconds(500))
        ensemble = connect()
    }

    /// It waited to its end.
    private func left(_ ended: Ended, since began: BootInstant) -> Ended {
        story.waited = began.duration(to: clock.now)
        return ended
    }

    /// Ends the session; what the run leaves on the servers goes with it.
    package func close() { ensemble.close(cap: .milliseconds(500)) }

    /// Nil: ownership was lost before anything was started.
    private func tenure(_ claims: Claims?, of acquisition: Acquisition, after talk: Conversation) async -> Ended? {
        let job = acquisition.job
        let fleetChanged = !talk.changes(of: job.layout.prefix).isEmpty || acquisition.fleetIsUnread
        var tenure = Tenure(
            job: job, claims: claims, grace: grace, waitsForDescendants: waitsForDescendants,
            fleetChanged: fleetChanged, firstTicket: talk.tickets, waited: story.waited)
        defer { tickets = tenure.tickets }
        var actions: [Tenure.Action] = []
        // What came while the take was under way comes before the start.
        for event in talk.held { actions += tenure.handle(event, at: clock.now, ticks: false) }
        actions += tenure.tick(at: clock.now)
        while true {
            for action in actions {
                if case .finish = action {
                    story.held = tenure.startedAt.map { $0.duration(to: clock.now) }
                    isReleased = tenure.isReleased
                    if tenure.keeping.isMissing { await makeOutput(&tenure) }
                    if case .missing(let path, let data) = tenure.memory { await remember(path, data, &tenure) }
                    guard tenure.isToBeginAnew else { return tenure.ended }
                    defer { wasHopeless = wasHopeless || tenure.isHopeless }
                    guard tenure.isHopeless, wasHopeless else { return nil }
                    return Ended(
                        outcome: .unavailable,
                        reason:
                            "heartbeats come too far apart for the session timeout beside originals (mixed_fleet): "
                            + "ZooKeeper answers too slowly, or this host is too busy; a longer session_timeout may help; "
                            + "nothing was started")
                }
                carryOut(action, Start(claims: claims, leases: job.leases, attempt: tenure.attempts))
            }
            tenure.carriedOut(actions, at: clock.now)
            clock.wake(at: tenure.wake)
            let event = await inbox.next()
            if case .session(let session) = event { hear(session) }
            actions = tenure.handle(event, at: clock.now, ticks: false)
            while let event = inbox.poll() {
                if case .session(let session) = event { hear(session) }
                actions += tenure.handle(event, at: clock.now, ticks: false)
            }
            actions += tenure.tick(at: clock.now)
        }
    }

    private func hear(_ event: SessionEvent) {
        if let remark = connection.hear(event, server: ensemble.server, at: clock.now) { tell(remark) }
    }

    private func makeOutput(_ tenure: inout Tenure) async {
        guard let output else { return }
        // A lock that is still held goes with the session, which is not to wait. In a mixed fleet that is the rule.
        guard isReleased || job.mixedFleet else { return tell(.outputNotKept("the release was not acknowledged")) }
        let path = job.layout.output(job.lockname)
        if let why = await creation(&tenure).perform(path, output.encoded()) { tell(.outputNotKept(why)) }
    }

    /// The first run that comes to its place in the history.
    private func remember(_ path: String, _ data: [UInt8], _ tenure: inout Tenure) async {
        guard isReleased else { return tell(.runNotRemembered("the release was not acknowledged")) }
        if let why = await creation(&tenure).perform(path, data) { tell(.runNotRemembered(why)) }
    }

    private func creation(_ tenure: inout Tenure) -> NodeCreation {
        NodeCreation(ensemble: ensemble, inbox: inbox, clock: clock, job: job, ticket: tenure.nextTicket())
    }

    private func carryOut(_ action: Tenure.Action, _ start: Start) {
        switch action {
        case .submit(let ticket, let requests):
            let inbox = self.inbox
            ensemble.submit(requests) { inbox.post(.replies(ticket: ticket, $0)) }
        case .keepOutput(let ticket, var kept, let record, let version):
            fill(&kept)
            output = kept
            let (inbox, path) = (self.inbox, job.layout.output(job.lockname))
            ensemble.submit([kept.request(at: path, record: record, version: version)]) {
                inbox.post(.replies(ticket: ticket, $0))
            }
        case .start(let sequence, let schedule, let again):
            commandTree.start(
                sequence: sequence, schedule: schedule, environment: environment(start), again: again)
        case .postpone(let sequence, let schedule): commandTree.postpone(sequence: sequence, schedule: schedule)
        case .signal(let signal, let escalates): commandTree.signal(signal, escalates: escalates)
        case .end(let limit): commandTree.end(limit: limit)
        case .kill: commandTree.kill()
        case .takeOver: commandTree.takeOver()
        case .stopFront(let signal, let at): commandTree.stopFront(signal: signal, at: at)
        case .continueFront: commandTree.continueFront()
        case .dropConnection: ensemble.dropConnection()
        case .connectAnew: connectAnew()
        case .say(.ownershipLost(let why, let provenAt?)):
            tell(.ownershipLost("\(why) (\(connection.silence(since: provenAt, at: clock.now)))"))
        case .say(let remark): tell(remark)
        case .over(let ended): over(ended)
        case .finish: break
        }
    }
}

extension Acquisition.Skip {
    package var outcome: Outcome {
        switch self {
        case .notInGroup: .notInGroup
        case .paused, .drained: .paused
        case .tooSoon: .tooSoon
        case .alreadyRun: .alreadyRun
        case .notReady, .neverReady: .notReady
        case .locked: .locked
        case .queued: .queued
        }
    }
}

extension Ended {
    /// Why a run ended before its command was started.
    package init(_ interruption: Interruption) {
        let reason = "\(interruption)"
        switch interruption {
        case .signal(let signal): self.init(outcome: .signaled, code: 128 + signal, signal: signal)
        case .callerGone: self.init(outcome: .signaled, code: 128 + 9, reason: reason)
        case .guardianGone: self.init(outcome: .osError, reason: reason + "; nothing was started")
        case .sessionExpired, .unavailable: self.init(outcome: .unavailable, reason: reason)
        case .refused: self.init(outcome: .unavailable, reason: reason, isRefused: true)
        case .waitsForItself: self.init(outcome: .usage, reason: reason)
        case .badData: self.init(outcome: .badData, reason: reason)
        case .denied: self.init(outcome: .denied, reason: reason)
        case .noPermits: self.init(outcome: .noPermits, reason: reason)
        }
    }
}
