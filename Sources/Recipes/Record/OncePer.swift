package import Coordination

/// `--once-per`: which tick a run stands for, and by which clock.
package struct OncePer: Sendable, Equatable {
    package let period: Period
    /// Of the instant at which the process began; a new session, a splay or a wait does not change it.
    package let tick: Tick
    /// This host's time of day at `readAt`, in milliseconds since the epoch.
    let wallMilliseconds: Int64
    let readAt: BootInstant

    package init(period: Period, tick: Tick, wallMilliseconds: Int64, readAt: BootInstant) {
        (self.period, self.tick) = (period, tick)
        (self.wallMilliseconds, self.readAt) = (wallMilliseconds, readAt)
    }

    /// By how much this host's time of day is ahead of the servers', in milliseconds, if that is more than half a period: then the
    /// ticks of two hosts are not the same. Taken over the interval in which the servers' time was read, in our favour.
    func skewTooLarge(serverMilliseconds: Int64, from first: BootInstant, until last: BootInstant) -> Int64? {
        func wall(_ instant: BootInstant) -> Int64 {
            wallMilliseconds.addingReportingOverflow(readAt.duration(to: instant).nanoseconds / 1_000_000).partialValue
        }
        let ahead = wall(first).subtractingReportingOverflow(serverMilliseconds).partialValue
        let behind = wall(last).subtractingReportingOverflow(serverMilliseconds).partialValue
        let skew = ahead > 0 ? ahead : min(0, behind)
        return skew.magnitude > UInt64(period.seconds) * 500 ? skew : nil
    }
}

extension Acquisition {
    /// Whether the record says that this tick needs no start any more.
    ///
    /// - Parameter holder: the session that owns the lock.
    func considerTick(holder: Int64?) -> Skip? {
        guard let oncePer = job.oncePer, let found = foundRecord else { return nil }
        let ticks = found.record.ticks.believed(at: found.writtenMilliseconds, beside: oncePer.period)
        func covers(_ tick: Tick?) -> Bool { tick?.covers(oncePer.tick, of: oncePer.period) ?? false }
        // Somebody's command has been started for it, and may be running: who waits something out has not begun.
        let isRunning = found.record.state == .running && !found.record.isWaiting && !found.record.isOf(earlierSessions)
        if job.retriesFailed {
            if covers(ticks.done) { return .alreadyRun }
            // Who waits is the standby.
            let isHeld = holder?.isSession(found.record.session) ?? false
            return !job.waitsForLock && isHeld && isRunning && covers(ticks.current) ? .alreadyRun : nil
        }
        return covers(ticks.started) || isRunning && covers(ticks.current) ? .alreadyRun : nil
    }

    /// Ticks mean something only where the clocks of the hosts agree.
    func checkClock(_ claims: Claims) -> Interruption? {
        guard let oncePer = job.oncePer, let taken = claims.takenMilliseconds,
            let skew = oncePer.skewTooLarge(
                serverMilliseconds: taken, from: claims.submitted, until: claims.acknowledged)
        else { return nil }
        let direction = skew > 0 ? "ahead of" : "behind"
        return .badData(
            "this host's clock is \(skew.magnitude / 1000) s \(direction) ZooKeeper's, more than half of --once-per "
                + "\(oncePer.period.text); set the clock")
    }
}
