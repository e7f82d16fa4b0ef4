package import Coordination

/// Questions to the ensemble and waits for its events, for one run, one at a time.
///
/// Everything comes through the inbox, so a signal interrupts any wait at once, also one for a reply that never comes.
package final class Conversation {
    package let ensemble: any Ensemble
    package let inbox: any Inbox
    package let clock: any Timekeeper
    package let connectTimeout: Duration
    private let servers: String
    private let prefix: String
    private var connected = false
    /// Never used twice in a run: a reply of an earlier session must not answer a question of this one.
    package private(set) var tickets: Int
    /// Just before the newest requests were submitted that have all been answered.
    package private(set) var newestAnswered: BootInstant?
    /// Since when nothing has been answered, though it was asked, and whether another server was tried for that.
    private var unansweredSince: BootInstant?
    private var hasNudged = false
    /// Set while a take is under way: see `hold`.
    private var isHolding = false
    /// What would have interrupted the run meanwhile.
    package private(set) var held: [Event] = []
    /// How long whoever has asked for the end waits for a take to be known.
    private var heldUntil = BootInstant.never
    private static let leastSession = Duration.milliseconds(500)
    private static let patienceOfOthers = Duration.seconds(15)
    /// Watch events that nobody has looked at yet.
    private var changes: [String: Set<Event.Change>] = [:]
    /// Told of each loss and return of the connection.
    package var hears: ((SessionEvent) -> Void)?
    /// Since the last pause. `changes` may keep what nobody asks for any more (a predecessor that has long been replaced):
    /// if a pause ended for those, it would never wait again.
    private var hasNews = false

    package convenience init(
        ensemble: any Ensemble, inbox: any Inbox, clock: any Timekeeper, job: Job, firstTicket: Int = 0
    ) {
        self.init(
            ensemble: ensemble, inbox: inbox, clock: clock, connectTimeout: job.connectTimeout, servers: job.servers,
            prefix: job.layout.prefix, firstTicket: firstTicket)
    }

    /// Without a job: for an operator.
    ///
    /// - Parameter servers: for messages, the configuration's zkhosts.
    package init(
        ensemble: any Ensemble, inbox: any Inbox, clock: any Timekeeper, connectTimeout: Duration, servers: String,
        prefix: String, firstTicket: Int = 0
    ) {
        tickets = firstTicket
        self.ensemble = ensemble
        self.inbox = inbox
        self.clock = clock
        self.connectTimeout = connectTimeout
        self.servers = servers
        self.prefix = prefix
    }

    // MARK: Requests

    /// Asks once. Replies that were lost on the way say so.
    ///
    /// However often it is asked again, one question takes no longer than twice the connect timeout, waits for a connection
    /// among it. What a busy server has not carried out is asked again, with pauses that double, for as long as the connect
    /// timeout.
    package func ask(_ requests: [Request]) async throws(Interruption) -> [Reply] {
        var replies = try await askOnce(requests)
        var pause = Duration.milliseconds(50)
        let limit = clock.now.advanced(by: connectTimeout)
        while let first = replies.firstIndex(where: \.isThrottled), clock.now.advanced(by: pause) < limit {
            try await rest(until: clock.now.advanced(by: pause))
            pause = min(pause * 2, .seconds(2))
            // What stands behind it was to be read after it; but nothing is written twice.
            let again = requests.indices[first...].filter { !replies[$0].isCommitted }
            for (index, reply) in zip(again, try await askOnce(again.map { requests[$0] })) { replies[index] = reply }
        }
        return replies
    }

    private func askOnce(_ requests: [Request]) async throws(Interruption) -> [Reply] {
        assert(isSound, "before a question: \(self.held.count) events held, holding: \(isHolding)")
        tickets += 1
        let ticket = tickets
        let inbox = self.inbox
        // Without a connection the library queues requests: they leave right after the handshake.
        let submitted = clock.now
        var patience = endOfPatience(from: submitted)
        // A server that has hung, also before it has granted a session, takes the C client two thirds of the session timeout to
        // notice. Only once: if all are slow, the next has to have its time.
        var nudge = hasNudged ? .never : submitted.advanced(by: connectTimeout / 3)
        ensemble.submit(requests) { inbox.post(.replies(ticket: ticket, $0)) }
        while true {
            let event = try await next(within: &patience, nudge: &nudge)
            if case .replies(ticket, let replies) = event {
                assert(replies.count == requests.count, "\(replies.count) replies to \(requests.count) requests")
                for case .failure(let failure) in replies where failure.reason == .sessionExpired {
                    throw .sessionExpired
                }
                for case .failure(let failure) in replies where failure.reason == .authenticationFailed {
                    throw .denied(Failure.credentialsRefused)
                }
                if !replies.contains(where: \.isLost) {
                    newestAnswered = submitted
                    (unansweredSince, hasNudged) = (nil, false)
                    return replies
                }
                unansweredSince = unansweredSince ?? submitted
                if clock.now >= endOfPatience(from: clock.now) { throw unreachable }
                return replies
            }
            try take(event)
            if clock.now >= heldUntil { try unhold() }
            leaveServer(after: &nudge, within: patience)
        }
    }

    /// What must hold between two events: only a take keeps back what would interrupt it, and has a time from then on.
    private var isSound: Bool {
        if !isHolding { return held.isEmpty && heldUntil == .never }
        return heldUntil == .never || !held.isEmpty
    }

    /// Asks until no reply is lost: for reads, and for writes that may be repeated.
    ///
    /// The next server may lag behind what the first would have said, by as much as it likes as long as we have seen
    /// nothing of it yet; a committed write in front of the reads brings it up to date (Internals, "Consistency
    /// Guarantees").
    package func askAgain(_ requests: [Request]) async throws(Interruption) -> [Reply] {
        var replies = try await ask(requests)
        while replies.contains(where: \.isLost) {
            try await reconnected()
            replies = try await ask([.multi([.check(prefix)])] + requests)
            // Refused by the server itself, it was no write: then the reads prove nothing.
            if case .failure(let failure)? = replies.first, case .other = failure.reason {
                throw failure.interruption
            }
        }
        return Array(replies.suffix(requests.count))
    }

    /// Asks for what is only to be told, for a second at most. Nil: there is no answer, and the run goes on without.
    func glance(_ requests: [Request]) async throws(Interruption) -> [Reply]? {
        if !connected || requests.isEmpty { return nil }
        tickets += 1
        let (ticket, inbox) = (tickets, self.inbox)
        let until = clock.now.advanced(by: Self.lengthOfGlance)
        ensemble.submit(requests) { inbox.post(.replies(ticket: ticket, $0)) }
        while clock.now < until {
            clock.wake(at: until)
            let event = await inbox.next()
            if case .replies(ticket, let replies) = event { return replies }
            try take(event)
        }
        return nil
    }

    private static let lengthOfGlance = Duration.seconds(1)

    /// Waits for a connection, at most for the connect timeout.
    ///
    /// - Parameter lostSince: when it was first noticed that the same write was lost. What is asked in between may be answered each
    ///   time; it is given up after twice the connect timeout all the same.
    package func reconnected(lostSince: BootInstant? = nil) async throws(Interruption) {
        if let lostSince, clock.now >= lostSince.advanced(by: connectTimeout * 2) { throw unreachable }
        while let event = inbox.poll() { try take(event) }
        var patience = endOfPatience(from: clock.now)
        var nudge = hasNudged ? .never : clock.now.advanced(by: connectTimeout / 3)
        while !connected {
            try take(await next(within: &patience, nudge: &nudge))
            if clock.now >= heldUntil { try unhold() }
            if !connected { leaveServer(after: &nudge, within: patience) }
        }
    }

    /// Until when to wait for what begins now; a question that was lost before has had its share.
    private func endOfPatience(from now: BootInstant) -> BootInstant {
        let first = unansweredSince?.advanced(by: connectTimeout * 2) ?? .never
        return min(now.advanced(by: connectTimeout), first)
    }

    /// For another one, if it is time to.
    private func leaveServer(after nudge: inout BootInstant, within patience: BootInstant) {
        guard clock.now >= nudge, clock.now < patience else { return }
        hasNudged = ensemble.dropConnection()
        nudge = hasNudged ? .never : clock.now.advanced(by: connectTimeout / 3)
    }

    /// What comes next. In a process that was stopped, or on a host that slept, the answer may lie behind a patience that is over,
    /// and the client may need a moment to bring it.
    private func next(
        within patience: inout BootInstant, nudge: inout BootInstant
    ) async throws(Interruption) -> Event {
        let now = clock.now
        if now >= patience {
            if let event = inbox.poll() { return event }
            guard now > patience.advanced(by: Lateness.tolerated) else { throw unreachable }
            (patience, nudge) = (now.advanced(by: Lateness.secondChance), .never)
        }
        clock.wake(at: min(patience, nudge, heldUntil))
        return await inbox.next()
    }

    private var unreachable: Interruption {
        .unavailable(
            "no answer from ZooKeeper at \(servers) within \(connectTimeout.components.seconds) s; "
                + (ensemble.complaint ?? "is any of them running, and is zkhosts right?"))
    }

    // MARK: Events

    /// From here on nobody's wish to stop interrupts a question: a take must be known to have succeeded or failed, or its
    /// record would stay running without a command. What comes meanwhile is kept in `held`; if there is no answer for long, it
    /// interrupts after all: servers that are gone trap nobody.
    func hold() { isHolding = true }

    /// Nothing was taken after all: what has come meanwhile interrupts now.
    package func unhold() throws(Interruption) {
        isHolding = false
        heldUntil = .never
        let events = held
        held = []
        for event in events { try take(event) }
    }

    /// Waits for a watch to fire, at most until that instant.
    package func pause(until instant: BootInstant? = nil) async throws(Interruption) {
        clock.wake(at: instant)
        while !hasNews {
            if let instant, clock.now >= instant { return }
            try take(await inbox.next())
        }
        hasNews = false
    }

    /// Lets time pass, whatever happens meanwhile.
    package func rest(until instant: BootInstant) async throws(Interruption) {
        while clock.now < instant {
            clock.wake(at: instant)
            try take(await inbox.next())
        }
    }

    /// Takes in what has arrived already; then whether anything has happened to this path since it was last asked.
    package func noticed(_ path: String) throws(Interruption) -> Bool {
        while let event = inbox.poll() { try take(event) }
        return changes.removeValue(forKey: path) != nil
    }

    /// What has happened to this path, without taking in anything new.
    package func changes(of path: String) -> Set<Event.Change> { changes.removeValue(forKey: path) ?? [] }

    package func forget(_ path: String) { changes.removeValue(forKey: path) }

    private func take(_ event: Event) throws(Interruption) {
        if case .session(let session) = event { hears?(session) }
        switch event {
        case .signal where isHolding, .callerGone where isHolding, .tree where isHolding: hold(event)
        case .watch(let path, let change):
            changes[path, default: []].insert(change)
            hasNews = true
        case .session(.connected(let session)):
            // Its pings would come a hundred times a second, and each moment's silence be its end.
            if session.timeout < Self.leastSession {
                throw .refused(
                    "the servers grant a session timeout of \(session.timeout.nanoseconds / 1_000_000) ms only, too short for any "
                        + "ownership; raise their minSessionTimeout and maxSessionTimeout")
            }
            connected = true
        case .session(.suspended): connected = false
        case .session(.expired), .session(.rolledBack): throw .sessionExpired
        case .session(.authenticationFailed): throw .denied(Failure.credentialsRefused)
        case .signal(let signal, _, _): if Self.ending.contains(signal) { throw .signal(signal) }
        case .callerGone: throw .callerGone
        case .tree(.guardianGone): throw .guardianGone
        case .replies, .timer, .tree: break
        }
    }

    private func hold(_ event: Event) {
        held.append(event)
        if case .signal(let signal, _, _) = event, !Self.ending.contains(signal) { return }
        heldUntil = min(heldUntil, clock.now.advanced(by: Self.patienceOfOthers))
    }

    /// Hang-up, interrupt, quit, terminate. The others mean something to a command only.
    private static let ending: Set<Int32> = [1, 2, 3, 15]
}
