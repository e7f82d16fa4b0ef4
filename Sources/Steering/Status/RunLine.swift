import Recipes
package import Text

/// One run in the history: over, or still going on.
package struct RunLine: Sendable {
    let lockname: String
    let host: String
    let pid: Int64?
    /// Milliseconds since the epoch by the server's clock; nil if nobody wrote it down.
    package let start: Int64?
    let heldMilliseconds: Int64?
    /// The outcome's word; or what `status` says of one that is not over.
    let outcome: String
    let code: Int32?
    let waitedMilliseconds: Int64?
    let token: Int64?
    /// Of `--once-per`.
    var tick: String?
    /// Nil for a run that is not over.
    var isSuccess: Bool?
    /// Who has stopped it.
    var stoppedBy: String?

    /// The runs of one job, the oldest first: those that the record remembers, and the present one.
    package static func of(_ lock: LockStatus) -> [RunLine] {
        var lines = (lock.record?.runs ?? []).map { run in
            RunLine(
                lockname: lock.lockname, host: run.host, pid: nil, start: run.started,
                heldMilliseconds: run.heldMilliseconds,
                outcome: run.outcome, code: run.code, waitedMilliseconds: run.waitedMilliseconds, token: run.token,
                tick: run.tick, isSuccess: run.hasSucceeded, stoppedBy: run.stoppedBy)
        }
        switch lock.state {
        case .free, .persistent, .unreadable: break
        case .lost:
            // The next run will write this down.
            if let record = lock.record, !record.isWaiting {
                lines.append(
                    RunLine(
                        lockname: lock.lockname, host: record.host, pid: Int64(record.pid),
                        start: record.started ?? lock.recordWritten, heldMilliseconds: nil,
                        outcome: lock.state.rawValue,
                        code: nil,
                        waitedMilliseconds: nil, token: record.token, tick: record.ticks.current?.text))
            }
        case .running, .waiting, .original:
            lines.append(
                RunLine(
                    lockname: lock.lockname, host: lock.holder?.host ?? "?", pid: lock.holder?.pid,
                    start: lock.holder?.since.milliseconds, heldMilliseconds: nil, outcome: lock.state.rawValue,
                    code: nil, waitedMilliseconds: nil, token: lock.token,
                    tick: lock.state == .original ? nil : lock.record?.ticks.current?.text))
        }
        return lines
    }

    package var json: JSONValue {
        .object([
            "lockname": .string(lockname), "host": .string(host), "pid": pid.map { .integer($0) } ?? .null,
            "start": start.map { .string(ServerTime(milliseconds: $0).utc) } ?? .null,
            "end": end.map { .string($0.utc) } ?? .null,
            "duration_ms": heldMilliseconds.map { .integer($0) } ?? .null, "outcome": .string(outcome),
            "code": code.map { .integer(Int64($0)) } ?? .null,
            "waited_ms": waitedMilliseconds.map { .integer($0) } ?? .null, "token": token.map { .integer($0) } ?? .null,
            "tick": tick.map { .string($0) } ?? .null, "ok": isSuccess.map { .boolean($0) } ?? .null,
            "stopped_by": stoppedBy.map { .string($0) } ?? .null,
        ])
    }

    private var end: ServerTime? {
        guard let start, let heldMilliseconds else { return nil }
        let (end, overflow) = start.addingReportingOverflow(heldMilliseconds)
        return overflow ? nil : ServerTime(milliseconds: end)
    }

    /// The outcome with the code, if there is one.
    var result: String { outcome + (code.map { " \($0)" } ?? "") }

    var paint: Paint? {
        switch outcome {
        case "ran": isSuccess == true ? .good : .bad
        case "running": .good
        case "waiting", "original", "released", "group-exit", "paused": .warning
        default: .bad
        }
    }

    package static func table(_ runs: [RunLine]) -> Table {
        var table = Table([
            Table.Column("LOCK", narrowest: 12), Table.Column("HOST", narrowest: 12), Table.Column("START"),
            Table.Column("TOOK", .right), Table.Column("OUTCOME", narrowest: 9), Table.Column("CODE", .right),
            Table.Column("WAITED", .right), Table.Column("TOKEN", .right),
        ])
        table.rows = runs.map { run in
            [
                Table.Cell(run.lockname), Table.Cell(run.host),
                Table.Cell(run.start.map { ServerTime(milliseconds: $0).local } ?? "-"),
                Table.Cell(run.heldMilliseconds.map { TimeText.of(milliseconds: $0) } ?? "-"),
                Table.Cell(run.outcome + (run.stoppedBy.map { " by \($0)" } ?? ""), run.paint),
                Table.Cell(run.code.map { "\($0)" } ?? "-"),
                Table.Cell(run.waitedMilliseconds.map { TimeText.of(milliseconds: $0) } ?? "-"),
                Table.Cell(run.token.map { "\($0)" } ?? "-"),
            ]
        }
        return table
    }
}
