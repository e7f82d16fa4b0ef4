import Glibc
import Testing

@testable import Host
@testable import Reporting
@testable import Text

@Suite struct LogEntryTests {
    private func entry(_ message: String, level: LogLevel = .info, fields: [String: JSONValue] = [:]) -> LogEntry {
        LogEntry(
            lockname: "a", host: "h.example.org", pid: 4711, level: level, message: message, fields: fields,
            clock: timespec(tv_sec: 1_763_748_465, tv_nsec: 7_999_999))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func members(_ bytes: [UInt8]) throws -> [ExactName: JSONValue] {
        try #require(try JSONValue.parse(bytes).object)
    }

    @Test func textIsForPeople() throws {
        #expect(text(entry("hello").screenLine(.text)) == "switchman: a: hello\n")
        let line = text(entry("hello").fileLine(.text))
        #expect(line.hasSuffix("\t[4711]\ta: hello\n"))
        #expect(line.contains(/^2025-11-2[0-9] [0-9]{2}:[0-9]{2}:45\t/))
    }

    /// A forged answer may hold a name that no server admits.
    @Test(arguments: [LogFormat.text, .json])
    func aLineIsOneWhateverItQuotes(format: LogFormat) {
        let entry = entry("found x\nswitchman: a: all is well\u{1b}[2J\u{9b}\u{202e}\u{200b}")
        let lines = [entry.screenLine(format), entry.fileLine(format), entry.datagram(format, .syslog(facility: 1))]
        for line in lines.map(text) {
            let words = line.hasSuffix("\n") ? line.dropLast() : line[...]
            #expect(words.unicodeScalars.allSatisfy { Excerpt.isPlain($0) || $0 == "\t" })
            #expect(words.contains("all is well"))
        }
    }

    @Test func anObjectHasTheFieldsBesideTheMessage() throws {
        let line = entry("x", level: .warning, fields: ["code": .integer(3), "outcome": .string("ran")]).fileLine(.json)
        let members = try members(line)
        #expect(members["code"] == .integer(3) && members["outcome"] == .string("ran"))
        #expect(members["level"] == .string("warning") && members["message"] == .string("x"))
        #expect(members["host"] == .string("h.example.org") && members["pid"] == .integer(4711))
        let time = try #require(members["time"]?.string)
        #expect(time.contains(/^2025-11-2[0-9]T[0-9]{2}:[0-9]{2}:45\.007[+-][0-9]{2}:[0-9]{2}$/))
    }

    /// Two letters that are one to Swift, an escape of six bytes, and what must not be cut in half.
    @Test(arguments: ["x", "e\u{301}", "\u{1}", "\"", "\u{1F682}", "\r\n"])
    func anObjectThatIsTooLongLosesTheEndOfItsMessage(letter: String) throws {
        let line = entry(String(repeating: letter, count: 5000)).fileLine(.json)
        #expect(line.count <= LogEntry.longestBytes && line.last == UInt8(ascii: "\n"))
        let message = try #require(try members(line)["message"]?.string)
        #expect(!message.isEmpty && message.utf8.count > 600)
        #expect(String(repeating: letter, count: 5000).utf8.starts(with: message.utf8))
    }

    @Test func syslogGetsFacilityAndSeverityAsOneNumber() {
        let datagram = text(entry("hello", level: .error).datagram(.text, .syslog(facility: 16)))
        #expect(datagram.contains(/^<131>Nov 2[0-9] [0-9]{2}:[0-9]{2}:45 switchman\[4711\]: a: hello$/))
    }

    @Test func aDatagramIsCutBetweenLetters() {
        let datagram = entry(String(repeating: "\u{1F682}", count: 3000)).datagram(.text, .syslog(facility: 1))
        #expect((4093...4096).contains(datagram.count))
        #expect(String(validating: datagram, as: UTF8.self) != nil)
    }

    @Test func theJournalGetsSeveralLinesWithTheirLength() {
        let datagram = entry("one\ntwo", level: .critical, fields: ["code": .integer(3)]).datagram(.json, .journal)
        let expected =
            Array("MESSAGE\n".utf8) + [10, 0, 0, 0, 0, 0, 0, 0] + Array("a: one\ntwo\nPRIORITY=2\n".utf8)
            + Array("SYSLOG_IDENTIFIER=switchman\nSYSLOG_PID=4711\nSWITCHMAN_LOCKNAME=a\n".utf8)
            + Array("SWITCHMAN_HOST=h.example.org\nSWITCHMAN_CODE=3\n".utf8)
        #expect(datagram == expected)
    }
}
