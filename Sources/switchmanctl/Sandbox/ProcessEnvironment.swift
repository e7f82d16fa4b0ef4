import Glibc

/// Every variable of this process, to be handed on.
enum ProcessEnvironment {
    /// `NAME=VALUE` each.
    static func all() -> [String] {
        var all: [String] = []
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            unsafe all.append(String(cString: text))
            unsafe entry += 1
        }
        return all
    }

    /// With these in the place of whatever was there; nil takes one away.
    static func with(_ changes: [(name: String, value: String?)]) -> [String] {
        all().filter { entry in !changes.contains { entry.utf8.starts(with: "\($0.name)=".utf8) } }
            + changes.compactMap { change in change.value.map { "\(change.name)=\($0)" } }
    }
}
