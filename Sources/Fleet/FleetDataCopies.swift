import Coordination
import Recipes

/// What an edit of PREFIX's data leaves for `fleet restore`, in the edit's own transaction: the data as the edit found it, and as
/// it left it. An edit that may not write them is made all the same.
struct FleetDataCopies {
    private let fleet: FleetConnection
    private var isWanted = true
    private var contradictions = Contradictions()

    init(fleet: FleetConnection) { self.fleet = fleet }

    /// To be put behind the edit's own operation. What no run could read is not kept.
    func of(_ before: [UInt8], replacedBy after: [UInt8]) -> [Operation] {
        // A server takes no packet of a megabyte.
        guard isWanted, before.count + 2 * after.count < 900_000 else { return [] }
        let layout = fleet.layout
        let copy = Operation.set(layout.dataAfterEdit, data: after, version: -1)
        return fleet.isReadable(before) ? [.set(layout.dataBeforeEdit, data: before, version: -1), copy] : [copy]
    }

    /// One of them was: the edit is to be made again.
    mutating func refused(_ failure: Failure) async throws {
        if failure.reason != .noNode { return giveUp(failure) }
        let layout = fleet.layout
        let paths = [layout.dataBeforeEdit, layout.dataAfterEdit]
        try await fleet.makeParents(of: paths[0])
        let replies = try await fleet.talk.askAgain(paths.map { .multi([.create($0, data: [], .persistent)]) })
        for case .failure(let failure) in replies where failure.reason != .nodeExists { return giveUp(failure) }
        try await contradictions.met(paths[0], fleet.talk)
    }

    private mutating func giveUp(_ failure: Failure) {
        isWanted = false
        fleet.warn("warning: switchmanctl fleet restore will not know this edit: \(failure)")
    }
}
