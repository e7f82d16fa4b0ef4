import Coordination
import Recipes
import Text

/// What makes a run end before its command does.
extension Tenure {
    mutating func noticed(_ path: String, _ change: Event.Change) {
        if change == .deleted, let claims, path == claims.lock?.path || claims.leases.contains(path) {
            if path == claims.lock?.path { deletedLock = path }
            lose("\(path) was deleted")
        } else if path == job.layout.prefix {
            fleet.changed()
        } else if change == .created, path == stopPath {
            stopAsked()
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
        guard let path = deletedLock, isToBeginAnew, !job.mixedFleet, replies.contains(where: { !$0.isUnsettled })
        else {
            return
        }
        ending.cause = .lockDeleted(path)
    }

    // MARK: An operator's request

    /// It names the lock by its czxid, so one that is left over stops nobody else.
    private var stopPath: String? {
        claims?.lock.map { job.layout.stopRequest(job.lockname, czxid: $0.czxid) }
    }

    mutating func watchForStop() {
        guard stopRequest.isDue, isConnected, !isReleasing, let path = stopPath else { return }
        stopRequest.asked(ticket: submit([.exists(path, watch: true)]))
    }

    mutating func lookedForStop(_ replies: [Reply]) {
        guard let reply = replies.first else { return }
        stopRequest.answered(reply, at: now)
        if case .success = reply { stopAsked() }
    }

    /// Who asks is read first, before we write into the request, and so that it is known when the run is over: a command may die
    /// sooner than the reply comes. What has not started is not to start meanwhile.
    private mutating func stopAsked() {
        if stopReader != nil { return }
        guard ending.cause == nil, !isReleasing, let path = stopPath, attempt != nil else { return stop(.released) }
        // No further attempt, should this one end meanwhile.
        (ending.cause, ending.isFinal) = (.released, true)
        stopReader = (submit([.get(path, watch: false)]), now.advanced(by: Self.patienceForAsker))
    }

    private static let patienceForAsker = Duration.seconds(1)

    mutating func readStop(_ replies: [Reply]) {
        stopReader = nil
        if case .success(.node(let data, _))? = replies.first, !data.isEmpty {
            let who = Excerpt.of(String(decoding: data, as: UTF8.self), longest: PastRun.longestStoppedBy)
            ending.stoppedBy = who
            actions.append(.say(.stopAsked(by: who)))
        }
        stop(.released)
    }

    mutating func lose(_ why: String) {
        guard ending.lost == nil, !isReleasing, claims != nil else { return }
        ending.lost = why
        guard let attempt else {
            if isBeforeStart, attempts > 0 {
                ending.lostBetweenAttempts = true
                actions.append(.say(.noFurtherAttempt(why)))
            }
            return isBeforeStart ? beginRelease() : ()
        }
        // Originals do not wait anybody out: with them about there is no time for a grace. The log comes second: it may hang.
        actions.append(job.mixedFleet ? .kill : .end(limit: attempt.schedule.kill))
        sayLost(why)
    }

    mutating func sayLost(_ why: String) {
        // Who was silent is known elsewhere; who refused has been told.
        let isSilence = why == Self.noHeartbeat && heartbeats?.refusal == nil
        actions.append(.say(.ownershipLost(why, provenAt: isSilence ? heartbeats?.proven : nil)))
    }

    static let noHeartbeat = "no heartbeat was acknowledged in time"

    /// A step of the end that an operator asked for, into the request that he keeps: he sees each. If he is gone, so is it.
    mutating func tellOperator(_ step: String) {
        guard ending.cause == .released, ending.lost == nil, let path = stopPath else { return }
        _ = submit([.multi([.set(path, data: Array(step.utf8), version: -1)])])
    }

    // MARK: The fleet's data

    /// A pause still counts before the first start; the group also afterwards, unless the command may finish.
    var caresForFleet: Bool { !isReleasing && (attempts == 0 || job.group != nil && job.stopsOnGroupExit) }

    /// Reads it, or reads it again, when that is due.
    mutating func watchFleet() {
        fleet.tick(at: now)
        stopRequest.tick(at: now)
        if let stopReader, now >= stopReader.until { readStop([]) }
        guard fleet.isDue, isConnected, caresForFleet else { return }
        fleet.asked(ticket: submit([.get(job.layout.prefix, watch: true)]))
    }

    mutating func readFleet(_ replies: [Reply]) {
        guard let reply = replies.first else { return }
        let wasRefused = fleet.isRefused
        fleet.answered(reply, at: now)
        guard !reply.isLost, caresForFleet else { return }
        let reader = FleetReader(job: job)
        do throws(Interruption) {
            let fleet = try reader.read(reply)
            if let group = job.group, try reader.entry(fleet, in: group) == nil { stop(.groupExit) }
            if attempts == 0, let pause = reader.pause(fleet) { stop(.paused(pause.sentence)) }
        } catch {
            // Only data that was read and excludes this host stops the command.
            if job.group != nil, !wasRefused { actions.append(.say(.groupUnreadable("\(error)"))) }
        }
    }

    // MARK: Stopping

    mutating func stop(_ cause: Ending.Cause) {
        // How the last attempt ended is known, and in the record.
        if isReleasing, attempts > 0 { return }
        if ending.cause == nil { ending.cause = cause }
        if case .timeout = cause {} else { ending.isFinal = true }
        switch phase {
        case .waitingOut, .settingRecord, .starting, .resisted, .retrying: beginRelease()
        case .running:
            // Heartbeats go on, so the ownership deadline limits this only if they fail.
            actions.append(.end(limit: .never))
            actions.append(.say(.stopping(cause.text)))
            tellOperator("SIGTERM sent, SIGKILL follows in \(grace.components.seconds) s")
        case .releasing, .finished: break
        }
    }

    mutating func passOn(
        _ signal: Int32, _ fromTerminal: Bool, _ isPlaced: Bool
    ) {
        let ends = Ending.endingSignals.contains(signal)
        // While its claims are given back as well, a run that has started nothing can only be told to end.
        if isBeforeStart || attempts == 0 {
            if ends { stop(.signal(signal)) }
            return
        }
        if isReleasing { return }
        // The terminal has sent it to the command as well.
        if fromTerminal {
            if ends, attempt?.interrupted == nil { attempt?.interrupted = signal }
            return
        }
        if ends, ending.cause == nil { ending.cause = .signal(signal) }
        if ends { ending.isFinal = true }
        // A command that signals its own group by a process that lives for a moment may handle that, and is not to die of it.
        actions.append(.signal(signal, escalates: ends && isPlaced))
    }
}
