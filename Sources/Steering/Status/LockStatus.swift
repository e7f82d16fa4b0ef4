import Coordination
package import Recipes
package import Text

/// One lockname as it stands: who holds it, who waits, whether it is paused.
package struct LockStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Held, and the record says that its holder is a run of ours.
        case running
        /// Held by one of ours that has not started its command: it waits out the term of a holder that was lost.
        case waiting
        /// Held by somebody whom the record does not know: by an original, which writes none.
        case original
        /// A node that belongs to no session, so that nobody holds it and every run refuses to start.
        case persistent
        /// Its record is none that a run can read, so that every run refuses to start.
        case unreadable
        /// Not held, but nobody said that the command had ended: its holder was lost.
        case lost
        case free
    }

    package let lockname: String
    package let state: State
    package let holder: Contender?
    /// The lock's creation zxid: the fencing token.
    package let token: Int64?
    package let record: JobRecord?
    /// When the record was written last: milliseconds since the epoch, by ZooKeeper's clock. Of a
    /// running one that is its take or its start. Nil if there is no node.
    package let recordWritten: Int64?
    /// First come first.
    package let waiting: [Contender]
    /// The runs of the job that wait for permits.
    package var permitWaits: PermitWaits
    /// By its name, or with all jobs.
    package let isPaused: Bool
    private let isPausedByName: Bool

    package init(
        lockname: String, lock: (contender: Contender, czxid: Int64)?, record: JobRecord?, recordWritten: Int64? = nil,
        waiting: [Contender], permitWaits: PermitWaits = PermitWaits(), pauses: FleetPauses = FleetPauses(),
        hasUnreadableRecord: Bool = false
    ) {
        self.lockname = lockname
        self.record = record
        self.recordWritten = recordWritten
        self.waiting = waiting
        self.permitWaits = permitWaits
        isPausedByName = pauses.jobNotes[ExactName(lockname)] != nil
        isPaused = isPausedByName || pauses.all != nil
        holder = lock?.contender
        token = lock?.czxid
        state =
            switch (lock, record?.state) {
            case (let lock?, _) where lock.contender.session == 0: .persistent
            case _ where hasUnreadableRecord: .unreadable
            case (let lock?, .running) where lock.contender.session.isSession(record?.session ?? ""):
                record?.isWaiting == true ? .waiting : .running
            // Released, and its session about to be closed: beside originals, and after a loss, that deletes the lock.
            case (let lock?, .ended) where lock.contender.session.isSession(record?.session ?? ""): .running
            case (.some, _): .original
            case (nil, .running): .lost
            case (nil, _): .free
            }
    }

    /// Whether there is anything to be seen without being asked for by name.
    package var isWorthShowing: Bool { state != .free || !waiting.isEmpty || isPausedByName }

    /// Nothing is there that says of a run, present or past.
    package var isUnknown: Bool {
        state == .free && record == nil && waiting.isEmpty && permitWaits.runs.isEmpty
    }

    /// When the newest run started its command, or took the lock to do so, by the server's clock in milliseconds since the epoch.
    package var lastStart: Int64? {
        RunLine.of(self).last { $0.start != nil && $0.outcome != State.waiting.rawValue }?
            .start
    }

    package var json: JSONValue {
        var members: [ExactName: JSONValue] = [
            "lockname": .string(lockname), "state": .string(state.rawValue), "paused": .boolean(isPaused),
            "waiting": .array(waiting.map { .object($0.json) }), "token": token.map { .integer($0) } ?? .null,
        ]
        if let holder { members["holder"] = .object(holder.json) }
        if !permitWaits.runs.isEmpty {
            members["queued"] = .array(
                permitWaits.runs.map { run in
                    let resources = JSONValue.array(run.resources.map { .string($0) })
                    return .object(run.contender.json.merging(["for": resources]) { $1 })
                })
        }
        if state == .lost, let record {
            members["lost"] = .object([
                "host": .string(record.host), "pid": .integer(Int64(record.pid)), "term_s": .integer(record.term),
            ])
        }
        return .object(members)
    }
}
