import Coordination
import Recipes

/// The znodes and sessions of one server, as far as it has applied the ensemble's transactions.
///
/// Nothing here is ever listed in a dictionary's order, which differs from process to process.
struct ZNodeTree {
    struct Node {
        var data: [UInt8]
        var czxid: Int64
        var mzxid: Int64
        var pzxid: Int64
        var ctime: Int64
        var mtime: Int64
        var version: Int32
        /// Counts the children ever made: the next one's sequence number.
        var cversion: Int32
        var owner: Int64
        var children: [String]

        var stat: NodeStat {
            NodeStat(
                czxid: czxid, mzxid: mzxid, ctimeMilliseconds: ctime, mtimeMilliseconds: mtime, version: version,
                ephemeralOwner: owner, childrenMade: Int64(cversion))
        }

        fileprivate mutating func write(_ data: [UInt8], _ zxid: Int64, at milliseconds: Int64) {
            self.data = data
            version += 1
            (mzxid, mtime) = (zxid, milliseconds)
        }

        fileprivate mutating func adopt(_ child: String, _ zxid: Int64) {
            children.append(child)
            cversion += 1
            pzxid = zxid
        }

        fileprivate mutating func dismiss(_ child: String, _ zxid: Int64) {
            children.removeAll { $0 == child }
            pzxid = zxid
        }
    }

    private var nodes: [PathKey: Node] = [
        PathKey("/"): Node(
            data: [], czxid: 0, mzxid: 0, pzxid: 0, ctime: 0, mtime: 0, version: 0, cversion: 0, owner: 0, children: [])
    ]
    private(set) var sessions: [(id: Int64, timeout: Int64, ephemerals: [String])] = []

    subscript(path: String) -> Node? { nodes[PathKey(path)] }

    func hasSession(_ id: Int64) -> Bool { sessions.contains { $0.id == id } }

    func ephemerals(of id: Int64) -> [String] { sessions.first { $0.id == id }?.ephemerals ?? [] }

    func children(_ path: String) -> [String] { nodes[PathKey(path)]?.children ?? [] }

    static func parent(of path: String) -> String {
        guard let slash = lastSlash(path), slash > 0 else { return "/" }
        return String(path.utf8.prefix(slash)) ?? "/"
    }

    static func name(of path: String) -> String {
        guard let slash = lastSlash(path) else { return path }
        return String(path.utf8.dropFirst(slash + 1)) ?? path
    }

    private static func lastSlash(_ path: String) -> Int? {
        var path = path
        return path.withUTF8 { path in
            var index = path.count - 1
            while index >= 0, unsafe path[index] != UInt8(ascii: "/") { index -= 1 }
            return index < 0 ? nil : index
        }
    }

    // MARK: Changes

    /// What a change may touch, as it is now, so that it can be put back.
    func savings(of change: Change) -> [(path: String, node: Node?)] {
        guard let path = change.path else { return [] }
        let parent = Self.parent(of: path)
        return [(parent, self[parent]), (path, self[path])]
    }

    mutating func putBack(
        _ saved: [(path: String, node: Node?)], sessions: [(id: Int64, timeout: Int64, ephemerals: [String])]
    ) {
        for (path, node) in saved.reversed() { nodes[PathKey(path)] = node }
        self.sessions = sessions
    }

    mutating func apply(_ change: Change, zxid: Int64, at milliseconds: Int64) {
        switch change {
        case .create(let path, let data, let owner):
            nodes[PathKey(path)] = Node(
                data: data, czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: milliseconds, mtime: milliseconds, version: 0,
                cversion: 0, owner: owner, children: [])
            nodes[PathKey(Self.parent(of: path))]?.adopt(Self.name(of: path), zxid)
            if owner != 0, let index = sessions.firstIndex(where: { $0.id == owner }) {
                sessions[index].ephemerals.append(path)
            }
        case .delete(let path):
            guard let node = nodes.removeValue(forKey: PathKey(path)) else { return }
            nodes[PathKey(Self.parent(of: path))]?.dismiss(Self.name(of: path), zxid)
            if node.owner != 0, let index = sessions.firstIndex(where: { $0.id == node.owner }) {
                sessions[index].ephemerals.removeAll { $0 == path }
            }
        case .set(let path, let data):
            nodes[PathKey(path)]?.write(data, zxid, at: milliseconds)
        case .openSession(let id, let timeout):
            sessions.append((id, timeout, []))
        case .closeSession(let id):
            sessions.removeAll { $0.id == id }
        }
    }
}

/// What a transaction does, decided by the leader once and applied by every server alike.
enum Change {
    case create(String, [UInt8], owner: Int64)
    case delete(String)
    case set(String, [UInt8])
    case openSession(Int64, timeout: Int64)
    case closeSession(Int64)

    var path: String? {
        switch self {
        case .create(let path, _, _), .delete(let path), .set(let path, _): path
        case .openSession, .closeSession: nil
        }
    }
}

extension Change: CustomStringConvertible {
    var description: String {
        switch self {
        case .create(let path, let data, _) where path.isUnder("jobs"):
            "create \(path) \(String(decoding: data, as: UTF8.self))"
        case .create(let path, _, _): "create \(path)"
        case .delete(let path): "delete \(path)"
        case .set(let path, let data): "set \(path) \(String(decoding: data, as: UTF8.self))"
        case .openSession(let id, let timeout):
            "open session \(String(id, radix: 16)), timeout \(timeout / millisecond) ms"
        case .closeSession(let id): "close session \(String(id, radix: 16))"
        }
    }
}

extension String {
    /// In a queue, of a resource or of a lock.
    var isPlace: Bool { isUnder("queues") || isUnder("waiters") }

    var hasSequence: Bool { Place(name: ZNodeTree.name(of: self)) != nil }

    /// Whether a node of that name is among its ancestors. Byte by byte, since it is asked more often than anything else.
    func isUnder(_ name: StaticString) -> Bool {
        var path = self
        return path.withUTF8 { path in
            name.withUTF8Buffer { name in
                var start = 1
                while start + name.count < path.count {
                    var end = start
                    while end < path.count, unsafe path[end] != UInt8(ascii: "/") { end += 1 }
                    if end < path.count, end - start == name.count,
                        (0..<name.count).allSatisfy({ unsafe path[start + $0] == name[$0] })
                    {
                        return true
                    }
                    start = end + 1
                }
                return false
            }
        }
    }
}
