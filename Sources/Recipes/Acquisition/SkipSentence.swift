import Coordination
import Text

/// Why a run is skipped, for the log and for a dry run. Made of what was read for the decision: nothing is asked for it.
extension Acquisition {
    /// In a sentence without its end.
    package func sentence(of skip: Skip) -> String {
        let sentence: String? =
            switch skip {
            case .notReady, .neverReady: after.sentence
            case .alreadyRun: alreadyRun
            case .locked: heldByRecord ?? locked
            case .paused, .drained: pauseSentence
            case .notInGroup, .tooSoon, .queued: skipSentence
            }
        return sentence ?? "\(skip)"
    }

    /// Of a holder that has left no record, as an original.
    private var locked: String {
        if holderSession == nil { return "\(job.lockPath) was taken, or is waited for, by another run" }
        return "\(job.lockPath) is held" + (holderWithoutRecord.map { " by \($0), which has left no record" } ?? "")
    }

    /// That the lock is held, by a holder whom its record names: which, since when, and for whom it waits. Nil: another one has it.
    var heldByRecord: String? {
        guard let session = holderSession, let found = foundRecord, session.isSession(found.record.session) else {
            return nil
        }
        let (record, written) = (found.record, TimeStamp(milliseconds: found.writtenMilliseconds))
        let holder = "\(job.lockPath) is held by \(Excerpt.of(record.host)), process \(record.pid)"
        guard record.isWaiting, let lost = record.lostPredecessor else { return "\(holder), since \(written.text)" }
        let (waitOut, overflows) = (Term(seconds: record.term).waitOut.nanoseconds / 1_000_000)
            .addingReportingOverflow(written.milliseconds)
        let until = TimeStamp(milliseconds: overflows ? -1 : waitOut)
        return "\(holder), which waits until \(until.text) at the latest: then the lost command of "
            + "\(Excerpt.of(lost.host)) is surely dead"
    }

    var alreadyRun: String {
        let (tick, record) = (job.oncePer?.tick.text ?? "", foundRecord?.record)
        let ticks = record?.ticks
        if record?.state == .running, record?.isWaiting == false, let current = ticks?.current,
            let oncePer = job.oncePer,
            current.covers(oncePer.tick, of: oncePer.period)
        {
            return "tick \(tick) is being run (of the holder: \(current.text))"
        }
        let newest = (job.retriesFailed ? ticks?.done : ticks?.started)?.text ?? tick
        return "tick \(tick) has \(job.retriesFailed ? "succeeded" : "been started") already (the newest: \(newest))"
    }
}

extension JobRecord {
    /// The run that was lost just before this one, as a successor has written it down: it may not have ended yet.
    package var lostPredecessor: PastRun? {
        // One that has told of its own loss knows for how long it ran.
        guard let last = runs.last, last.outcome == "lost", last.heldMilliseconds == nil else { return nil }
        return last
    }

    /// That the last start was too close to now, by `--min-interval`. Nil if none is known.
    func tooSoon(_ interval: Duration, nowMilliseconds: Int64) -> String? {
        guard let last = runs.last(where: { $0.started != nil }), let started = last.started else { return nil }
        // The clock that counts may be behind the one that wrote it.
        let ago = max(0, nowMilliseconds.subtractingReportingOverflow(started).partialValue / 1000)
        let (next, overflows) = started.addingReportingOverflow(interval.nanoseconds / 1_000_000)
        return "the last start was \(ago) s ago on \(Excerpt.of(last.host)), the next may come from "
            + "\(TimeStamp(milliseconds: overflows ? -1 : next).text) on (--min-interval \(interval.components.seconds) s)"
    }
}
