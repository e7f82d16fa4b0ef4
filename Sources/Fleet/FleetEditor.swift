import Coordination
import Invocation
import Recipes
import Run
package import Steering

/// Edits PREFIX's data by compare-and-set: of two operators at once, each finds the other's edit and adds its own.
package struct FleetEditor {
    let fleet: FleetConnection

    package init(fleet: FleetConnection) { self.fleet = fleet }

    /// Makes the edit again on newer data until it is in. Nothing is written if it changes nothing.
    ///
    /// - Parameter takesAway: an edit that is refused after a lost reply has been made: what it takes away is no longer there.
    package func edit(takesAway: Bool = true, _ change: (inout FleetEdit) throws -> Void) async throws {
        let prefix = fleet.layout.prefix
        var lostSince: BootInstant?
        var contradictions = Contradictions()
        while true {
            guard let node = try await fleet.talk.askAgain([.get(prefix, watch: false)])[0].node() else {
                try await fleet.makeParents(of: "\(prefix)/locks")
                try await contradictions.met(prefix, fleet.talk)
                continue
            }
            var edit = try parse(node.data)
            do { try change(&edit) } catch EditError.refused where takesAway && lostSince != nil {
                // Our own, whose reply was lost: what was to be removed is no longer there.
                return
            }
            guard edit.hasChanged else { return }
            let bytes = try encode(edit)
            switch try await fleet.talk.ask([.multi([.set(prefix, data: bytes, version: node.stat.version)])])[0] {
            case .success: return
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

    private func parse(_ bytes: [UInt8]) throws -> FleetEdit {
        do throws(FleetDataError) { return try FleetEdit(bytes: bytes, nowMilliseconds: WallClock.milliseconds) } catch
        {
            throw Complaint.failed(.badData, "the data of \(fleet.layout.prefix): \(error.message)")
        }
    }

    private func encode(_ edit: FleetEdit) throws -> [UInt8] {
        let bytes: [UInt8]
        do throws(FleetDataError) { bytes = try edit.encoded() } catch {
            throw Complaint.failed(
                .badData, "this would make the data of \(fleet.layout.prefix) unusable: \(error.message)")
        }
        guard bytes.count <= fleet.settings.dataReadLen else {
            throw Complaint.failed(
                .badData,
                "the data of \(fleet.layout.prefix) would be \(bytes.count) bytes long, more than data_read_len "
                    + "(\(fleet.settings.dataReadLen)), which no run would read; raise data_read_len everywhere first")
        }
        return bytes
    }
}
