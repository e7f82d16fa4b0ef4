import Coordination
import Recipes

/// Puts PREFIX's data back as switchmanctl's last edit left it, where something else has changed it since; else as that edit found
/// it.
package struct FleetRestore {
    let fleet: FleetConnection

    package init(fleet: FleetConnection) { self.fleet = fleet }

    package struct Result {
        /// Else as the last edit found it.
        package let isAfterEdit: Bool
        /// When that edit was made: milliseconds since the epoch, by ZooKeeper's clock.
        package let edited: Int64
        /// Whether the same again takes this back: what no run can read is not kept.
        package let canBeTakenBack: Bool
    }

    package func perform() async throws -> Result {
        let layout = fleet.layout
        var result: (data: [UInt8], Result)?
        try await FleetEditor(fleet: fleet).write(beside: [layout.dataAfterEdit, layout.dataBeforeEdit]) { found in
            if found.mayBeOurs, found.data == result?.data { return nil }
            guard let index = found.others.firstIndex(where: { isUsable($0?.data, insteadOf: found.data) }),
                let copy = found.others[index]
            else {
                throw Complaint.no(
                    "there is nothing to go back to: no edit by switchmanctl is kept that has changed this data")
            }
            result = (
                copy.data,
                Result(
                    isAfterEdit: index == 0, edited: (found.others[0] ?? copy).stat.mtimeMilliseconds,
                    canBeTakenBack: fleet.isReadable(found.data))
            )
            return copy.data
        }
        guard let result else { throw Complaint.no("nothing was written") }
        return result.1
    }

    /// A copy is empty from the moment in which it is made until the first edit is in.
    private func isUsable(_ copy: [UInt8]?, insteadOf current: [UInt8]) -> Bool {
        guard let copy, !copy.isEmpty, copy != current else { return false }
        return fleet.isReadable(copy)
    }
}
