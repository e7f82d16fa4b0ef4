import Fleet
import Recipes
import Steering

/// What the operator is told of a stop: the steps as they happen, or one document at the end.
struct StopReport {
    let isJSON: Bool

    func say(_ text: String) { if !isJSON { Screen.print(Visible.text(text) + "\n") } }

    /// Asks, and tells how it ended, or what it means that it was interrupted.
    func perform(
        _ locks: [LockStatus], _ fleet: FleetConnection, timeout: Limit
    ) async throws -> Answer {
        tell(
            locks, try await asking { try await Stopping(fleet, timeout: timeout.duration) { say($0) }.perform(locks) })
    }

    /// What it means that the asking was interrupted.
    func asking<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch Interruption.signal(let signal) {
            Screen.complain("interrupted; a holder that has seen the request ends its command all the same")
            throw Interruption.signal(signal)
        }
    }

    /// Yes if nothing of it runs any more.
    func tell(_ locks: [LockStatus], _ ends: [Stopping.End]) -> Answer {
        let isDone = ends.allSatisfy { if case .stopped = $0 { true } else { false } }
        if isJSON {
            Screen.print(.object(["locks": .array(zip(locks, ends).map(Self.json))]))
        } else {
            for (lock, end) in zip(locks, ends) { Self.tell(lock, end) }
        }
        return isDone ? .yes : .no
    }

    private static func tell(_ lock: LockStatus, _ end: Stopping.End) {
        let name = lock.lockname
        let who = "\(lock.holder?.host ?? "?"), process \(lock.holder?.pid.map { "\($0)" } ?? "?")"
        switch end {
        case .stopped(let record):
            if let run = run(of: lock, in: record) {
                let held = run.heldMilliseconds.map { " after " + TimeText.of(milliseconds: $0) } ?? ""
                let code = run.code.map { ", exit code \($0)" } ?? ""
                Screen.print(
                    Visible.text("\(name): ended\(held), outcome \(run.outcome)\(code); the lock is released") + "\n")
            } else if let record, record.state == .running, isHolders(record, lock), record.isWaiting {
                // Its run leaves the rest of what it waited for to the next.
                Screen.print(
                    Visible.text(
                        "\(name): the lock is released; its run had started no command, and the next holder waits for up to "
                            + "\(record.term) s until the command of an earlier, lost holder is surely dead") + "\n")
            } else if let record, record.state == .running, isHolders(record, lock) {
                Screen.complain(
                    "\(name): the holder was lost before it released; its command is killed within \(record.term) s, and "
                        + "the next holder waits for that")
            } else {
                Screen.print(Visible.text("\(name): the lock is released") + "\n")
            }
        case .original:
            Screen.complain(
                "\(name): held by an original switchman on \(who), which knows no requests; end it there, or see --force"
            )
        case .ending:
            Screen.complain(
                "\(name): still held by \(who), which has begun to end its command; a longer --timeout waits "
                    + "until it has")
        case .timedOut, .unanswered:
            Screen.complain(
                "\(name): still held by \(who), which has not acted on the request; if that host is dead, the lock goes "
                    + "with its session; a longer --timeout waits for that, --force does not")
        }
    }

    /// There is nothing to wait for: the lock was deleted. For people the warning before it has said so.
    ///
    /// - Parameter record: that of the lock's run when it was deleted; nil if it was an original's.
    func tellDeleted(_ lock: LockStatus, _ record: JobRecord?) {
        guard isJSON else { return }
        var members = Self.members(lock, end: "deleted")
        let state: LockStatus.State = record.map { $0.isWaiting ? .waiting : .running } ?? .original
        members["state"] = .string(state.rawValue)
        Screen.print(.object(["locks": .array([.object(members)])]))
    }

    private static func isHolders(_ record: JobRecord, _ lock: LockStatus) -> Bool {
        record.session == lock.holder.map { String(UInt64(bitPattern: $0.session), radix: 16) }
    }

    /// What the record remembers of exactly this run.
    private static func run(of lock: LockStatus, in record: JobRecord?) -> PastRun? {
        record?.runs.last { $0.token != nil && $0.token == lock.token }
    }

    private static func json(_ lock: LockStatus, _ end: Stopping.End) -> JSONValue {
        switch end {
        case .stopped(let record):
            var members = members(lock, end: "stopped")
            if let run = run(of: lock, in: record) {
                members["outcome"] = .string(run.outcome)
                members["code"] = run.code.map { .integer(Int64($0)) } ?? .null
            }
            return .object(members)
        case .original: return .object(members(lock, end: "original"))
        case .timedOut, .unanswered, .ending: return .object(members(lock, end: "timed-out"))
        }
    }

    private static func members(_ lock: LockStatus, end: String) -> [ExactName: JSONValue] {
        [
            "lockname": .string(lock.lockname), "holder": lock.holder.map { .object($0.json) } ?? .null,
            "token": lock.token.map { .integer($0) } ?? .null, "end": .string(end),
        ]
    }
}
