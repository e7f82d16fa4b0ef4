import Coordination
import Text

/// `--after`: a run that comes after the successes of other jobs.
extension Acquisition {
    /// Whether a run that waits waits for what it was told: the lock, or the jobs that it comes after.
    func isWaitedFor(_ skip: Skip) -> Bool { job.waitsForLock && (skip == .locked || skip == .notReady) }

    /// Asked behind the own record: what that says to be consumed had been committed before it. In another order a run could
    /// take an older success for a new one.
    ///
    /// - Parameter watch: also where there is no record yet.
    func parentRequests(watch: Bool) -> [Request] {
        job.after.names.map { job.layout.record($0) }.flatMap { path -> [Request] in
            watch ? [.exists(path, watch: true), .get(path, watch: false)] : [.get(path, watch: false)]
        }
    }

    /// Whether one of their records has changed since it was watched.
    func parentsHaveChanged() throws(Interruption) -> Bool {
        var hasChanged = false
        for name in job.after.names where try talk.noticed(job.layout.record(name)) { hasChanged = true }
        return hasChanged
    }

    /// Whether they have succeeded since a run of this job was last started, or with `--retry-failed` has last succeeded; with
    /// `--once-per`, in the period of this run.
    ///
    /// - Parameters:
    ///   - replies: to `parentRequests`.
    ///   - holder: the session that owns the lock.
    func considerAfter(_ replies: [Reply], holder: Int64?) throws(Interruption) -> Skip? {
        if job.after.names.isEmpty { return nil }
        let consumed = generationsConsumed(holder: holder)
        let news = consumed.filter { generation in after.atFirst.map { !$0.contains(generation) } ?? false }
        if after.atFirst == nil { after.atFirst = consumed }
        (after.seen, after.sentence, after.missing) = ([], nil, [])
        let each = replies.count / job.after.names.count
        var (whys, isNever) = ([String](), false)
        for (index, name) in job.after.names.enumerated() {
            let node = try replies[index * each + each - 1].node()
            let parent = ParentJob(
                name: name, record: node.flatMap { JobRecord(bytes: $0.data) },
                writtenMilliseconds: node?.stat.mtimeMilliseconds)
            if parent.isMissing { after.missing.append(name) }
            switch standing(parent, consumed) {
            case .ready(let token): if let token { after.seen.append(Generation(job: name, token: token)) }
            case .notYet(let why): whys.append(why)
            case .never(let why):
                whys.append(why)
                isNever = true
            }
        }
        if let new = news.first, job.waitsForLock {
            after.sentence =
                "another run of \(Excerpt.of(job.lockname)) was started meanwhile, after \(Excerpt.of(new.job, longest: 255))"
            return .neverReady
        }
        if whys.isEmpty { return nil }
        after.sentence = whys.joined(separator: "; ")
        return isNever ? .neverReady : .notReady
    }

    private func standing(_ parent: ParentJob, _ consumed: [Generation]) -> ParentJob.Standing {
        job.oncePer.map { parent.standing(tick: $0.tick, period: $0.period) } ?? parent.standing(consumed: consumed)
    }

    /// The successes of the jobs named that need no run of this one any more. With `--once-per` the tick decides.
    private func generationsConsumed(holder: Int64?) -> [Generation] {
        guard job.oncePer == nil, let record = foundRecord?.record else { return [] }
        let generations = record.generations
        // Somebody's command has been started for it, and may be running: who waits something out has not begun.
        let isRunning = record.state == .running && !record.isWaiting && !record.isOf(earlierSessions)
        let isHeld = holder?.isSession(record.session) ?? false
        // Who waits is the standby.
        let counts = isRunning && (!job.retriesFailed || !job.waitsForLock && isHeld)
        let all = (job.retriesFailed ? generations.done : generations.started) + (counts ? generations.current : [])
        return all.filter { job.after.contains(Array($0.job.utf8)) }
    }
}
