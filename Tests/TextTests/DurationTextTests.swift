import Testing

@testable import Text

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            ("0", 0), ("5", 5), ("30s", 30), ("2m", 120), ("3h", 10_800), ("2d", 172_800), ("007", 7), ("0d", 0),
            ("9223372036854775807", Int64.max), ("106751991167300d", 9_223_372_036_854_720_000),
        ] as [(String, Int64)])
    func readsSecondsAndUnits(text: String, seconds: Int64) {
        #expect(DurationText.parse(text) == .seconds(seconds))
    }

    @Test func readsForever() {
        #expect(DurationText.parse("forever") == .forever)
    }

    @Test(arguments: [
        "", "s", "m", "-1", "+1", "1.5", "1,5", "1e3", " 1", "1 ", "1 s", "1S", "1ms", "1h30m", "5x", "Forever",
        "forevers", "inf",
        "9223372036854775808", "99999999999999999999999", "153722867280912931m", "106751991167301d", "0x10", "1_0",
        "\u{661}", "1\u{301}",
        "1\0",
    ])
    func refusesEverythingElse(text: String) {
        #expect(DurationText.parse(text) == nil)
    }
}
