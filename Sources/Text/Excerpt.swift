/// A piece of somebody else's text, made fit to stand in a message of one line.
package enum Excerpt {
    /// Enough to recognize what was written, short enough to leave room for what is wrong with it.
    package static let longest = 60
    /// In characters: what a name may have at the most, of a job or of a host.
    package static let longestName = 255

    /// Nothing that moves a cursor, ends a line, reorders it or cannot be seen: controls, separators of lines and
    /// paragraphs, and the characters of format, which are the marks of direction, zero-width ones and tags (Unicode,
    /// "General Category", Cc, Zl, Zp, Cf).
    package static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20...0x7e).contains(scalar.value) }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: return false
        default: return true
        }
    }

    /// The text with all that is not plain shown as `?`, cut after so many characters.
    package static func of(_ text: String, longest: Int = longest) -> String {
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == longest {
                return shown + "..."
            }
            shown.unicodeScalars.append(isPlain(scalar) ? scalar : "?")
            count += 1
        }
        return shown
    }

    /// A message of ours, whatever it quotes, in one line.
    package static func line(_ message: String) -> String {
        if message.unicodeScalars.allSatisfy(isPlain) { return message }
        return of(message.split(whereSeparator: \.isNewline).joined(separator: " "), longest: .max)
    }

    /// The same for bytes, which need not be UTF-8.
    package static func of(_ bytes: [UInt8]) -> String {
        of(String(decoding: bytes.prefix(4 * longest + 4), as: UTF8.self))
    }
}
