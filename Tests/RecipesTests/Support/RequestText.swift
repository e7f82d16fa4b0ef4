import Coordination

/// Requests as a script has them: `get PATH`, `exists PATH`, `list PATH`, each with ` watched` behind it where a watch is set, and
/// `commit OPERATION, ...` with the operations `create PATH`, `create PATH ephemeral`, `create PATH sequential`,
/// `set PATH if VERSION`, `check PATH`, `check PATH if VERSION` and `delete PATH`.
extension Request {
    var text: String {
        switch self {
        case .get(let path, let watch): "get \(path)\(watch ? " watched" : "")"
        case .exists(let path, let watch): "exists \(path)\(watch ? " watched" : "")"
        case .children(let path, let watch): "list \(path)\(watch ? " watched" : "")"
        case .accessList(let path): "access list \(path)"
        case .protect(let path): "protect \(path)"
        case .multi(let operations): "commit \(operations.map(\.text).joined(separator: ", "))"
        }
    }

    /// Of a transaction.
    var operations: [Operation] { if case .multi(let operations) = self { operations } else { [] } }

    /// Whether two bursts ask the same. Of a transaction only the first operation's place means anything: it is the guard.
    static func agree(_ asked: [String], _ scripted: [String]) -> Bool { asked.map(sorted) == scripted.map(sorted) }

    private static func sorted(_ text: String) -> [String] {
        let operations = text.components(separatedBy: ", ")
        return operations.prefix(1) + operations.dropFirst().sorted()
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator).map(String.init)
    }
}

extension Operation {
    var text: String {
        switch self {
        case .create(let path, _, .persistent): "create \(path)"
        case .create(let path, _, .ephemeral): "create \(path) ephemeral"
        case .create(let path, _, .ephemeralSequential): "create \(path) sequential"
        case .set(let path, _, let version): "set \(path) if \(version)"
        case .delete(let path): "delete \(path)"
        case .check(let path, -1): "check \(path)"
        case .check(let path, let version): "check \(path) if \(version)"
        }
    }
}
