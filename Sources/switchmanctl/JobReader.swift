import Checks
import Coordination
import Recipes
import Run
import Steering

/// Reads what `check job` judges.
struct JobReader {
    let fleet: FleetConnection
    let lockname: String

    private var layout: Layout { fleet.layout }

    func read() async throws -> JobSight {
        let pair = try await fleet.pair(of: lockname, with: [.get(layout.prefix, watch: false)])
        let data = try pair.more[0].node()?.data ?? []
        let lock = pair.lock.map { Contender(data: $0.data, stat: $0.stat) }
        let record: JobSight.Record =
            pair.record.map { node in
                JobRecord(bytes: node.data).map { .found($0, node.stat) } ?? .unreadable
            } ?? .none
        let (now, clock) = try await fleet.now()
        let fleetData = fleet.fleetDataIfReadable(data)
        var nearest: String?
        if case .none = record, lock == nil { nearest = try await nearestName() }
        return JobSight(
            lockname: lockname, recordPath: layout.record(lockname), record: record, lock: lock,
            pause: pause(in: fleetData), nowMilliseconds: now, clock: clock,
            hasOriginals: fleet.settings.mixedFleet, nearest: nearest)
    }

    private func pause(in data: FleetData) -> JobSight.Pause? {
        let note = data.pauses.jobNotes[ExactName(lockname)]
        return (note ?? data.pauses.all).map { JobSight.Pause(note: $0, isOfAll: note == nil) }
    }

    private func nearestName() async throws -> String? {
        let names = try await fleet.talk.askAgain([.children("\(layout.prefix)/jobs", watch: false)])[0].children()
        // Enough to find a slip of the finger; what comparing more would cost is not worth it.
        return NearestWord.slip(lockname, among: Array(names.prefix(Self.mostNames)))
    }

    private static let mostNames = 10_000
}
