import Coordination
package import Recipes
package import Steering
import Text

/// What is to be seen of a job in ZooKeeper at one moment.
package struct JobSight: Sendable {
    package enum Record: Sendable {
        case none
        /// There is something, which is no record.
        case unreadable
        case found(JobRecord, createdMilliseconds: Int64)
    }

    package enum Clock: String, Sendable {
        /// ZooKeeper's, which wrote all the times in the record.
        case server
        /// This host's, for want of a permission to ask ZooKeeper's.
        case host
    }

    package struct Pause: Sendable {
        let note: PauseNote
        /// Of all jobs, and not of this one by its name.
        let isOfAll: Bool

        package init(note: PauseNote, isOfAll: Bool) { (self.note, self.isOfAll) = (note, isOfAll) }
    }

    /// A run of the job waits for permits of a resource that is held.
    package struct Hold: Sendable {
        let resource: String
        let note: PauseNote

        package init(resource: String, note: PauseNote) { (self.resource, self.note) = (resource, note) }
    }

    package let lockname: String
    package let recordPath: String
    package let record: Record
    package let lock: Contender?
    package let pause: Pause?
    package let hold: Hold?
    /// Why no run can read PREFIX's data: then nobody can tell whether the job is paused.
    package let dataError: String?
    /// The runs that wait for the lock or for permits, as far as they were asked for.
    package var line: [WaitingRun] = []
    package let nowMilliseconds: Int64
    package let clock: Clock
    /// Whether runs may go unseen, since originals write no record.
    package let hasOriginals: Bool
    /// A lockname that there is, if this one was never seen.
    package let nearest: String?

    package init(
        lockname: String, recordPath: String, record: Record, lock: Contender?, pause: Pause?, nowMilliseconds: Int64,
        clock: Clock, hasOriginals: Bool, nearest: String?, hold: Hold? = nil,
        dataError: String? = nil
    ) {
        (self.hold, self.dataError) = (hold, dataError)
        (self.lockname, self.recordPath, self.record, self.lock) = (lockname, recordPath, record, lock)
        (self.pause, self.nowMilliseconds, self.clock) = (pause, nowMilliseconds, clock)
        (self.hasOriginals, self.nearest) = (hasOriginals, nearest)
    }

    /// Never negative: a new leader's clock may lie behind the old one's.
    func age(of milliseconds: Int64) -> Int64 {
        let (age, overflows) = nowMilliseconds.subtractingReportingOverflow(milliseconds)
        return overflows ? (milliseconds < 0 ? .max : 0) : max(0, age)
    }
}

extension PastRun {
    /// How it ended, for people.
    var ending: String {
        switch outcome {
        case "released": stoppedBy.map { "by \($0)" } ?? outcome
        case "ran": "exit code \(code.map { String($0) } ?? "?")"
        case "signaled": "signal \(code.map { String($0 &- 128) } ?? "?")"
        default: Excerpt.of(outcome)
        }
    }
}
