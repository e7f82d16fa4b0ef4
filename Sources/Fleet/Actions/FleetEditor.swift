import Coordination
import Host
import Invocation
import Recipes
import Run
package import Steering
import Text

/// Edits PREFIX's data by compare-and-set: of two operators at once, each finds the other's edit and adds its own.
package struct FleetEditor {
    let fleet: FleetConnection

    package init(fleet: FleetConnection) { self.fleet = fleet }

    /// Makes the edit again on newer data until it is in. Nothing is written if it changes nothing.
    ///
    /// - Parameter takesAway: an edit that is refused after a lost reply has been made: what it takes away is no longer there.
    package func edit(takesAway: Bool = true, _ change: (inout FleetEdit) throws -> Void) async throws {
        try await write { found in
            var edit = try fleet.edit(of: found.data)
            do { try change(&edit) } catch EditError.refused where takesAway && found.mayBeOurs {
                // Our own, whose reply was lost: what was to be removed is no longer there.
                return nil
            }
            return edit.hasChanged ? try fleet.encoded(edit) : nil
        }
    }

    /// Writes this, if the data is still what it was then.
    ///
    /// - Parameter mzxid: of the state that was read; 0: there was none.
    /// - Returns: what differs now, in lines.
    package func replace(stateOf mzxid: Int64, with new: FleetEdit) async throws -> [String] {
        let bytes = try fleet.encoded(new)
        var changes: [String] = []
        try await write { found in
            if found.data == bytes { return nil }
            // Made by us a moment ago, or by whoever made PREFIX.
            guard found.mzxid == mzxid || mzxid == 0 else {
                let what = found.mayBeOurs ? "your edit may have been before it" : "nothing was written"
                throw Complaint.no("somebody has changed the data of \(fleet.layout.prefix) meanwhile; \(what)")
            }
            changes = fleet.changes(from: found.data, to: bytes)
            return bytes
        }
        return changes
    }

    struct Found {
        let data: [UInt8]
        let mzxid: Int64
        /// The node of `FleetDataCopies`, and those that were read beside it, in one burst.
        let copy: ReadNode?
        let others: [ReadNode?]
        /// A write of ours was sent, and its reply lost.
        let mayBeOurs: Bool
    }

    /// - Parameters:
    ///   - paths: of nodes to be read beside it.
    ///   - make: what to write instead of what was found; nil: nothing. Asked again when somebody was faster.
    func write(beside paths: [String] = [], _ make: (Found) throws -> [UInt8]?) async throws {
        let prefix = fleet.layout.prefix
        var lostSince: BootInstant?
        var contradictions = Contradictions()
        var copies = FleetDataCopies(fleet: fleet)
        while true {
            let all = [prefix, fleet.layout.dataAfterEdit] + paths
            let replies = try await fleet.talk.askAgain(all.map { .get($0, watch: false) })
            guard let node = try replies[0].node() else {
                try await fleet.makeParents(of: "\(prefix)/locks")
                try await contradictions.met(prefix, fleet.talk)
                continue
            }
            // What may not be read is not needed for an edit.
            let others = replies.dropFirst().map { (try? $0.node()) ?? nil }
            let found = Found(
                data: node.data, mzxid: node.stat.mzxid, copy: others[0], others: Array(others.dropFirst()),
                mayBeOurs: lostSince != nil)
            guard let bytes = try make(found) else { return }
            let set = Operation.set(prefix, data: bytes, version: node.stat.version)
            switch try await fleet.talk.ask([.multi([set] + copies.of(found, replacedBy: bytes))])[0] {
            case .success: return copies.tell(found, bytes)
            case .failure(let failure) where failure.operation ?? 0 > 0: try await copies.refused(failure)
            case .failure(let failure) where failure.reason == .badVersion || failure.reason == .noNode:
                try await contradictions.met(prefix, fleet.talk)
            case .failure(let failure) where failure.reason == .connectionLost:
                lostSince = lostSince ?? fleet.talk.clock.now
                try await fleet.talk.reconnected(lostSince: lostSince)
                // A committed write in front of the next read, which must not be older than what was lost.
                _ = try await fleet.talk.ask([.multi([.check(prefix)])])
            case let reply: throw reply.interruption
            }
        }
    }
}

extension FleetConnection {
    package func edit(of bytes: [UInt8]) throws -> FleetEdit {
        do throws(FleetDataError) { return try FleetEdit(bytes: bytes, nowMilliseconds: WallClock.milliseconds) } catch
        {
            throw Complaint.failed(.badData, "the data of \(layout.prefix): \(error.message)")
        }
    }

    func isReadable(_ bytes: [UInt8]) -> Bool { (try? edit(of: bytes)) != nil }

    /// What differs, in lines for people.
    func changes(from before: [UInt8], to after: [UInt8]) -> [String] {
        guard isReadable(before) else { return ["what was there could not be read"] }
        let values = [before, after].map { try? JSONValue.parse($0, keepsNumbers: true) }
        return FleetChange.lines(from: values[0] ?? .object([:]), to: values[1] ?? .object([:]))
    }

    /// What is written, if runs can read it.
    fileprivate func encoded(_ edit: FleetEdit) throws -> [UInt8] {
        let bytes: [UInt8]
        do throws(FleetDataError) { bytes = try edit.encoded() } catch {
            throw Complaint.failed(.badData, "this would make the data of \(layout.prefix) unusable: \(error.message)")
        }
        guard bytes.count <= settings.dataReadLen else {
            throw Complaint.failed(
                .badData,
                "the data of \(layout.prefix) would be \(bytes.count) bytes long, more than data_read_len "
                    + "(\(settings.dataReadLen)), which no run would read; raise data_read_len everywhere first")
        }
        return bytes
    }
}
