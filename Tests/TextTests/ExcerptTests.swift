import Testing

@testable import Text

@Suite struct ExcerptTests {
    /// Controls, separators, marks of direction, zero-width characters and tags.
    @Test(arguments: [
        "\u{1b}", "\n", "\r\n", "\u{7f}", "\u{9b}", "\u{61c}", "\u{180e}", "\u{200b}", "\u{200d}", "\u{200f}",
        "\u{2028}", "\u{2029}", "\u{202e}",
        "\u{2060}", "\u{2069}", "\u{206f}", "\u{feff}", "\u{e0041}",
    ])
    func whatATerminalMightActOnOrHideIsShownAsAQuestionMark(mark: String) {
        #expect(Excerpt.of("a\(mark)b") == "a" + String(repeating: "?", count: mark.unicodeScalars.count) + "b")
        #expect(Excerpt.line("a\(mark)b").unicodeScalars.allSatisfy(Excerpt.isPlain))
    }

    @Test(arguments: ["é", "e\u{301}", "仕事", "\u{1F682}", "ليلي", " ", "\u{a0}"])
    func lettersArePlain(letter: String) {
        #expect(Excerpt.of(letter) == letter)
        #expect(Excerpt.line(letter) == letter)
    }

    @Test func aMessageOfSeveralLinesIsOne() {
        #expect(Excerpt.line("one\ntwo\r\nthree\u{2028}\u{1b}[2J") == "one two three ?[2J")
    }

    @Test func jsonKeepsWhatATerminalWouldActOnEscaped() throws {
        let value = JSONValue.string("a\u{1b}\u{9b}\u{7f}\u{202e}\u{e0041}é")
        #expect(value.plainText == #""a\u001b\u009b\u007f\u202e\udb40\udc41é""#)
        #expect(try JSONValue.parse(Array(value.plainText.utf8)) == value)
    }
}
