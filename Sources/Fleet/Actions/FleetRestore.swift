import Coordination
import Recipes

/// Puts PREFIX's data back to what is kept of switchmanctl's last edit.
package struct FleetRestore {
    package enum Goal: Sendable {
        /// As the edit left it, where something else has changed or broken it since; or, where it did so before the edit, as the
        /// edit before left it.
        case afterEdit
        /// As the edit found it, where nothing else has changed it since.
        case beforeEdit
    }

    package struct Result {
        /// When the edit was made: milliseconds since the epoch, by ZooKeeper's clock.
        package let edited: Int64
        /// Whether it is now as the edit before that one left it, with which something else had interfered.
        package var isBeforeOthers = false
        /// What differs now from what was there, in lines.
        package let changes: [String]
    }

    let fleet: FleetConnection

    package init(fleet: FleetConnection) { self.fleet = fleet }

    /// - Parameter isDry: only says what it would do.
    package func perform(_ goal: Goal, isDry: Bool) async throws -> Result {
        var done: (data: [UInt8], edit: Int64?, Result)?
        try await FleetEditor(fleet: fleet).write(beside: [fleet.layout.dataBeforeEdit, fleet.layout.dataBeforeOthers])
        { found in
            let edit = found.copy?.stat.mzxid
            if let done {
                if found.mayBeOurs, found.data == done.data { return nil }
                // The last edit is another one now.
                guard edit == done.edit else {
                    throw Complaint.no(
                        "somebody has edited the data of \(fleet.layout.prefix) meanwhile; look at it again")
                }
            }
            let copy = try copy(goal, found)
            let result = Result(
                edited: (found.copy ?? copy).stat.mtimeMilliseconds, isBeforeOthers: copy.data == lost(found)?.data,
                changes: fleet.changes(from: found.data, to: copy.data))
            done = (copy.data, edit, result)
            return isDry ? nil : copy.data
        }
        guard let done else { throw Complaint.no("nothing was written") }
        return done.2
    }

    private func copy(_ goal: Goal, _ found: FleetEditor.Found) throws -> ReadNode {
        let (after, before) = (usable(found.copy), usable(found.others[0]))
        let prefix = fleet.layout.prefix
        let isAsEdited = after?.data == found.data
        if goal == .afterEdit, let lost = lost(found) { return lost }
        switch goal {
        case .afterEdit where isAsEdited:
            throw Complaint.no(
                "nothing has changed the data of \(prefix) since switchmanctl's last edit; to take that edit back: "
                    + "switchmanctl fleet undo")
        case .beforeEdit where after != nil && !isAsEdited:
            throw Complaint.no(
                "something else has changed the data of \(prefix) since switchmanctl's last edit; see switchmanctl fleet "
                    + "restore --dry-run")
        default: break
        }
        let copies = goal == .afterEdit ? [after, before] : [before]
        guard let copy = copies.compactMap(\.self).first(where: { $0.data != found.data }) else {
            throw Complaint.no("no edit by switchmanctl is kept that could be gone back to")
        }
        return copy
    }

    /// What something else has changed before the last edit, which was written by that edit and by no earlier one.
    private func lost(_ found: FleetEditor.Found) -> ReadNode? {
        guard let after = usable(found.copy), after.data == found.data else { return nil }
        return usable(found.others[1]).flatMap { $0.stat.mzxid == after.stat.mzxid ? $0 : nil }
    }

    /// A copy is empty from the moment in which it is made until the first edit is in.
    private func usable(_ copy: ReadNode?) -> ReadNode? {
        copy.flatMap { !$0.data.isEmpty && fleet.isReadable($0.data) ? $0 : nil }
    }
}
