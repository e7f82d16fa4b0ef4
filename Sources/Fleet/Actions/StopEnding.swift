import Coordination
package import Recipes
package import Steering

/// What became of a request to stop, in a sentence.
package struct StopEnding {
    package let text: String
    /// False: there is something that the operator did not want.
    package let isGood: Bool

    package init(_ lock: LockStatus, _ end: Stopping.End) {
        let name = lock.lockname
        let who = "\(lock.holder?.host ?? "?"), process \(lock.holder?.pid.map { "\($0)" } ?? "?")"
        switch end {
        case .stopped(let record):
            if let run = Self.run(of: lock, in: record) {
                let held = run.heldMilliseconds.map { " after it had run for " + TimeText.of(milliseconds: $0) } ?? ""
                let code = run.code.map { ", exit code \($0)" } ?? ""
                text = "\(name): ended\(held), outcome \(run.outcome)\(code); the lock is released"
                isGood = true
            } else if let record, record.state == .running, Self.isHolders(record, lock), record.isWaiting {
                // Its run leaves the rest of what it waited for to the next.
                text =
                    "\(name): the lock is released; its run had started no command, and the next holder waits for up to "
                    + "\(record.term) s until the command of an earlier, lost holder is surely dead"
                isGood = true
            } else if let record, record.state == .running, Self.isHolders(record, lock) {
                text =
                    "\(name): the holder was lost before it released; its command is killed within \(record.term) s, and "
                    + "the next holder waits for that"
                isGood = false
            } else {
                text = "\(name): the lock is released"
                isGood = true
            }
        case .original where lock.state == .persistent:
            text =
                "\(name): a node that belongs to no session stands in the lock's place, and nobody can be asked; if no run "
                + "of this job can be alive, --force deletes it"
            isGood = false
        case .original:
            text =
                "\(name): held by an original switchman on \(who), which knows no requests; end it there, or see --force"
            isGood = false
        case .ending:
            text =
                "\(name): still held by \(who), which has begun to end its command; a longer --timeout waits "
                + "until it has"
            isGood = false
        case .timedOut, .unanswered:
            text =
                "\(name): still held by \(who), which has not acted on the request; if that host is dead, the lock goes "
                + "with its session; a longer --timeout waits for that, --force does not"
            isGood = false
        }
    }

    /// That there is nothing to stop; and, since someone may still be running without a lock, who.
    package static func nobody(holds name: String, _ lock: LockStatus?) -> String {
        let nobody = "nobody holds the lock \(name)"
        guard let lock else { return nobody }
        if let line = lock.lineSentence, lock.state != .lost {
            return nobody
                + ", and there is nothing to stop; \(line); to make it leave, pause the job (switchmanctl pause), or end its "
                + "process there"
        }
        guard lock.state == .lost, let record = lock.record else { return nobody }
        if record.isWaiting {
            return nobody
                + "; its last holder, on \(record.host), had started no command: it was waiting out the term of an "
                + "earlier, lost holder"
        }
        return nobody
            + "; its holder on \(record.host) was lost, and its command is killed within \(record.term) s of that"
    }

    /// What the record remembers of exactly this run.
    package static func run(of lock: LockStatus, in record: JobRecord?) -> PastRun? {
        record?.runs.last { $0.token != nil && $0.token == lock.token }
    }

    private static func isHolders(_ record: JobRecord, _ lock: LockStatus) -> Bool {
        lock.holder?.session.isSession(record.session) ?? false
    }
}

extension Stopping.End {
    /// The lock is gone.
    package var isDone: Bool { if case .stopped = self { true } else { false } }
}
