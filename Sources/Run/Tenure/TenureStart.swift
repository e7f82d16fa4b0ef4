import Coordination
import Recipes
import Text

/// Before the start: waiting a lost predecessor out, making the record our own, and the start itself, which may be another.
extension Tenure {
    /// Nothing runs that a guardian would end, and nothing can be started any more. With a new session it can be told whether
    /// there are servers at all.
    var givesUpAt: BootInstant? {
        isBeforeStart ? heartbeats?.deadline : nil
    }

    mutating func waitedOut() {
        if let lost = claims?.record?.content.lostPredecessor { actions.append(.say(.waitedOut(lost))) }
        guard claims?.record != nil else {
            enter(.starting)
            return start()
        }
        setRecord()
    }

    /// Written before the start: with our own term, else a long one would stay for ever; and when it is, so that an interval
    /// counts from it even if nobody hears of this run again.
    mutating func setRecord() {
        guard var record = claims?.record else { return }
        guard canStart() else {
            // So nothing is to be written of a start either.
            if isBeforeStart { enter(.settingRecord(.due(at: .never))) }
            return
        }
        record.content.term = job.term.seconds
        record.content.isWaiting = false
        if job.minInterval != nil, record.content.started == nil {
            record.content.started = claims?.serverMilliseconds(at: now)
        }
        claims?.record = record
        let ticket = submit(
            [
                .multi([.set(record.path, data: record.content.encoded(), version: record.version)]),
                .get(record.path, watch: false),
            ])
        enter(.settingRecord(.asked(ticket: ticket)))
    }

    /// The record read behind the write tells its version, also when an earlier write was carried out and its reply lost.
    mutating func settledRecord(_ replies: [Reply]) {
        guard replies.count == 2, let record = claims?.record else { return }
        // Without the permission, or the space, for it we would hold the lock for good and start nothing: whoever begins anew is
        // told so by the take.
        for case .failure(let failure) in replies where failure.isRefusal { return lose("\(failure)") }
        if replies.contains(where: \.isUnsettled) {
            // Again as soon as there is a connection, or in a while.
            return enter(.settingRecord(.due(at: now.advanced(by: job.term.period))))
        }
        guard case .success(.node(let data, let stat)) = replies[1], let found = JobRecord(bytes: data),
            found.session == record.content.session, found.n == record.content.n, found.state == .running
        else { return lose("\(record.path) was changed by somebody") }
        claims?.record?.version = stat.version
        guard found.term == record.content.term, found.isWaiting == record.content.isWaiting,
            found.started == record.content.started
        else { return setRecord() }
        // Started by the tick after this: what has arrived together with the reply comes first.
        enter(.starting)
    }

    /// Whether enough is proven to start something; if not, the next acknowledged heartbeat asks again.
    private mutating func canStart() -> Bool {
        guard let heartbeats, !heartbeats.suffice(at: now, grace: grace, budget: budget) else { return true }
        if heartbeats.areHopeless(grace: grace, budget: budget) {
            isHopeless = true
            lose("its heartbeats came too far apart for a mixed fleet")
        }
        return false
    }

    mutating func start() {
        // Without a guardian nothing is started.
        guard ending.takenOver == nil else { return }
        // A pause that came while the take was under way is still in time.
        if attempts == 0, !fleet.isSettled { return }
        guard canStart() else { return }
        if askedAt == nil { askedAt = now }
        attempts += 1
        sequence += 1
        let schedule = heartbeats.map { self.schedule(by: $0) } ?? Schedule.never
        enter(
            .running(
                Attempt(
                    schedule: schedule, unacknowledged: Unacknowledged(sequence, isStart: true),
                    previous: (ending.exited, ending.cause))))
        (ending.exited, ending.cause) = (nil, nil)
        actions.append(.start(sequence: sequence, schedule, again: attempts <= job.retries))
    }

    /// Nothing is running, and what was asked meanwhile found nothing to end. Either it is too late to start anything, or so many
    /// processes of a dead run do not die.
    mutating func refused(_ resisting: Int) {
        guard let attempt else { return }
        attempts -= 1
        if attempts == 0 { askedAt = nil }
        ending.exited = attempt.previous.exited
        ending.cause = attempt.previous.cause ?? ending.cause
        enter(.starting)
        if let interrupted = attempt.interrupted { stop(.signal(interrupted)) }
        if ending.lost != nil || ending.isFinal { return beginRelease() }
        if resisting > 0 { hold(for: resisting) }
    }

    /// The claims are kept, heartbeats go on, and the guardian is asked again.
    private mutating func hold(for processes: Int) {
        guard case .starting = phase else { return }
        var resistance = resistance ?? Resistance(since: now)
        if resistance.isToBeTold(at: now) { actions.append(.say(.earlierRunLives(processes: processes))) }
        enter(.resisted(until: now.advanced(by: resistance.nextPause())))
        self.resistance = resistance
    }

    /// The pause before a start is over.
    mutating func goOn() {
        enter(.starting)
        // The start that was written down is not to be dated earlier than by a term.
        if let written = claims?.record?.content.started, attempts == 0, resistance != nil,
            let date = claims?.serverMilliseconds(at: now), date - written > job.term.seconds * 1000
        {
            claims?.record?.content.started = nil
            return setRecord()
        }
        start()
    }

    // MARK: Once more

    /// The pause before the next attempt; nil if this one was the last.
    ///
    /// Never after a stop, but for that of an attempt whose time was up; and not after a success, the codes of `--no-retry`, and
    /// 126 and 127, by which a shell says that there was nothing to run.
    private var pauseBeforeRetry: Duration? {
        guard attempts > 0, attempts <= job.retries, ending.takenOver == nil, ending.lost == nil, !ending.isFinal,
            attempt?.interrupted == nil, let exited = ending.exited
        else { return nil }
        switch exited.by {
        case .none:
            let ended = Ending.own(exited.waitStatus)
            let isFinal = ended.code.map { [126, 127].contains($0) || job.noRetryCodes.contains($0) } ?? false
            if job.hasSucceeded(ended) || ended.outcome == .ran && isFinal { return nil }
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
    mutating func endAttempt() {
        budget = budget.ofNewTree
        guard let pause = pauseBeforeRetry else { return beginRelease() }
        enter(.retrying(at: now.advanced(by: pause)))
        let result = ending.result
        actions.append(.say(.retrying(code: result.code ?? result.outcome.defaultCode, attempt: attempts, pause)))
    }
}
