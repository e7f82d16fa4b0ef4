import Coordination
import Recipes

/// Before the start: waiting a lost predecessor out, making the record our own, and the start itself.
extension Tenure {
    var isBeforeStart: Bool {
        switch phase {
        case .waitingOut, .settingTerm, .starting: true
        default: false
        }
    }

    mutating func waitedOut(_ now: BootInstant, _ actions: inout [Action]) {
        guard let content = claims?.record?.content, content.term != job.term.seconds,
            !job.breaks.contains(.foundTermKept)
        else {
            phase = .starting
            return start(now, &actions)
        }
        claims?.record?.content.term = job.term.seconds
        setTerm(&actions)
    }

    mutating func setTerm(_ actions: inout [Action]) {
        guard let record = claims?.record else { return }
        retryAt = nil
        let ticket = submit(
            [
                .multi([.set(record.path, data: record.content.encoded(), version: record.version)]),
                .get(record.path, watch: false),
            ], &actions)
        phase = .settingTerm(ticket: ticket)
    }

    /// The record read behind the write tells its version, also when an earlier write was carried out and its reply lost.
    mutating func settledTerm(_ replies: [Reply], _ now: BootInstant, _ actions: inout [Action]) {
        guard replies.count == 2, let record = claims?.record else { return }
        if replies.contains(where: \.isUnsettled) {
            // Again as soon as there is a connection, or in a while.
            phase = .settingTerm(ticket: nil)
            return retryAt = now.advanced(by: job.term.period)
        }
        guard case .success(.node(let data, let stat)) = replies[1], let found = JobRecord(bytes: data),
            found.session == record.content.session, found.n == record.content.n, found.state == .running
        else { return lose("\(record.path) was changed by somebody", now, &actions) }
        claims?.record?.version = stat.version
        guard found.term == record.content.term else { return setTerm(&actions) }
        phase = .starting
        start(now, &actions)
    }

    mutating func start(_ now: BootInstant, _ actions: inout [Action]) {
        guard !startAsked else { return }
        if let heartbeats {
            current = heartbeats.schedule(grace: grace)
            // Too little is proven to start anything: the next acknowledged heartbeat calls again.
            if now >= current.terminate, !job.breaks.contains(.staleStart) {
                if heartbeats.areHopeless(grace: grace) {
                    isHopeless = true
                    lose("its heartbeats came too far apart for a mixed fleet", now, &actions)
                }
                return
            }
        }
        startAsked = true
        sequence += 1
        unacknowledged = (sequence, nil)
        actions.append(.start(sequence: sequence, current))
        phase = .running
    }
}
