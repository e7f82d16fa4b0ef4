import Coordination
import Recipes

/// What an edit of PREFIX's data leaves for `fleet restore`, in the edit's own transaction: the data as the edit found it, and as
/// it left it. An edit that may not write them is made all the same.
struct FleetDataCopies {
    private let fleet: FleetConnection
    private var isWanted = true
    private var contradictions = Contradictions()

    init(fleet: FleetConnection) { self.fleet = fleet }

    /// To be put behind the edit's own operation. In the place of what no run could read stands what the edit before has left.
    mutating func of(_ found: FleetEditor.Found, replacedBy after: [UInt8]) -> [Operation] {
        guard isWanted else { return [] }
        let before = fleet.isReadable(found.data) ? found.data : found.copy?.data ?? []
        // A server takes no packet of a megabyte.
        guard before.count + 2 * after.count + (found.copy?.data.count ?? 0) < 900_000 else {
            giveUp("it is too long to be kept")
            return []
        }
        let layout = fleet.layout
        let copies = [(layout.dataBeforeEdit, before), (layout.dataAfterEdit, after)]
        let overwritten = lost(found, after).map { [(layout.dataBeforeOthers, $0)] } ?? []
        return (copies + overwritten).map { .set($0, data: $1, version: -1) }
    }

    /// What the edit before this one has left, if something else has changed it since, and this edit does not put it back.
    func lost(_ found: FleetEditor.Found, _ after: [UInt8]) -> [UInt8]? {
        guard let copy = found.copy?.data, copy != found.data, copy != after, !copy.isEmpty else { return nil }
        return fleet.isReadable(copy) && fleet.isReadable(found.data) ? copy : nil
    }

    /// After an edit that was made.
    func tell(_ found: FleetEditor.Found, _ after: [UInt8]) {
        guard isWanted, lost(found, after) != nil else { return }
        fleet.warn(
            "warning: something else had changed the data of \(fleet.layout.prefix) since switchmanctl's last edit; "
                + "switchmanctl fleet restore --dry-run shows what that took away")
    }

    /// One of them was: the edit is to be made again.
    mutating func refused(_ failure: Failure) async throws {
        if failure.reason != .noNode { return giveUp("\(failure)") }
        let layout = fleet.layout
        let paths = [layout.dataBeforeEdit, layout.dataAfterEdit, layout.dataBeforeOthers]
        try await fleet.makeParents(of: paths[0])
        let replies = try await fleet.talk.askAgain(paths.map { .multi([.create($0, data: [], .persistent)]) })
        for case .failure(let failure) in replies where failure.reason != .nodeExists { return giveUp("\(failure)") }
        try await contradictions.met(paths[0], fleet.talk)
    }

    private mutating func giveUp(_ why: String) {
        isWanted = false
        fleet.warn("warning: switchmanctl fleet restore will not know this edit: \(why)")
    }
}
