import Coordination
import Recipes

/// What was started, told from the starts themselves.
struct TickBook {
    private var started: [String: [(tick: Tick, run: Int)]] = [:]

    mutating func forget(_ lockname: String) { started[lockname] = nil }

    /// - Parameter record: of the job, as it stands now: what it does not say, no run can know.
    mutating func starts(
        _ run: SimulatedRun, _ record: JobRecord?, _ accuse: (Violation.Promise, String) -> Void
    ) {
        guard let own = run.job.oncePer else { return }
        let earlier = (started[run.job.lockname] ?? []).filter { $0.run != run.number }
        started[run.job.lockname] = earlier + [(own.tick, run.number)]
        if run.job.retriesFailed {
            let done = record?.runs.first { past in
                past.hasSucceeded && (past.tick.flatMap(Tick.init)?.covers(own.tick, of: own.period) ?? false)
            }
            if let done { accuse(.tick, "\(run) starts \(own.tick.text), and \(done.tick ?? "") has succeeded") }
        } else if let before = earlier.first(where: { $0.tick.covers(own.tick, of: own.period) }) {
            accuse(.tick, "\(run) starts \(own.tick.text), and run \(before.run) has started \(before.tick.text)")
        }
    }
}

extension Verdict {
    /// Somebody else had this tick, or a later one, and the lock.
    func judgeTick(_ accuse: (Violation.Promise, String) -> Void) {
        guard let own = run.job.oncePer else { return accuse(.truth, "\(run) has no tick") }
        let isKnown = world.runs.contains { other in
            other !== run && other.job.lockname == run.job.lockname && !other.sessions.isEmpty
                && (other.job.oncePer?.tick.covers(own.tick, of: own.period) ?? false)
        }
        // An own take whose session ended, or whose lock was deleted by hand, before it started anything is a lost run to everybody
        // else. Of the latter somebody has to have recorded it: its own record alone spends nothing.
        let record = books.state[Plot.layout.record(run.job.lockname)].flatMap { JobRecord(bytes: $0.data) }
        let isRecorded = record?.ticks.started?.covers(own.tick, of: own.period) ?? false
        let isRobbed = isRecorded && run.sessions.contains { books.robbed.contains($0) }
        if !isKnown, run.sessions.count < 2, !isRobbed {
            accuse(.truth, "\(run) says that \(own.tick.text) was run already, and nobody had it")
        }
    }
}
