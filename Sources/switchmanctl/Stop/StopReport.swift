import Fleet
import Recipes
import Steering
import Text

/// What the operator is told of a stop: the steps as they happen, or one document at the end.
struct StopReport {
    let isJSON: Bool
    /// Why, for the run's history.
    let why: String?

    func say(_ text: String) { if !isJSON { Screen.print(Visible.text(text) + "\n") } }

    /// Asks, and tells how it ended, or what it means that it was interrupted.
    func perform(
        _ locks: [LockStatus], _ fleet: FleetConnection, timeout: Limit
    ) async throws -> Answer {
        tell(
            locks, try await asking { try await stopping(fleet, timeout).perform(locks) })
    }

    /// - Parameter answerWithin: how long to wait for a first sign of the holder; nil: for as long as for its end.
    func stopping(_ fleet: FleetConnection, _ timeout: Limit, answerWithin: Duration? = nil) -> Stopping {
        Stopping(
            fleet, asker: Operator.name(on: fleet.hostName), why: why, timeout: timeout.duration,
            answerWithin: answerWithin
        ) { say($0) }
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
        let isDone = ends.allSatisfy(\.isDone)
        if isJSON {
            Screen.print(.object(["locks": .array(zip(locks, ends).map(Self.json))]))
        } else {
            for (lock, end) in zip(locks, ends) { Self.tell(lock, end) }
        }
        return isDone ? .yes : .no
    }

    private static func tell(_ lock: LockStatus, _ end: Stopping.End) {
        let ending = StopEnding(lock, end)
        if ending.isGood { Screen.print(Visible.text(ending.text) + "\n") } else { Screen.complain(ending.text) }
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

    private static func json(_ lock: LockStatus, _ end: Stopping.End) -> JSONValue {
        switch end {
        case .stopped(let record):
            var members = members(lock, end: "stopped")
            if let run = StopEnding.run(of: lock, in: record) {
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
