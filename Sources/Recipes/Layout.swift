/// Where everything stands under PREFIX: the original's layout (Perl switchman 1.16), and ours beside it.
package struct Layout: Sendable {
    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    package func lock(_ lockname: String) -> String { "\(prefix)/locks/\(lockname)" }
    /// Above the records. Its data is written with each removal of a record, so that its version tells of them.
    package var records: String { "\(prefix)/jobs" }
    package func record(_ lockname: String) -> String { "\(records)/\(lockname)" }
    /// The places of those who wait for a lock; the original does not look here.
    package func lockQueue(_ lockname: String) -> String { "\(prefix)/waiters/\(lockname)" }
    /// Above the ends of what failed runs have written (`--keep-output`).
    package var outputs: String { "\(prefix)/outputs" }
    package func output(_ lockname: String) -> String { "\(outputs)/\(lockname)" }
    /// Above what is remembered of runs without a lock.
    package var unlockedRuns: String { "\(prefix)/runs" }
    package func unlockedRuns(_ lockname: String) -> String { "\(unlockedRuns)/\(lockname)" }
    func unlockedRun(_ lockname: String, place: UInt64) -> String { "\(unlockedRuns(lockname))/\(place)" }
    /// Above the fleet's data as the last edit by switchmanctl found it, and as it left it.
    package var keptData: String { "\(prefix)/fleet" }
    package var dataBeforeEdit: String { "\(keptData)/before" }
    package var dataAfterEdit: String { "\(keptData)/after" }
    /// As the edit before that one left it, where something else had changed it in between.
    package var dataBeforeOthers: String { "\(keptData)/before-others" }
    /// An operator's request that this holder of the lock, and no other, end its command: ephemeral.
    package func stopRequest(_ lockname: String, czxid: Int64) -> String {
        "\(prefix)/stops/\(lockname)-\(String(UInt64(bitPattern: czxid), radix: 16))"
    }
    package func queue(_ resource: String) -> String { "\(prefix)/queues/\(resource)" }
    package func leases(_ resource: String) -> String { "\(prefix)/semaphores/\(resource)/leases" }
    package func marks(_ resource: String) -> String { "\(prefix)/semaphores/\(resource)/marks" }

    /// The data of a persistent node that had to be made: what the original writes, since originals read it.
    package func seed(_ path: String, nodeData: [UInt8]) -> [UInt8] {
        if path == prefix { return Array("{}".utf8) }
        return path.utf8.starts(with: "\(prefix)/semaphores/".utf8) ? Array("0".utf8) : nodeData
    }

    // By bytes: a slash with a combining mark behind it is no slash to Swift.

    /// The ancestors of a path, topmost first, without the root.
    package static func ancestors(of path: String) -> [String] {
        let slashes = path.utf8.indices.dropFirst().filter { path.utf8[$0] == UInt8(ascii: "/") }
        return slashes.map { String(path[..<$0]) }
    }

    /// The last component of a path.
    package static func name(of path: String) -> String {
        path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
    }
}
