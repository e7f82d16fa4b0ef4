/// Hosts by pattern, as a group or `drained` may name them: `*` stands for any bytes, dots too, `?` for one byte.
package enum HostPattern {
    package static func isPattern(_ entry: String) -> Bool {
        entry.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// Whether the entry, a name or a pattern, is that host's.
    package static func matches(_ entry: String, host: String) -> Bool {
        if !isPattern(entry) { return entry.isSameName(as: host) }
        let (pattern, name) = (Array(entry.utf8), Array(host.utf8))
        var (place, index) = (0, 0)
        // Where to go on if the rest does not fit: one byte more for the last star. Those before it need no other share.
        var retry: (place: Int, index: Int)?
        while index < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                retry = (place + 1, index)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == name[index] {
                (place, index) = (place + 1, index + 1)
            } else if let last = retry {
                retry = (last.place, last.index + 1)
                (place, index) = (last.place, last.index + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
