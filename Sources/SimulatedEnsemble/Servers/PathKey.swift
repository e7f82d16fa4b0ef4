/// A path as the key of a dictionary, hashed by its length and its last sixteen bytes only, in which paths differ: five trees look
/// every path up, and hashing whole ones took a tenth of a history's time.
struct PathKey: Hashable {
    let path: String

    init(_ path: String) { self.path = path }

    static func == (left: Self, right: Self) -> Bool { left.path == right.path }

    func hash(into hasher: inout Hasher) {
        var path = path
        let (first, second) = path.withUTF8 { path in
            var words: (UInt64, UInt64) = (0, 0)
            for index in max(0, path.count - 8)..<path.count {
                words.0 = words.0 << 8 | UInt64(unsafe path[index])
            }
            for index in max(0, path.count - 16)..<max(0, path.count - 8) {
                words.1 = words.1 << 8 | UInt64(unsafe path[index])
            }
            return words
        }
        hasher.combine(first ^ (second &* 0x9e37_79b9_7f4a_7c15) ^ UInt64(path.utf8.count) << 56)
    }
}
