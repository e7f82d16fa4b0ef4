import Text

/// Characters that word processors and web pages put in the place of those that a shell knows.
enum LookAlike {
    private static let dashes: [Unicode.Scalar: String] = [
        "\u{2010}": "hyphen", "\u{2011}": "non-breaking hyphen", "\u{2012}": "figure dash", "\u{2013}": "en dash",
        "\u{2014}": "em dash", "\u{2015}": "horizontal bar", "\u{2212}": "minus sign",
    ]
    private static let quotes: [Unicode.Scalar: String] = [
        "\u{2018}": "left single quote", "\u{2019}": "right single quote", "\u{201c}": "left double quote",
        "\u{201d}": "right double quote", "\u{201e}": "low double quote", "\u{ab}": "guillemet", "\u{bb}": "guillemet",
    ]
    private static let blanks: [Unicode.Scalar: String] = [
        "\u{a0}": "no-break space", "\u{202f}": "narrow no-break space", "\u{2007}": "figure space",
        "\u{200b}": "zero-width space", "\u{feff}": "byte-order mark", "\u{3000}": "ideographic space",
    ]

    /// What is wrong with a word of a command line; nil if nothing is.
    static func objection(to word: ShellWord) -> String? {
        let scalars = Array(String(decoding: word.source, as: UTF8.self).unicodeScalars)
        if let first = scalars.first, let name = dashes[first] { return sentence(word, first, name, "\"-\"") }
        for scalar in scalars {
            if let name = blanks[scalar] { return sentence(word, scalar, name, "a blank") }
        }
        // Within plain quotes they may be meant.
        if let first = scalars.first, let name = quotes[first] { return sentence(word, first, name, "a plain quote") }
        return nil
    }

    private static func sentence(_ word: ShellWord, _ scalar: Unicode.Scalar, _ name: String, _ plain: String) -> String
    {
        let code = String(scalar.value, radix: 16, uppercase: true)
        let number = String(repeating: "0", count: max(0, 4 - code.count)) + code
        return "\"\(Excerpt.of(word.source))\" has \(article(name)) \(name) (U+\(number)) where \(plain) belongs"
    }

    private static func article(_ name: String) -> String { "aeiou".contains(name.first ?? "x") ? "an" : "a" }
}
