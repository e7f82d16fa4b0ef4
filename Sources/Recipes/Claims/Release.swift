package import Coordination

/// The way back: one multi that ends the record and takes away marks, leases and lock; repeated until it is committed or
/// nothing of ours is left.
package struct Release: Sendable {
    package enum Record: Sendable, Equatable {
        /// The tree was reaped, or nothing ever ran. Nil: no run to remember.
        ///
        /// - Parameter hasStarted: its command was started, or may have been.
        case ended(PastRun?, hasStarted: Bool = false)
        /// Given up before a lost predecessor was waited out: the record stays running, with the rest of its term.
        case waitingOut(Int64)
    }

    private var operations: [Operation] = []
    private var record: (path: String, version: Int32, content: JobRecord)?
    /// Where a run without a lock writes what became of it.
    private let memoryPath: String?
    private let lockPath: String?
    /// Only the close of the session deletes the lock, if it is ours.
    private var leavesLock: Bool

    /// - Parameter keepsLock: leave the lock to the close of the session; in a mixed fleet an original's could stand
    ///   there by now, and it has no record that could guard the delete.
    package init(claims: Claims, of job: Job, record outcome: Record, keepsLock: Bool) {
        lockPath = claims.lock?.path
        leavesLock = claims.lock != nil && keepsLock
        if var record = claims.record {
            switch outcome {
            case .ended(let run, let hasStarted):
                record.content.state = .ended
                record.content.isWaiting = false
                record.content.token = run?.token
                record.content.started = run?.started
                let isDone = run.map { $0.hasSucceeded || $0.outcome == "released" } ?? false
                record.content.ticks.conclude(hasStarted: hasStarted, isDone: isDone)
                record.content.generations.conclude(hasStarted: hasStarted, isDone: isDone)
                if let run { record.content.runs.append(run) }
                if let success = run.flatMap(PastSuccess.init) { record.content.lastSuccess = success }
            case .waitingOut(let seconds):
                record.content.term = seconds
            }
            self.record = record
            operations.append(.set(record.path, data: record.content.encoded(), version: record.version))
        }
        operations += (claims.marks + claims.leases).map { .delete($0) }
        if let lock = claims.lock, !keepsLock { operations.append(.delete(lock.path)) }
        if case .ended(let run?, _) = outcome, let path = UnlockedRun.path(of: claims, job) {
            memoryPath = path
            operations.append(UnlockedRun.write(run, at: path))
        } else {
            memoryPath = nil
        }
    }

    /// What became of the memory of a run without a lock.
    package enum Memory: Sendable, Equatable {
        /// With the release, or there is nothing to be remembered.
        case written
        /// There is no such node yet.
        case missing(String, data: [UInt8])
        case refused(Failure)
    }

    package private(set) var memory = Memory.written

    /// What the servers refuse to have written, and would refuse again: an ACL, a quota.
    package private(set) var refused: [Failure] = []

    package var isDone: Bool { operations.isEmpty }
    /// Nothing of ours is left but the session itself. What was refused may be left, and goes with it.
    package var isComplete: Bool { isDone && !leavesLock && refused.isEmpty }

    /// After a guard has failed, the record is read as well.
    package var requests: [Request] {
        if let path = unsure { return [.get(path, watch: false)] }
        return [.multi(operations)]
    }

    private var unsure: String?

    /// Takes in the replies to `requests`. A lost reply changes nothing: the same is asked again.
    package mutating func settle(_ replies: [Reply]) {
        guard let reply = replies.first else { return }
        switch reply {
        case .success(.committed): operations = []
        case .success(.node(let data, let stat)): resolve(data, stat)
        case .success: operations = []
        case .failure(let failure): settle(failure)
        }
    }

    private mutating func settle(_ failure: Failure) {
        switch failure.reason {
        case .connectionLost: break
        case .noNode where unsure != nil:
            unsure = nil
            dropRecord()
        case .noNode:
            guard let index = failure.operation, operations.indices.contains(index) else { return operations = [] }
            switch operations[index] {
            case .set(memoryPath, let data, _):
                memory = .missing(operations[index].path, data: data)
                operations.remove(at: index)
            case .set: dropRecord()
            default: operations.remove(at: index)
            }
        case .badVersion: unsure = record?.path
        case _ where failure.isRefusedByServer: giveUp(failure)
        // Refused for the moment, it may be: asked again as long as the run has patience.
        default: break
        }
    }

    /// A refusal is no outage: the rest is released, and the end of the session deletes what is ephemeral. A record that stays
    /// running, or a mark, is waited out by whoever comes next.
    private mutating func giveUp(_ failure: Failure) {
        if let index = failure.operation, operations.indices.contains(index), operations[index].path == memoryPath {
            memory = .refused(failure)
            operations.remove(at: index)
            return
        }
        refused.append(failure)
        guard unsure == nil, let index = failure.operation, operations.indices.contains(index) else {
            unsure = nil
            return operations = []
        }
        switch operations[index] {
        case .set: dropRecord()
        case .delete: operations.remove(at: index)
        default: operations = []
        }
    }

    private mutating func resolve(_ data: [UInt8], _ stat: NodeStat) {
        unsure = nil
        guard let record, let found = JobRecord(bytes: data), found.session == record.content.session,
            found.n == record.content.n
        else { return dropRecord() }
        if found.state == .ended, record.content.state == .ended {
            // Our own write, whose reply was lost: the multi was carried out as a whole.
            operations = []
        } else {
            // Ours, but of another version than we thought. The rest of a term may look like the whole: should that have
            // been our own write after all, what it has deleted already is dropped one by one.
            self.record?.version = stat.version
            operations[0] = .set(record.path, data: record.content.encoded(), version: stat.version)
        }
    }

    /// The record is no longer ours, so the lock is not ours either.
    private mutating func dropRecord() {
        operations.removeAll {
            switch $0 {
            case .set: true
            case .delete(let path): path == lockPath
            default: false
            }
        }
        record = nil
        leavesLock = lockPath != nil
    }
}
