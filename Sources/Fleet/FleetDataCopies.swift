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
        guard before.count + 2 * after.count < 900_000 else {
            giveUp("it is too long to be kept")
            return []
        }
        let layout = fleet.layout
        return [
            .set(layout.dataBeforeEdit, data: before, version: -1),
            .set(layout.dataAfterEdit, data: after, version: -1),
        ]
    }

    /// One of them was: the edit is to be made again.
    mutating func refused(_ failure: Failure) async throws {
        if failure.reason != .noNode { return giveUp("\(failure)") }
        let layout = fleet.layout
        let paths = [layout.dataBeforeEdit, layout.dataAfterEdit]
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
