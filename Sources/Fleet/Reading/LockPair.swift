package import Coordination
import Recipes

package typealias ReadNode = (data: [UInt8], stat: NodeStat)

/// A lock and the record of its job as they stood at one moment: a take and a release change both in one transaction, so with the
/// same record before and behind it the lock between them belongs to it.
package struct LockPair {
    package var lock: ReadNode?
    package var record: ReadNode?
    /// The other requests of the same burst.
    package var more: [Reply] = []

    /// What tells it from every other pair of the same job.
    struct Identity: Equatable {
        let lock, record: Int64?
    }

    var identity: Identity { Identity(lock: lock?.stat.mzxid, record: record?.stat.mzxid) }

    /// More often than that no job is taken and released between two reads of one burst.
    fileprivate static let attempts = 5
}

extension FleetConnection {
    package func pairs(of locknames: [String]) async throws -> [LockPair] {
        var pairs = locknames.map { _ in LockPair() }
        var open = Array(locknames.indices)
        for _ in 0..<LockPair.attempts where !open.isEmpty {
            let replies = try await ask(open.flatMap { pairRequests(locknames[$0]) })
            var unsettled: [Int] = []
            for (place, index) in open.enumerated() {
                pairs[index] = try LockPair(Array(replies[(3 * place)..<(3 * place + 3)]), &unsettled, index)
            }
            open = unsettled
        }
        return pairs
    }

    /// One, and in the same burst what else is asked for.
    package func pair(of lockname: String, with more: [Request]) async throws -> LockPair {
        var pair = LockPair()
        for _ in 0..<LockPair.attempts {
            let replies = try await talk.askAgain(pairRequests(lockname) + more)
            var unsettled: [Int] = []
            pair = try LockPair(Array(replies[..<3]), &unsettled, 0)
            pair.more = Array(replies[3...])
            if unsettled.isEmpty { break }
        }
        return pair
    }

    private func pairRequests(_ lockname: String) -> [Request] {
        [
            .get(layout.record(lockname), watch: false), .get(layout.lock(lockname), watch: false),
            .get(layout.record(lockname), watch: false),
        ]
    }
}

extension LockPair {
    fileprivate init(_ replies: [Reply], _ unsettled: inout [Int], _ index: Int) throws {
        lock = try replies[1].node()
        record = try replies[2].node()
        if try replies[0].node()?.stat.mzxid != record?.stat.mzxid { unsettled.append(index) }
    }
}
