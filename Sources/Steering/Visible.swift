import Text

/// Somebody else's words, made fit for a terminal: no byte of theirs may move the cursor, change colours or reorder a
/// line.
package enum Visible {
    package static func text(_ text: String) -> String { Excerpt.of(text, longest: .max) }

    /// How many columns a terminal takes for it: two for the wide letters of East Asia and for pictures, none for marks.
    package static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }
}
