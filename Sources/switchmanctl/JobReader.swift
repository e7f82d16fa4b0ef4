import Checks
import Coordination
import Glibc
import Recipes
import Run
import Steering

/// Reads what `check job` judges.
struct JobReader {
    let fleet: FleetConnection
    let lockname: String

    private var layout: Layout { fleet.layout }

    func read() async throws -> JobSight {
        var data: [UInt8] = []
        var record = JobSight.Record.none
        var lock: Contender?
        for _ in 0..<Self.attempts {
            let replies = try await fleet.talk.askAgain([
                .get(layout.prefix, watch: false), .get(layout.record(lockname), watch: false),
                .get(layout.lock(lockname), watch: false), .get(layout.record(lockname), watch: false),
            ])
            data = try replies[0].node()?.data ?? []
            let before = try replies[1].node()
            let after = try replies[3].node()
            lock = try replies[2].node().map { Contender(data: $0.data, stat: $0.stat) }
            record =
                after.map { node in
                    JobRecord(bytes: node.data).map { .found($0, node.stat) } ?? .unreadable
                } ?? .none
            // Take and release change both in one transaction: with the record the same on both sides, the lock between
            // them belongs to it.
            if before?.stat.mzxid == after?.stat.mzxid { break }
        }
        let (now, clock) = try await now()
        let fleetData = fleet.fleetDataIfReadable(data)
        var nearest: String?
        if case .none = record, lock == nil { nearest = try await nearestName() }
        return JobSight(
            lockname: lockname, recordPath: layout.record(lockname), record: record, lock: lock,
            isPaused: fleetData.isPaused(lockname), nowMilliseconds: now, clock: clock,
            hasOriginals: fleet.settings.mixedFleet, nearest: nearest)
    }

    /// More often than that no job is taken and released between two reads of one burst.
    private static let attempts = 5

    private func now() async throws -> (Int64, JobSight.Clock) {
        let clock = try await fleet.serverClock()
        return clock.milliseconds.map { ($0, .server) } ?? (hostNow, .host)
    }

    private var hostNow: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    private func nearestName() async throws -> String? {
        let names = try await fleet.talk.askAgain([.children("\(layout.prefix)/jobs", watch: false)])[0].children()
        // Enough to find a slip of the finger; what comparing more would cost is not worth it.
        return NearestWord.to(lockname, among: Array(names.prefix(Self.mostNames)))
    }

    private static let mostNames = 10_000
}
