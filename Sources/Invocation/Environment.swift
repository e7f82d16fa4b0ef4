import Glibc

/// The part of the environment that means anything to us.
package enum Environment {
    package static func ofThisProcess() -> [String: String] {
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
