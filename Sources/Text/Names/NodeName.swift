/// What ZooKeeper accepts as one component of a path.
package enum NodeName {
    /// Why the bytes cannot be one, as the end of a sentence that begins with what they were meant to be; nil if they
    /// can.
    package static func objection(to bytes: [UInt8], longestBytes: Int) -> String? {
        if bytes.isEmpty {
            return "is empty"
        }
        if bytes.count > longestBytes {
            return "is longer than \(longestBytes) bytes"
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "is not valid UTF-8"
        }
        if text == "." || text == ".." {
            return "is \"\(text)\""
        }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x2f: return "contains '/'"
            case 0...0x1f, 0x7f...0x9f: return "contains a control character"
            // The server looks at UTF-16 units and refuses d800 to f8ff: private characters, and with the surrogates
            // everything beyond ffff.
            case 0xd800...0xf8ff, 0xfff0...0xffff, 0x10000...: return "contains a character which ZooKeeper refuses"
            default: break
            }
        }
        return nil
    }
}
