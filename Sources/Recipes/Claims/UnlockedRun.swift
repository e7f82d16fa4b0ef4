package import Coordination
import Text

/// A run of `--no-lock --lease` in the history: a node of its own, `PREFIX/runs/LOCKNAME/K`, which its release writes in the one
/// transaction that gives the permits back. Runs of one name go on side by side, so that no record could be theirs in common.
package struct UnlockedRun: Sendable {
    package let run: PastRun
    /// When it ended, by the server's clock: milliseconds since the epoch.
    package let endedMilliseconds: Int64
    /// Orders those of one name.
    private let zxid: Int64

    /// The nodes of a name are written round and round: which one, the number of the first lease says, since no two leases of a
    /// resource have the same. A prime, so that also a job that is every second or tenth to use the resource comes to all of them.
    package static let places: Int64 = 23

    /// - Parameters:
    ///   - data: of the node of one place.
    ///   - stat: of the same. Its time is the end; the start is counted back from there.
    package init?(data: [UInt8], stat: NodeStat) {
        guard var run = (try? JSONValue.parse(data)).flatMap(PastRun.init(value:)) else { return nil }
        let ended = stat.mtimeMilliseconds
        let start = run.heldMilliseconds.map { ended.subtractingReportingOverflow(max(0, $0)) }
        run.started = start.flatMap { $0.overflow ? nil : $0.partialValue }
        run.token = nil
        (self.run, endedMilliseconds, zxid) = (run, ended, stat.mzxid)
    }

    /// Where a run writes what became of it; nil for one with a lock, or without leases.
    package static func path(of claims: Claims, _ job: Job) -> String? {
        guard claims.lock == nil, claims.record == nil, let lease = claims.leases.first,
            let sequence = Permit(lease: Layout.name(of: lease))?.sequence
        else { return nil }
        return job.layout.unlockedRun(job.lockname, place: sequence.magnitude % places.magnitude)
    }

    static func write(_ run: PastRun, at path: String) -> Operation {
        .set(path, data: Array(run.value.text.utf8), version: -1)
    }

    fileprivate static func isOlder(_ one: Self, than other: Self) -> Bool { one.zxid < other.zxid }
}

extension JobRecord {
    /// The record as it is shown, with the runs that had no lock among those that had: the newest ten, each where it ended. Without
    /// a record it is one that has ended.
    ///
    /// - Returns: nil if there is nothing of either kind.
    package static func remembering(_ unlocked: [UnlockedRun], beside record: JobRecord?) -> JobRecord? {
        let unlocked = unlocked.sorted(by: UnlockedRun.isOlder)
        guard let newest = unlocked.last else { return record }
        var shown =
            record ?? JobRecord(session: "0", n: 0, term: 0, host: newest.run.host, pid: 0, runs: [], state: .ended)
        var runs: [PastRun] = []
        var rest = unlocked[...]
        for run in shown.runs {
            while let next = rest.first, let end = run.endMilliseconds, next.endedMilliseconds < end {
                runs.append(next.run)
                rest = rest.dropFirst()
            }
            runs.append(run)
        }
        shown.runs = Array((runs + rest.map(\.run)).suffix(JobRecord.runsMax))
        if let success = unlocked.lazy.compactMap({ PastSuccess($0.run) }).last,
            success.ended ?? 0 > shown.lastSuccess?.ended ?? .min
        {
            shown.lastSuccess = success
        }
        return shown
    }
}
