import Recipes
import Testing
import Text

@Suite struct HostPatternTests {
    @Test(
        arguments: [
            ("*", "h1.example.org", true), ("*", "", true), ("web*", "web1.example.org", true),
            ("web*", "aweb1", false),
            ("*.example.org", "a.b.example.org", true), ("*.example.org", "example.org", false),
            ("web?.example.org", "web1.example.org", true), ("web?.example.org", "web12.example.org", false),
            ("web?.example.org", "web.example.org", false), ("web1*", "web1", true), ("?", "", false),
            ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("*ab", "aab", true), ("*ab*ab", "abab", true),
            ("*ab*ab", "aba", false), ("**", "x", true), ("*?*", "", false), ("*?*", "x", true),
            ("Web*", "web1", false),
            ("web[12]", "web1", false), ("web[12]", "web[12]", true), ("a.b", "a.b", true), ("a.b", "axb", false),
            ("caf?", "caf\u{e9}", false), ("caf??", "caf\u{e9}", true), ("\u{e9}*", "e\u{301}x", false),
        ])
    func matches(entry: String, host: String, isHis: Bool) {
        #expect(HostPattern.matches(entry, host: host) == isHis)
    }

    /// What a naive matcher takes ages for.
    @Test func manyStarsAreNoBurden() {
        let stars = String(repeating: "*a", count: 10_000) + "b"
        #expect(!HostPattern.matches(stars, host: String(repeating: "a", count: 250)))
    }

    private func data(_ text: String) throws -> FleetData {
        try FleetData.parse(Array(text.utf8), nowMilliseconds: 0)
    }

    @Test func aGroupsOwnNameComesFirst() throws {
        let data = try data(#"{"groups":{"g":["web*","?x"],"web*":["h1"],"all":["g"]}}"#)
        #expect(try data.entry(of: "h1", in: "all") == "h1")
        #expect(try data.entry(of: "web1", in: "all") == nil)
        #expect(try data.entry(of: "ax", in: "all") == "?x")
        #expect(throws: FleetDataError.self) { try data.entry(of: "h1", in: "w*") }
    }

    @Test func aDrainByNameComesFirst() throws {
        let data = try data(
            #"{"drained":["h*","h1"],"drains":{"h1":{"why":"own"},"h*":{"why":"all"}},"paused":["h*"]}"#)
        #expect(data.drain(of: "h1")?.note.why == "own" && data.drain(of: "h1")?.entry == "h1")
        #expect(data.drain(of: "h2")?.note.why == "all" && data.drain(of: "h2")?.entry == "h*")
        #expect(data.drain(of: "g1") == nil)
        #expect(data.pause(of: "h1") == nil && data.pause(of: "h*") != nil)
    }
}
