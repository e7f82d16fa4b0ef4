import Glibc

/// What is said before there is a log.
enum Screen {
    static func print(_ text: String) { write(text, to: 1) }

    static func complain(_ message: String) { write("switchman: \(message)\n", to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

extension String {
    /// strerror(3).
    init(errno: Int32) { self = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)" }
}

enum Environment {
    static func ofThisProcess() -> [String: String] {
        var found: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            // By bytes: an equals sign before a combining mark is none to Swift. As getenv: the first of two wins.
            if let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")), pair.hasPrefix("SWITCHMAN_") {
                let name = String(pair[..<equals])
                if found[name] == nil { found[name] = String(pair[pair.utf8.index(after: equals)...]) }
            }
            unsafe entry += 1
        }
        return found
    }
}
