/// Where everything stands under PREFIX: the original's layout (Perl switchman 1.16), and ours beside it.
package struct Layout: Sendable {
    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    package func lock(_ lockname: String) -> String { "\(prefix)/locks/\(lockname)" }
    package func record(_ lockname: String) -> String { "\(prefix)/jobs/\(lockname)" }
    package func queue(_ resource: String) -> String { "\(prefix)/queues/\(resource)" }
    package func leases(_ resource: String) -> String { "\(prefix)/semaphores/\(resource)/leases" }
    package func marks(_ resource: String) -> String { "\(prefix)/semaphores/\(resource)/marks" }

    /// The data of a persistent node that had to be made: what the original writes, since originals read it.
    package func seed(_ path: String, nodeData: [UInt8]) -> [UInt8] {
        if path == prefix { return Array("{}".utf8) }
        return path.hasPrefix("\(prefix)/semaphores/") ? Array("0".utf8) : nodeData
    }

    /// The ancestors of a path, topmost first, without the root.
    package static func ancestors(of path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast()
        return parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
    }
}
