import Coordination

/// The one-shot watches that one server holds for its connections.
struct Watches {
    /// As ZooKeeper keeps them: a look at a node's data or existence, or a list of its children.
    enum Kind: Equatable { case data, children }

    private var data: [String: [Connection]] = [:]
    private var children: [String: [Connection]] = [:]

    mutating func add(_ kind: Kind, _ path: String, for connection: Connection) {
        switch kind {
        case .data: Self.add(connection, to: &data[path, default: []])
        case .children: Self.add(connection, to: &children[path, default: []])
        }
    }

    private static func add(_ connection: Connection, to list: inout [Connection]) {
        if !list.contains(where: { $0 === connection }) { list.append(connection) }
    }

    mutating func forget(_ connection: Connection) {
        for path in Array(data.keys) { data[path]?.removeAll { $0 === connection } }
        for path in Array(children.keys) { children[path]?.removeAll { $0 === connection } }
    }

    /// Who is to be told what of a change.
    mutating func fire(_ change: Change) -> [(Connection, String, Event.Change)] {
        switch change {
        case .create(let path, _, _):
            return take(&data, path, .created) + take(&children, ZNodeTree.parent(of: path), .children)
        case .delete(let path):
            var told = take(&data, path, .deleted)
            for (connection, path, event) in take(&children, path, .deleted)
            where !told.contains(where: { $0.0 === connection }) {
                told.append((connection, path, event))
            }
            return told + take(&children, ZNodeTree.parent(of: path), .children)
        case .set(let path, _): return take(&data, path, .changed)
        case .openSession, .closeSession: return []
        }
    }

    private func take(_ watches: inout [String: [Connection]], _ path: String, _ event: Event.Change) -> [(
        Connection, String, Event.Change
    )] {
        guard !watches.isEmpty, let watchers = watches.removeValue(forKey: path) else { return [] }
        return watchers.map { ($0, path, event) }
    }
}
