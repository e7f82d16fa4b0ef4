import Testing

@testable import Text

@Suite struct LockNameTests {
    @Test(arguments: [
        "a", "backup", "00", "a b", "ls -l | wc", "...", ".x", "\u{e9}", "\u{a0}", "a\u{301}", "\u{d7ff}", "\u{f900}",
        "\u{ffef}",
    ])
    func takesWhatZooKeeperTakes(text: String) throws {
        #expect(try LockName(bytes: Array(text.utf8)).text == text)
    }

    @Test(arguments: [
        ("", "is empty"), ("0", "is \"0\""), (".", "is \".\""), ("..", "is \"..\""), ("a/b", "contains '/'"),
        ("/", "contains '/'"),
        ("a\u{0}", "control"), ("a\u{1}", "control"), ("a\nb", "control"), ("\u{1f}", "control"), ("\u{7f}", "control"),
        ("\u{9f}", "control"), ("\u{e000}", "refuses"), ("\u{f8ff}", "refuses"), ("\u{fff0}", "refuses"),
        ("\u{ffff}", "refuses"),
        ("\u{10000}", "refuses"), ("\u{1f600}", "refuses"),
    ])
    func refusesWhatItDoesNotTake(text: String, reason: String) throws {
        let error = #expect(throws: LockNameError.self) { try LockName(bytes: Array(text.utf8)) }
        let message = try #require(error?.message)
        #expect(message.contains(reason), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test func refusesWhatIsNotText() {
        #expect(throws: LockNameError.self) { try LockName(bytes: [0xff]) }
        #expect(throws: LockNameError.self) { try LockName(bytes: [0xed, 0xa0, 0x80]) }
    }

    @Test func isNoLongerThan512Bytes() {
        #expect(throws: Never.self) { try LockName(bytes: [UInt8](repeating: 0x61, count: 512)) }
        #expect(throws: LockNameError.self) { try LockName(bytes: [UInt8](repeating: 0x61, count: 513)) }
    }
}
