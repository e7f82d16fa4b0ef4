package import Coordination

/// What a take has given us: the nodes that say so, and when we knew.
package struct Claims: Sendable {
    /// The lock with its creation zxid, which is also the fencing token.
    package var lock: (path: String, czxid: Int64)?
    package var leases: [String]
    package var marks: [String]
    /// The numbers of the permits, of each lease that has some.
    package var slots: [(resource: String, slots: SlotSet)]
    /// The record as we wrote it, and the version that names it.
    package var record: (path: String, version: Int32, content: JobRecord)?
    package var session: Session
    /// The server's clock at the take, in milliseconds since the epoch.
    package var takenMilliseconds: Int64?
    /// Just before the take was submitted: the first heartbeat.
    package var submitted: BootInstant
    /// Just before the newest request was submitted that had been answered before the take was submitted.
    package var submittedBefore: BootInstant
    /// When we knew that it was committed: a wait-out counts from here.
    package var acknowledged: BootInstant
    /// The term of a lost predecessor that has to be waited out before anything may start.
    package var found: Term?

    package init(
        lock: (path: String, czxid: Int64)? = nil, leases: [String], marks: [String],
        record: (path: String, version: Int32, content: JobRecord)? = nil, session: Session,
        takenMilliseconds: Int64? = nil, submitted: BootInstant, submittedBefore: BootInstant,
        acknowledged: BootInstant, found: Term? = nil, slots: [(resource: String, slots: SlotSet)] = []
    ) {
        self.lock = lock
        self.leases = leases
        self.marks = marks
        self.record = record
        self.session = session
        self.takenMilliseconds = takenMilliseconds
        self.submitted = submitted
        self.submittedBefore = submittedBefore
        self.acknowledged = acknowledged
        self.found = found
        self.slots = slots
    }

    /// The heartbeat: checks that a quorum commits, and behind them in the same session a look at whose the nodes are.
    package var heartbeat: [Request] {
        let paths = (lock.map { [$0.path] } ?? []) + leases
        let check: Request = .multi(paths.map { .check($0) })
        return [check] + paths.map { .exists($0, watch: true) }
    }

    package enum Pulse: Sendable, Equatable {
        /// Ours, by a quorum, after the submission.
        case acknowledged
        /// Not known: neither proof nor loss. What was refused, if something was.
        case unknown(Failure?)
        case lost(String)
    }

    /// Judges the replies to a heartbeat. A successful check alone proves nothing about the owner: deleted and made
    /// again by a rival, the node passes it.
    package func judge(_ replies: [Reply]) -> Pulse {
        var failures: [Failure] = []
        for (index, reply) in replies.enumerated() {
            switch reply {
            case .success(.node(_, let stat)) where stat.version != record?.version:
                return .lost("the record was changed")
            case .success(.stat(let stat)):
                let isLock = index == 1 && lock != nil
                if stat.ephemeralOwner != session.id || (isLock && stat.czxid != lock?.czxid) {
                    return .lost("somebody else holds \(path(of: index))")
                }
            case .success: break
            case .failure(let failure):
                switch failure.reason {
                case .noNode: return .lost("\(failure.path) was deleted")
                case .sessionExpired: return .lost("the session expired")
                default: failures.append(failure)
                }
            }
        }
        guard failures.isEmpty, replies.count == heartbeat.count else {
            return .unknown(failures.first { $0.isRefusedByServer })
        }
        return .acknowledged
    }

    private func path(of reply: Int) -> String {
        let paths = (lock.map { [$0.path] } ?? []) + leases
        return paths.indices.contains(reply - 1) ? paths[reply - 1] : "a claim"
    }
}
