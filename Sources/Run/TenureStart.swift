import Coordination
import Recipes

/// Before the start: waiting a lost predecessor out, making the record our own, and the start itself, which may be another.
extension Tenure {
    var isBeforeStart: Bool {
        switch phase {
        case .waitingOut, .settingRecord, .starting, .resisted, .retrying: true
        default: false
        }
    }

    /// Nothing runs that a guardian would end, and nothing can be started any more. With a new session it can be told whether
    /// there are servers at all.
    var givesUpAt: BootInstant? {
        let isIgnored = job.breaks.contains(.idleForever) || job.breaks.contains(.lossIgnored)
        return isBeforeStart && !isIgnored ? heartbeats?.deadline : nil
    }

    mutating func waitedOut(_ now: BootInstant, _ actions: inout [Action]) {
        guard claims?.record != nil, !job.breaks.contains(.foundTermKept) else {
            phase = .starting
            return start(now, &actions)
        }
        setRecord(now, &actions)
    }

    /// Written before the start: with our own term, else a long one would stay for ever; and when it is, so that an interval
    /// counts from it even if nobody hears of this run again.
    mutating func setRecord(_ now: BootInstant, _ actions: inout [Action]) {
        guard var record = claims?.record else { return }
        guard canStart(now, &actions) else {
            // So nothing is to be written of a start either.
            if isBeforeStart { (phase, retryAt) = (.settingRecord(ticket: nil), nil) }
            return
        }
        record.content.term = job.term.seconds
        record.content.isWaiting = false
        if job.minInterval != nil, record.content.started == nil, !job.breaks.contains(.startNotWritten) {
            record.content.started = claims?.serverMilliseconds(at: now)
        }
        claims?.record = record
        retryAt = nil
        let ticket = submit(
            [
                .multi([.set(record.path, data: record.content.encoded(), version: record.version)]),
                .get(record.path, watch: false),
            ], &actions)
        phase = .settingRecord(ticket: ticket)
    }

    /// The record read behind the write tells its version, also when an earlier write was carried out and its reply lost.
    mutating func settledRecord(_ replies: [Reply], _ now: BootInstant, _ actions: inout [Action]) {
        guard replies.count == 2, let record = claims?.record else { return }
        // Without the permission, or the space, for it we would hold the lock for good and start nothing: whoever begins anew is
        // told so by the take.
        for case .failure(let failure) in replies where failure.isRefusal { return lose("\(failure)", now, &actions) }
        if replies.contains(where: \.isUnsettled) {
            // Again as soon as there is a connection, or in a while.
            phase = .settingRecord(ticket: nil)
            return retryAt = now.advanced(by: job.term.period)
        }
        guard case .success(.node(let data, let stat)) = replies[1], let found = JobRecord(bytes: data),
            found.session == record.content.session, found.n == record.content.n, found.state == .running
        else { return lose("\(record.path) was changed by somebody", now, &actions) }
        claims?.record?.version = stat.version
        guard found.term == record.content.term, found.isWaiting == record.content.isWaiting,
            found.started == record.content.started
        else { return setRecord(now, &actions) }
        // Started by the tick after this: what has arrived together with the reply comes first.
        phase = .starting
    }

    /// Whether enough is proven to start something; if not, the next acknowledged heartbeat asks again.
    private mutating func canStart(_ now: BootInstant, _ actions: inout [Action]) -> Bool {
        guard let heartbeats, !heartbeats.suffice(at: now, grace: grace, budget: budget) else { return true }
        if heartbeats.areHopeless(grace: grace, budget: budget), !job.breaks.contains(.staleStart) {
            isHopeless = true
            lose("its heartbeats came too far apart for a mixed fleet", now, &actions)
        }
        return false
    }

    mutating func start(_ now: BootInstant, _ actions: inout [Action]) {
        // Without a guardian nothing is started.
        guard !startAsked, !hasTakenOver else { return }
        // A pause that came while the take was under way is still in time.
        if attempts == 0, fleetChanged || fleetTicket != nil { return }
        guard canStart(now, &actions) || job.breaks.contains(.staleStart) else { return }
        if let heartbeats { current = schedule(by: heartbeats) }
        startAsked = true
        if askedAt == nil { askedAt = now }
        attempts += 1
        previous = (ending.exited, ending.cause)
        (ending.exited, ending.cause) = (nil, nil)
        sequence += 1
        unacknowledged = Unacknowledged(sequence)
        (toldKill, isOverdue) = (.never, false)
        actions.append(.start(sequence: sequence, current, again: attempts <= job.retries))
        phase = .running
    }

    /// Nothing is running, and what was asked meanwhile found nothing to end. Either it is too late to start anything, or so many
    /// processes of a dead run do not die.
    mutating func refused(_ resisting: Int, _ now: BootInstant, _ actions: inout [Action]) {
        startAsked = false
        attempts -= 1
        if attempts == 0 { askedAt = nil }
        ending.exited = previous.exited
        ending.cause = previous.cause ?? ending.cause
        unacknowledged = nil
        phase = .starting
        if let interrupted { stop(.signal(interrupted), now, &actions) }
        if ending.lost != nil || ending.isFinal { return beginRelease(now, &actions) }
        if resisting > 0 { hold(for: resisting, now, &actions) }
    }

    /// The claims are kept, heartbeats go on, and the guardian is asked again.
    private mutating func hold(for processes: Int, _ now: BootInstant, _ actions: inout [Action]) {
        guard case .starting = phase else { return }
        var resistance = resistance ?? Resistance(since: now)
        if resistance.isToBeTold(at: now) { actions.append(.say(.earlierRunLives(processes: processes))) }
        phase = .resisted(until: now.advanced(by: resistance.nextPause()))
        self.resistance = resistance
    }

    /// The pause before a start is over.
    mutating func goOn(_ now: BootInstant, _ actions: inout [Action]) {
        phase = .starting
        // The start that was written down is not to be dated earlier than by a term.
        if let written = claims?.record?.content.started, attempts == 0, resistance != nil,
            let date = claims?.serverMilliseconds(at: now), date - written > job.term.seconds * 1000
        {
            claims?.record?.content.started = nil
            return setRecord(now, &actions)
        }
        start(now, &actions)
    }

    // MARK: Once more

    /// The pause before the next attempt; nil if this one was the last.
    ///
    /// Never after a stop, but for that of an attempt whose time was up; and not after 126 and 127, by which a shell says
    /// that there was nothing to run.
    private var pauseBeforeRetry: Duration? {
        guard attempts > 0, attempts <= job.retries, !hasTakenOver, ending.lost == nil, !ending.isFinal,
            interrupted == nil, let exited = ending.exited
        else { return nil }
        switch exited.by {
        case .none: if [0, 126, 127].contains(Ending.own(exited.waitStatus).code) { return nil }
        case .requested, .escalation: guard case .timeout? = ending.cause else { return nil }
        // The guardian has ended it, whether or not we have noticed why.
        case .deadline: return nil
        }
        // Each pause is twice the one before, up to a bound that a delay of the user's own may exceed.
        let doubled = job.retryDelay * (1 << min(attempts - 1, 30))
        return min(doubled, max(job.retryDelay, Self.longestPause))
    }

    private static let longestPause = Duration.seconds(300)

    /// The tree is dead and reaped.
    mutating func endAttempt(_ now: BootInstant, _ actions: inout [Action]) {
        (unacknowledged, timeoutAt) = (nil, nil)
        (budget, size) = (budget.ofNewTree, .fits)
        guard let pause = pauseBeforeRetry else { return beginRelease(now, &actions) }
        stragglersAt = nil
        startAsked = false
        phase = .retrying(at: now.advanced(by: pause))
        let result = ending.result
        actions.append(.say(.retrying(code: result.code ?? result.outcome.defaultCode, attempt: attempts, pause)))
    }
}
