import Recipes
import Steering
import Text

/// What a page shows of one job. Times are milliseconds since the epoch.
struct JobPart: Sendable, Equatable {
    let lock: LockStatus
    /// The jobs after whose success the newest run was started (`--after`), and whether each has succeeded again since.
    let parents: [Parent]

    struct Parent: Sendable, Equatable {
        let job: String
        let hasSucceededSince: Bool
    }

    /// More are counted, and told one by one by the job's own document.
    static let shown = 20

    var json: JSONValue {
        let (record, queue) = (lock.record, lock.permitWaits.runs)
        let lost = lock.state == .lost ? record : nil
        let host = lock.holder?.host ?? lost?.host
        let pid = lock.holder?.pid ?? lost.map { Int64($0.pid) }
        var members: [ExactName: JSONValue] = [
            "name": .string(lock.lockname), "state": .string(lock.state.rawValue), "paused": .boolean(lock.isPaused),
            "waiting": .integer(Int64(lock.waiting.count)),
            "waiters": .array(lock.waiting.prefix(Self.shown).map { waiter($0) }),
            "queued": .integer(Int64(queue.count)),
            "queue": .array(queue.prefix(Self.shown).map { waiter($0) }),
            "in_line": .integer(Int64(lock.line.count)),
            "runs": .array((record?.runs ?? []).map { Self.run($0) }),
        ]
        members["host"] = host.map { .string($0) }
        members["pid"] = pid.map { .integer($0) }
        members["since"] = lock.holder.map { .integer($0.since.milliseconds) }
        members["period"] = record?.ticks.period.map { .string($0.text) }
        members["last_success"] = record?.lastSuccess.map { success in
            var members: [ExactName: JSONValue] = ["host": .string(success.host)]
            members["end"] = (success.ended ?? success.started).map { .integer($0) }
            return .object(members)
        }
        if !parents.isEmpty {
            members["after"] = .array(
                parents.map { .object(["job": .string($0.job), "again": .boolean($0.hasSucceededSince)]) })
        }
        // Who is late is for the page to say: it has a clock. By none, nobody is.
        let health = JobHealth(lock, nowMilliseconds: .min)
        members["failed"] = .boolean(health.hasFailed)
        members["rank"] = .integer(Int64(health.rank))
        members["failed_at"] = health.failedAt.map { .integer($0) }
        members["late_from"] = health.lateFrom.map { .integer($0) }
        return .object(members)
    }

    private func waiter(_ run: PermitWaits.Run) -> JSONValue {
        .object([
            "host": .string(run.contender.host), "since": .integer(run.contender.since.milliseconds),
            "for": .array(run.resources.prefix(Self.shown).map { .string($0) }),
        ])
    }

    private func waiter(_ contender: Contender) -> JSONValue {
        .object(["host": .string(contender.host), "since": .integer(contender.since.milliseconds)])
    }

    private static func run(_ run: PastRun) -> JSONValue {
        var members: [ExactName: JSONValue] = [
            "host": .string(run.host), "outcome": .string(run.outcome), "ok": .boolean(run.hasSucceeded),
        ]
        members["start"] = run.started.map { .integer($0) }
        members["took"] = run.heldMilliseconds.map { .integer($0) }
        members["code"] = run.code.map { .integer(Int64($0)) }
        return .object(members)
    }
}

extension JobPart {
    /// Every job that is known.
    static func all(in status: FleetStatus) -> [(ExactName, JobPart)] {
        // A queue that was left empty is no job that anybody knows.
        let locks = status.locks.filter { !$0.isUnknown || $0.isWorthShowing }
        let successes = Dictionary(
            locks.map { (ExactName($0.lockname), $0.record?.lastSuccess?.token) }, uniquingKeysWith: { $1 })
        return locks.map { lock in
            let name = ExactName(lock.lockname)
            let parents = (lock.record?.generations.newest ?? []).map { seen in
                let token = successes[ExactName(seen.job)] ?? nil
                return Parent(job: seen.job, hasSucceededSince: token.map { $0 != seen.token } ?? false)
            }
            return (name, JobPart(lock: lock, parents: parents))
        }
    }
}

/// What a page shows of one resource.
struct ResourcePart {
    let resource: ResourceStatus

    var json: JSONValue {
        var members: [ExactName: JSONValue] = [
            "name": .string(resource.resource), "used": .integer(resource.used),
            "orphaned": .integer(resource.orphaned),
            "disagrees": .boolean(resource.disagrees), "held": .boolean(resource.isHeld),
            "foreign": .integer(Int64(resource.foreign.count)),
            "holding": .integer(Int64(resource.holders.count)), "waiting": .integer(Int64(resource.queue.count)),
        ]
        members["total"] = resource.total.map { .integer($0) }
        members["holders"] = .array(resource.holders.prefix(JobPart.shown).map { holder($0) })
        members["queue"] = .array(resource.queue.prefix(JobPart.shown).map { waiter($0) })
        return .object(members)
    }

    private func holder(_ holder: ResourceStatus.Holder) -> JSONValue {
        .object(["host": .string(holder.contender.host), "count": .integer(holder.permit.count)])
    }

    private func waiter(_ waiter: ResourceStatus.Waiter) -> JSONValue {
        .object(["job": .string(waiter.lockname), "host": .string(waiter.contender.host)])
    }
}
