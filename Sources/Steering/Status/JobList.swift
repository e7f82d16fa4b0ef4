import Recipes
package import Text

/// Every job that is known, with its last runs: what `switchmanctl jobs` shows.
package struct JobList: Sendable {
    private let jobs: [JobHealth]

    package init(_ status: FleetStatus, nowMilliseconds: Int64) {
        // A queue that was left empty is no job that anybody knows.
        jobs =
            status.locks.filter { !$0.isUnknown || $0.isWorthShowing }
            .map { JobHealth($0, nowMilliseconds: nowMilliseconds) }.inOrderOfNeed
    }

    package var isEmpty: Bool { jobs.isEmpty }

    package var table: Table {
        var table = Table([
            Table.Column("JOB", narrowest: 12), Table.Column("STATE"), Table.Column("RUNS", narrowest: 4),
            Table.Column("STARTED"), Table.Column("HOST", narrowest: 12), Table.Column("TOOK", .right),
            Table.Column("RESULT"), Table.Column("LAST SUCCESS"),
        ])
        table.rows = jobs.map { job in
            let run = RunLine.of(job.lock).last
            let success = job.lock.record?.lastSuccess
            return [
                Table.Cell(job.lock.lockname), Table.Cell(job.words, job.paint), Table.Cell(marks: job.marks),
                Table.Cell(Self.time(run?.start)), Table.Cell(run?.host ?? "-"),
                Table.Cell(run?.heldMilliseconds.map { TimeText.of(milliseconds: $0) } ?? "-"),
                run.map { Table.Cell($0.result, $0.paint) } ?? "-",
                Table.Cell(Self.time(success?.ended ?? success?.started)),
            ]
        }
        return table
    }

    private static func time(_ milliseconds: Int64?) -> String {
        milliseconds.map { ServerTime(milliseconds: $0).local } ?? "-"
    }

    package var json: JSONValue { .object(["jobs": .array(jobs.map { Self.json($0) })]) }

    private static func json(_ job: JobHealth) -> JSONValue {
        let (lock, runs) = (job.lock, RunLine.of(job.lock))
        func utc(_ milliseconds: Int64?) -> JSONValue {
            milliseconds.map { .string(ServerTime(milliseconds: $0).utc) } ?? .null
        }
        let success = lock.record?.lastSuccess.map { success in
            JSONValue.object([
                "host": .string(success.host), "start": utc(success.started), "end": utc(success.ended),
                "token": success.token.map { .integer($0) } ?? .null, "tick": success.tick.map { .string($0) } ?? .null,
            ])
        }
        return .object([
            "lockname": .string(lock.lockname), "state": .string(lock.state.rawValue),
            "failed": .boolean(job.hasFailed), "late": .boolean(job.isLate), "paused": .boolean(lock.isPaused),
            "waiting": .integer(Int64(lock.waiting.count)), "queued": .integer(Int64(lock.permitWaits.runs.count)),
            "last": runs.last?.json ?? .null,
            "last_success": success ?? .null, "late_from": utc(job.lateFrom),
            "period": lock.record?.ticks.period.map { .string($0.text) } ?? .null,
            "runs": .array(runs.map(\.json)),
        ])
    }
}
