/// A piece of somebody else's text, made fit to stand in a message of one line.
package enum Excerpt {
    /// Enough to recognize what was written, short enough to leave room for what is wrong with it.
    package static let longest = 60

    /// The text with its control characters shown as `?`, cut after so many characters.
    package static func of(_ text: String, longest: Int = longest) -> String {
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == longest {
                return shown + "..."
            }
            // Bidirectional marks and line separators (2028 to 202E, 2066 to 2069) could reorder or break the line.
            let isPlain =
                switch scalar.value {
                case 0x20...0x7e, 0xa0...0x2027, 0x202f...0x2065, 0x206a...0x10ffff: true
                default: false
                }
            shown.unicodeScalars.append(isPlain ? scalar : "?")
            count += 1
        }
        return shown
    }

    /// The same for bytes, which need not be UTF-8.
    package static func of(_ bytes: [UInt8]) -> String {
        of(String(decoding: bytes.prefix(4 * longest + 4), as: UTF8.self))
    }
}
