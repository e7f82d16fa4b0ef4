import Glibc
import Testing

@testable import Host

/// Keys that were meant to protect, and have no effect.
@Suite final class MisspeltProtectionTests {
    private let path: String

    init() throws {
        var template = Array("/tmp/switchman-misspelt-XXXXXX".utf8CString)
        close(unsafe mkstemp(&template))
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = unsafe unlink(path) }

    private func load(key: String, environment: [String: String] = [:]) throws -> [String] {
        let text = Array(#"{"prefix": "/p", "zkhosts": "zk", "\#(key)": "/a"}"#.utf8)
        let file = unsafe open(path, O_WRONLY | O_TRUNC)
        defer { close(file) }
        try #require(unsafe write(file, text, text.count) == text.count)
        return try Configuration.load(path: path, environment: environment).warnings
    }

    @Test(arguments: [
        ("TLS", "tls"), ("Auth", "auth"), ("aCL", "acl"), ("tsl", "tls"), ("tlss", "tls"), ("tls ", "tls"),
        ("auht", "auth"), ("atuh", "auth"), ("acls", "acl"), ("tls_ca_file", "tls"), ("authentication", "auth"),
        ("acl_default", "acl"), ("SSL", "tls"), ("credentials", "auth"), ("ca", "tls"), ("certificate", "tls"),
        ("key", "tls"), ("check_host_name", "tls"),
    ])
    func areRefused(key: String, meant: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try self.load(key: key) }
        let beginning = "\(path): unknown key \"\(key)\"; did you mean \"\(meant)\"? "
        #expect(error?.message.hasPrefix(beginning) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["AUTH_FILE", "TLS_CA", "auth", "ACLS", "SSL"])
    func areRefusedAsVariables(name: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try self.load(key: "#", environment: ["SWITCHMAN_\(name)": "/a"])
        }
        let beginning = "environment variable SWITCHMAN_\(name): unknown key \"\(name)\"; did you mean "
        #expect(error?.message.hasPrefix(beginning) == true, "\(error?.message ?? "")")
        #expect(throws: Never.self) { try self.load(key: "#", environment: ["SWITCHMAN_\(name)": ""]) }
    }

    @Test(arguments: ["retries", "a", "keys", "callback", "lease", "total", "tolls"])
    func areNotAllUnknownKeys(key: String) throws {
        let warnings = try load(key: key)
        #expect(warnings == ["\(path): unknown key \"\(key)\""], "and none is asked whether he meant one of them")
    }

    @Test func areToldAllAndOnce() throws {
        let variables = ["SWITCHMAN_TLS_CA": "/a", "SWITCHMAN_ACLS": "open"]
        let error = #expect(throws: ConfigurationError.self) { try self.load(key: "auht", environment: variables) }
        #expect(error?.problems.count == 3 && error?.warnings == [], "\(error?.problems ?? [])")
    }

    @Test(arguments: ["#TLS", "# auht"])
    func areNoComments(key: String) throws {
        #expect(try load(key: key).isEmpty)
    }

    /// Of what a run tells its command, and a nested run is given, nothing looks like one.
    @Test(arguments: ["ATTEMPT", "CODE", "CONFIG", "HOST", "HOOK", "LEASES", "LOCK_PATH", "SLOT", "TICK", "TOKEN"])
    func areNoVariablesOfARun(name: String) throws {
        #expect(try load(key: "#", environment: ["SWITCHMAN_\(name)": "1"]).isEmpty)
    }
}
