import Coordination
import Recipes

/// What makes a run end before its command does.
extension Tenure {
    mutating func noticed(_ path: String, _ change: Event.Change, _ now: BootInstant, _ actions: inout [Action]) {
        if change == .deleted, let claims, path == claims.lock?.path || claims.leases.contains(path) {
            if path == claims.lock?.path { deletedLock = path }
            lose("\(path) was deleted", now, &actions)
        } else if path == job.layout.prefix {
            fleetChanged = true
        } else if change == .created, path == stopPath {
            stop(.released, now, &actions)
        }
    }

    // MARK: A lock deleted by somebody

    mutating func noticeDeletion(in replies: [Reply]) {
        guard let path = claims?.lock?.path else { return }
        for case .failure(let failure) in replies where failure.reason == .noNode && failure.path == path {
            deletedLock = path
        }
    }

    /// A lock goes by its run's own release, with its session, or because somebody deletes it: to stop the run that has it
    /// (`switchmanctl stop --force`). So a run that has not started anything yet ends here; with another session it would take
    /// the lock again, and start what was to be stopped.
    ///
    /// The server tells of the deletion also when the session itself is being ended, which only a reply to a later request can
    /// tell apart. An original deletes whatever has the name of its lock, which is no wish of anybody.
    ///
    /// - Parameter replies: to the release, which was submitted after the deletion was seen.
    mutating func endIfLockWasDeleted(_ replies: [Reply]) {
        guard let path = deletedLock, isToBeginAnew, !job.mixedFleet, replies.contains(where: { !$0.isUnsettled }) else {
            return
        }
        ending.cause = .lockDeleted(path)
    }

    // MARK: An operator's request

    /// It names the lock by its czxid, so one that is left over stops nobody else.
    private var stopPath: String? {
        claims?.lock.map { job.layout.stopRequest(job.lockname, czxid: $0.czxid) }
    }

    mutating func watchForStop(_ actions: inout [Action]) {
        guard stopTicket == nil, isConnected, !isReleasing, let path = stopPath else { return }
        stopTicket = submit([.exists(path, watch: true)], &actions)
    }

    mutating func lookedForStop(_ replies: [Reply], _ now: BootInstant, _ actions: inout [Action]) {
        guard let reply = replies.first else { return }
        if reply.isLost { return stopTicket = nil }
        if case .success = reply { return stop(.released, now, &actions) }
        if reply.failureReason != .noNode {
            stopIsUnread = true
            rereadAt = now.advanced(by: Self.rereadPause)
        }
    }

    // MARK: Reads that were refused

    private static let rereadPause = Duration.seconds(10)

    /// A server that is throttled, or whose permissions somebody is changing, is not asked at once.
    mutating func readAgain(_ now: BootInstant) {
        guard let at = rereadAt, now >= at else { return }
        rereadAt = nil
        if stopIsUnread { stopTicket = nil }
        if fleetIsUnread { fleetChanged = true }
        stopIsUnread = false
    }

    mutating func lose(_ why: String, _ now: BootInstant, _ actions: inout [Action]) {
        guard ending.lost == nil, !isReleasing, claims != nil, !job.breaks.contains(.lossIgnored) else { return }
        ending.lost = why
        guard case .running = phase else {
            if isBeforeStart, attempts > 0 {
                ending.lostBetweenAttempts = true
                actions.append(.say(.noFurtherAttempt(why)))
            }
            return isBeforeStart ? beginRelease(now, &actions) : ()
        }
        // Originals do not wait anybody out: with them about there is no time for a grace. The log comes second: it may hang.
        actions.append(job.mixedFleet ? .kill : .end(limit: current.kill))
        actions.append(.say(.ownershipLost(why)))
    }

    /// A step of the end that an operator asked for, into the request that he keeps: he sees each. If he is gone, so is it.
    mutating func tellOperator(_ step: String, _ actions: inout [Action]) {
        guard ending.cause == .released, ending.lost == nil, let path = stopPath else { return }
        _ = submit([.multi([.set(path, data: Array(step.utf8), version: -1)])], &actions)
    }

    // MARK: The fleet's data

    /// A pause still counts before the first start; the group also afterwards, unless the command may finish.
    var caresForFleet: Bool { !isReleasing && (attempts == 0 || job.group != nil && job.stopsOnGroupExit) }

    mutating func readFleet(_ replies: [Reply], _ now: BootInstant, _ actions: inout [Action]) {
        guard let reply = replies.first, caresForFleet else { return }
        if reply.isLost { return fleetChanged = true }
        let wasUnread = fleetIsUnread
        // Without an answer there is no watch either.
        fleetIsUnread = reply.failureReason != nil
        if fleetIsUnread { rereadAt = now.advanced(by: Self.rereadPause) }
        let reader = FleetReader(job: job)
        do throws(Interruption) {
            let fleet = try reader.read(reply)
            if let group = job.group, try !reader.contains(fleet, group: group) { stop(.groupExit, now, &actions) }
            if attempts == 0, reader.pause(fleet) != nil { stop(.paused, now, &actions) }
        } catch {
            // Only data that was read and excludes this host stops the command.
            if job.group != nil, !wasUnread { actions.append(.say(.groupUnreadable("\(error)"))) }
        }
    }

    // MARK: Stopping

    mutating func stop(_ cause: Ending.Cause, _ now: BootInstant, _ actions: inout [Action]) {
        // How the last attempt ended is known, and in the record.
        if isReleasing, attempts > 0 { return }
        if ending.cause == nil { ending.cause = cause }
        if case .timeout = cause {} else { ending.isFinal = true }
        switch phase {
        case .waitingOut, .settingRecord, .starting, .resisted, .retrying: beginRelease(now, &actions)
        case .running:
            // Heartbeats go on, so the ownership deadline limits this only if they fail.
            actions.append(.end(limit: .never))
            actions.append(.say(.stopping(cause.text)))
            tellOperator("SIGTERM sent, SIGKILL follows in \(grace.components.seconds) s", &actions)
        case .releasing, .finished: break
        }
    }

    mutating func passOn(
        _ signal: Int32, _ fromTerminal: Bool, _ isPlaced: Bool, _ now: BootInstant, _ actions: inout [Action]
    ) {
        let ends = Ending.endingSignals.contains(signal)
        // While its claims are given back as well, a run that has started nothing can only be told to end.
        if isBeforeStart || attempts == 0 {
            if ends { stop(.signal(signal), now, &actions) }
            return
        }
        if isReleasing { return }
        // The terminal has sent it to the command as well.
        if fromTerminal {
            if ends, interrupted == nil { interrupted = signal }
            return
        }
        if ends, ending.cause == nil { ending.cause = .signal(signal) }
        if ends { ending.isFinal = true }
        // A command that signals its own group by a process that lives for a moment may handle that, and is not to die of it.
        actions.append(.signal(signal, escalates: ends && isPlaced))
    }
}
