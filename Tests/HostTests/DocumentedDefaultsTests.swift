import Glibc
import Testing

@testable import Host
@testable import POSIX
@testable import Text

/// The defaults that the manual page, the README and the packages' file tell: with a key set to its default, all is as without it.
@Suite final class DocumentedDefaultsTests {
    /// Those that have a default, each with another value.
    private static let others = [
        "loglevel": "debug", "log_format": "json", "syslog": "cron", "termination_timeout": "11",
        "ownership_term": "31",
        "session_timeout": "31", "connect_timeout": "16", "on_unavailable": "skip", "resources_wait_timeout": "5",
        "mixed_fleet": "true", "server_tick": "3000", "acl": "ip:10.0.0.1:cdrwa", "cgroup": "off",
        "data_read_len": "70000",
    ]

    /// A configuration in which nothing stands.
    private let empty: String

    init() throws {
        var template = Array("/tmp/switchman-defaults-XXXXXX".utf8CString)
        let file = unsafe mkstemp(&template)
        try #require(file >= 0)
        empty = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(WholeWrite.perform(Array("{}".utf8), to: file) == 0)
        close(file)
    }

    deinit { _ = unsafe unlink(empty) }

    private func document(_ path: String) throws -> String {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(decoding: try FileBytes.read("/\(folder)/\(path)", longestBytes: 1_000_000), as: UTF8.self)
    }

    /// All that holds with that value of that key, in words.
    private func configuration(_ key: String? = nil, _ value: String = "") throws -> String {
        var environment = ["SWITCHMAN_PREFIX": "/p", "SWITCHMAN_ZKHOSTS": "zk"]
        if let key { environment["SWITCHMAN_" + key.uppercased()] = value }
        return "\(try Configuration.load(path: empty, environment: environment).0)"
    }

    private func expectDefaults(_ told: [String: String], _ place: String) throws {
        let usual = try configuration()
        for (key, value) in told.sorted(by: { $0.key < $1.key }) {
            #expect(try configuration(key, value) == usual, "\(place): the default of \(key) is not \(value)")
        }
    }

    @Test func anotherValueIsSeen() throws {
        let usual = try configuration()
        for (key, value) in Self.others { #expect(try configuration(key, value) != usual, "\(key)") }
    }

    @Test func thePackagesFileShowsTheDefaults() throws {
        let text = try document(".package/switchman.conf")
        let pairs = try #require(try JSONValue.parse(Array(text.utf8)).object)
        var told: [String: String] = [:]
        for (name, value) in pairs {
            let key = String(name.text.dropFirst())
            guard Configuration.keys.contains(key) else { continue }
            // What has none is shown as it may be.
            let shown = value.string ?? value.plainText
            if Self.others[key] != nil { told[key] = shown }
        }
        #expect(told.count == Self.others.count)
        try expectDefaults(told, ".package/switchman.conf")
        let without = Configuration.keys.filter { Self.others[$0] == nil }.sorted()
        let sentence = try #require(text.firstMatch(of: /but for ([\w, ]+), which have none/)).1
        #expect(sentence.replacing(" and ", with: ", ").split(separator: ", ").map(String.init).sorted() == without)
    }

    @Test func theManualTellsTheDefaults() throws {
        let page = try document("Docs/switchman.conf.5").split(separator: "\n.Sh ").first { $0.hasPrefix("KEYS") }
        var told: [String: String] = [:]
        for entry in try #require(page).split(separator: "\n.It Cm ") {
            let key = String(entry.prefix { $0 != "\n" })
            guard Self.others[key] != nil else { continue }
            let sentence = entry.firstMatch(of: /\nDefault\s(?:\.Cm )?(\w+) ?\./)?.1
            told[key] = (sentence ?? entry.firstMatch(of: /(\w+) ?,\s(?:to everybody, )?the default/)?.1).map(
                String.init)
        }
        for key in Self.others.keys { #expect(told[key] != nil, "Docs/switchman.conf.5: no default of \(key)") }
        try expectDefaults(told, "Docs/switchman.conf.5")
    }

    @Test func theReadmeTellsTheDefaults() throws {
        let table = try #require(try document("README.md").split(separator: "| key | default |").last)
        var told: [String: String] = [:]
        for row in table.split(separator: "\n").prefix(while: { $0.hasPrefix("|") || $0.hasPrefix(" ") }) {
            let cells = row.split(separator: " | ")
            if cells.count == 3, let key = cells[0].firstMatch(of: /^\| `(\w+)`$/)?.1, Self.others[String(key)] != nil {
                told[String(key)] = String(cells[1].replacing(" s", with: ""))
            }
        }
        #expect(told.count >= 4)
        try expectDefaults(told, "README.md")
    }
}
