import Coordination

/// One entry of the ensemble's log. Multis that fail are entries too: they take a zxid, and a quorum commits them.
final class Transaction {
    let zxid: Int64
    /// The session that asked for it; 0: the ensemble itself, or an operator.
    let session: Int64
    let milliseconds: Int64
    let changes: [Change]
    let reply: Reply
    /// Where the answer is waited for, and by whom.
    let origin: WriteRequest?
    /// When the leader can commit it, if a quorum hears it.
    let dueAt: Int64

    init(
        zxid: Int64, session: Int64, milliseconds: Int64, changes: [Change], reply: Reply, origin: WriteRequest?,
        dueAt: Int64
    ) {
        self.zxid = zxid
        self.session = session
        self.milliseconds = milliseconds
        self.changes = changes
        self.reply = reply
        self.origin = origin
        self.dueAt = dueAt
    }

    /// For the timeline.
    func text(of owner: String) -> String {
        let isSuccess = if case .success = reply { true } else { false }
        if changes.isEmpty, isSuccess { return "heartbeat of \(owner)" }
        let what = changes.map { "\($0)".prefix(170) }.joined(separator: "; ")
        let failed = if case .failure(let failure) = reply { " fails: \(failure)" } else { "" }
        return "commit \(String(zxid, radix: 16)) for \(owner): \(what)\(failed)"
    }
}

/// A write on its way: from the server that took it to the leader, and back when that server has applied it.
final class WriteRequest {
    enum Kind {
        case operations([Operation])
        case openSession(Int64, timeout: Int64)
        case closeSession
    }

    let server: Int
    let session: Int64
    let kind: Kind
    let connection: Connection
    var reply: Reply?
    var zxid: Int64 = 0

    init(server: Int, session: Int64, kind: Kind, connection: Connection) {
        self.server = server
        self.session = session
        self.kind = kind
        self.connection = connection
    }
}

extension ZNodeTree {
    /// Carries out a multi on this state: all of it, or, with the index of the first operation that fails, nothing.
    mutating func perform(_ operations: [Operation], session: Int64, zxid: Int64, at milliseconds: Int64) -> (
        changes: [Change], reply: Reply
    ) {
        let sessionsBefore = sessions
        var saved: [(path: String, node: Node?)] = []
        var changes: [Change] = []
        var made: [String?] = []
        for (index, operation) in operations.enumerated() {
            let change: Change
            switch decide(operation, session: session) {
            case .failure(let reason):
                putBack(saved, sessions: sessionsBefore)
                return ([], .failure(Failure(reason, path: operation.path, operation: index)))
            case .success(nil):
                made.append(nil)
                continue
            case .success(let decided?): change = decided
            }
            if operations.count > 1 { saved += savings(of: change) }
            apply(change, zxid: zxid, at: milliseconds)
            changes.append(change)
            if case .create(let path, _, _) = change { made.append(path) } else { made.append(nil) }
        }
        return (changes, .success(.committed(made)))
    }

    private enum Decision {
        case success(Change?)
        case failure(Failure.Reason)
    }

    private func decide(_ operation: Operation, session: Int64) -> Decision {
        switch operation {
        case .check(let path, let version):
            guard let node = self[path] else { return .failure(.noNode) }
            return version == -1 || node.version == version ? .success(nil) : .failure(.badVersion)
        case .delete(let path): return self[path] == nil ? .failure(.noNode) : .success(.delete(path))
        case .set(let path, let data, let version):
            guard let node = self[path] else { return .failure(.noNode) }
            return version == -1 || node.version == version ? .success(.set(path, data)) : .failure(.badVersion)
        case .create(let path, let data, let mode):
            guard let parent = self[Self.parent(of: path)] else { return .failure(.noNode) }
            let owner = mode == .persistent ? 0 : session
            var path = path
            if mode == .ephemeralSequential {
                let digits = String(parent.cversion)
                path += String(repeating: "0", count: 10 - digits.utf8.count) + digits
            }
            return self[path] == nil ? .success(.create(path, data, owner: owner)) : .failure(.nodeExists)
        }
    }
}
