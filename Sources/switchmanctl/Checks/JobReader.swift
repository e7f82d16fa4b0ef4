import Checks
import Coordination
import Fleet
import Host
import Recipes
import Steering
import Text

/// Reads what `check job` judges.
struct JobReader {
    let fleet: FleetConnection
    let lockname: String

    private var layout: Layout { fleet.layout }

    func read() async throws -> JobSight {
        let pair = try await fleet.pair(of: lockname, with: [.get(layout.prefix, watch: false)])
        let data = try pair.more[0].node()?.data ?? []
        let lock = pair.lock.map { Contender(data: $0.data, stat: $0.stat) }
        let unlocked = try await fleet.unlockedRuns(of: [lockname])[ExactName(lockname)] ?? []
        let record: JobSight.Record
        if let node = pair.record {
            record =
                JobRecord(bytes: node.data).flatMap { JobRecord.remembering(unlocked, beside: $0) }
                .map { .found($0, createdMilliseconds: node.stat.ctimeMilliseconds) } ?? .unreadable
        } else {
            record =
                JobRecord.remembering(unlocked, beside: nil)
                .map { .found($0, createdMilliseconds: unlocked.map(\.endedMilliseconds).min() ?? 0) } ?? .none
        }
        let (now, clock) = try await fleet.now()
        let (fleetData, dataError) = fleet.fleetDataForChecks(data)
        var nearest: String?
        if case .none = record, lock == nil {
            nearest = try await KnownJobs.read(fleet, ["jobs", "runs"]).slip(lockname)
        }
        return JobSight(
            lockname: lockname, recordPath: layout.record(lockname), record: record, lock: lock,
            pause: pause(in: fleetData), nowMilliseconds: now, clock: clock,
            hasOriginals: fleet.settings.mixedFleet, nearest: nearest, hold: try await hold(in: fleetData),
            dataError: dataError)
    }

    /// Who waits for the lock, or for permits.
    func readLine() async throws -> [WaitingRun] {
        try await StatusReader(fleet: fleet, only: lockname, watches: false).readLine()?.line ?? []
    }

    /// The held resource in whose queue a run of the job stands.
    private func hold(in data: FleetData) async throws -> JobSight.Hold? {
        if data.pauses.holds.isEmpty { return nil }
        let resources = try await fleet.talk.askAgain([.children("\(layout.prefix)/queues", watch: false)])[0]
            .children()
            .sorted().map { ($0, data.holds(on: $0)) }.filter { !$0.1.isEmpty }
        let queues = try await fleet.ask(resources.map { .children(layout.queue($0.0), watch: false) })
        for ((resource, holds), queue) in zip(resources, queues) {
            let isWaiting = try queue.children().contains {
                Place(name: $0)?.lockname.isSameName(as: lockname) ?? false
            }
            if isWaiting, let note = holds.first?.note { return JobSight.Hold(resource: resource, note: note) }
        }
        return nil
    }

    private func pause(in data: FleetData) -> JobSight.Pause? {
        let note = data.pauses.jobNotes[ExactName(lockname)]
        return (note ?? data.pauses.all).map { JobSight.Pause(note: $0, isOfAll: note == nil) }
    }

}
