/// Why a run is skipped, for the log and for a dry run. Made of what was read for the decision: nothing is asked for it.
extension Acquisition {
    /// In a sentence; nil if the outcome says it all.
    package func sentence(of skip: Skip) -> String? {
        switch skip {
        case .notReady, .neverReady: after.sentence
        case .alreadyRun: alreadyRun
        case .locked: locked
        case .paused, .drained: pauseSentence
        case .notInGroup, .tooSoon, .queued: nil
        }
    }

    /// The holder is known where its record is: an original has none.
    private var locked: String {
        guard let session = holderSession else { return "\(job.lockPath) was taken, or is waited for, by another run" }
        guard let record = foundRecord?.record, session.isSession(record.session) else {
            return "\(job.lockPath) is held"
        }
        let since = foundRecord.map { TimeStamp(milliseconds: $0.writtenMilliseconds).text } ?? "?"
        return "\(job.lockPath) is held by \(Excerpt.of(record.host)), process \(record.pid), since \(since)"
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
