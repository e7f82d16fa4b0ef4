import Coordination
import Fleet
import Recipes
import Steering
import Text

/// `stop --force`: asks, as `stop` does, and deletes the lock of a holder that does not answer or does not end.
///
/// Asking comes first since it alone ends a run for good: a run whose session has expired takes the lock again if it has
/// started nothing yet, and cannot know that somebody deleted what it had.
struct ForcedStop {
    let fleet: FleetConnection
    let report: StopReport
    let timeout: Limit

    /// A holder that has a connection answers within a round trip. This leaves it the time to notice that a server is lost.
    private static let patience = Duration.seconds(3)
    /// How often the record may change between a look and the deletion: a run changes it twice at most, so this is a bug of ours.
    private static let mostLooks = 20

    func perform(_ lock: LockStatus) async throws -> Answer {
        if lock.state == .original || lock.state == .persistent {
            try await delete(lock, asked: .original)
            return .yes
        }
        let end = try await report.asking {
            try await report.stopping(fleet, timeout, answerWithin: Self.patience).perform([lock])[0]
        }
        switch end {
        case .stopped: return report.tell([lock], [end])
        case .original, .unanswered, .timedOut, .ending: try await delete(lock, asked: end)
        }
        return .yes
    }

    // MARK: The deletion

    /// What stands there now: the lock, and the record of its holder, if it has one.
    private struct Sight {
        let record: (content: JobRecord, version: Int32)?
    }

    /// Nil if the lock is no longer the one that is meant.
    private func look(at lock: LockStatus) async throws -> Sight? {
        let layout = fleet.layout
        let replies = try await fleet.talk.askAgain([
            .exists(layout.lock(lock.lockname), watch: false), .get(layout.record(lock.lockname), watch: false),
        ])
        guard let stat = try replies[0].stat(), stat.czxid == lock.token else { return nil }
        guard let node = try replies[1].node(), let content = JobRecord(bytes: node.data), content.state == .running,
            stat.ephemeralOwner.isSession(content.session)
        else { return Sight(record: nil) }
        return Sight(record: (content, node.stat.version))
    }

    /// In one transaction with a check of the record's version: each take writes the record, and so does a run before it
    /// starts what it had to wait with. So neither another run's lock is deleted, nor that of one that has gone on since we
    /// looked. An original writes no record, so between a look and its deletion there is nothing to check.
    private func delete(_ lock: LockStatus, asked end: Stopping.End) async throws {
        let path = fleet.layout.lock(lock.lockname)
        for _ in 0..<Self.mostLooks {
            guard let sight = try await look(at: lock) else {
                throw Complaint.no("the lock \(lock.lockname) is not \(Self.who(lock))'s any more; nothing was deleted")
            }
            warn(lock, sight, end)
            var operations: [Operation] = [.delete(path)]
            if let record = sight.record {
                operations.insert(.check(fleet.layout.record(lock.lockname), version: record.version), at: 0)
            }
            switch try await fleet.talk.ask([.multi(operations)])[0] {
            case .success: return report.tellDeleted(lock, sight.record?.content)
            case .failure(let failure) where failure.reason == .badVersion || failure.reason == .noNode: continue
            case .failure(let failure) where failure.reason == .connectionLost: try await fleet.talk.reconnected()
            case .failure(let failure) where failure.reason == .other(-111):  // ZNOTEMPTY
                throw Complaint.no(
                    "\(path) has children, so it is not a run's lock; zkCli.sh deleteall \(path) deletes it with them")
            case let reply: throw reply.interruption
            }
        }
        throw Complaint.no("the record of \(lock.lockname) keeps changing; nothing was deleted; try again")
    }

    private static func who(_ lock: LockStatus) -> String {
        "\(lock.holder?.host ?? "?"), process \(lock.holder?.pid.map { "\($0)" } ?? "?")"
    }

    /// What the deletion means. Whether the command runs is as true as the look before it, which the transaction checks.
    private func warn(_ lock: LockStatus, _ sight: Sight, _ end: Stopping.End) {
        let name = lock.lockname
        // Of nobody's run there is nothing to warn of.
        if lock.state == .persistent { return }
        let what = "warning: deleting the lock \(name) of \(Self.who(lock))"
        guard let record = sight.record?.content else {
            return Screen.complain(
                "\(what), an original switchman: the next run starts at once, and its command may run at the same time as "
                    + "this one")
        }
        let why = if case .unanswered = end { "it does not answer" } else { "it has not ended in time" }
        let next = "the next holder waits for up to \(record.term) s before it starts"
        Screen.complain(
            record.isWaiting
                ? "\(what): \(why), and has started no command yet; \(next); should that run have lost its session, it may "
                    + "take the lock again, which switchmanctl pause \(name) prevents"
                : "\(what): \(why); its command is killed as one that has lost ownership, within \(record.term) s, and \(next)"
        )
    }
}
