import Coordination
import Glibc
import Testing

@testable import Host

/// What the key `tls` may say. What is in the files is tested with the built program:
/// Tests/CommandTests/test_tls_configuration.py.
@Suite final class EncryptionSettingsTests {
    private let path: String

    init() throws {
        var template = Array("/tmp/switchman-encryption-XXXXXX".utf8CString)
        close(unsafe mkstemp(&template))
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = unsafe unlink(path) }

    private func load(_ tls: String) throws -> Configuration {
        let text = Array(#"{"prefix": "/p", "zkhosts": "zk", "tls": \#(tls)}"#.utf8)
        let file = unsafe open(path, O_WRONLY | O_TRUNC)
        defer { close(file) }
        try #require(unsafe write(file, text, text.count) == text.count)
        return try Configuration.load(path: path, environment: [:]).0
    }

    @Test(arguments: [
        ("true", "is a boolean; it must be an object with ca"), ("{}", "lacks ca"),
        (#"{"CA": "/a"}"#, "has no member \"CA\""), (#"{"ca": 1}"#, "ca is 1; it must be a string"),
        (#"{"ca": "a"}"#, "ca is \"a\"; it must be the whole path"),
        (#"{"ca": "/a", "key": "/k"}"#, "a key without a certificate"),
        (#"{"ca": "/a", "certificate": "/c"}"#, "a certificate without a key"),
        (#"{"ca": "/a", "check_host_name": 2}"#, "check_host_name is 2; it must be true or false"),
        (#"{"ca": "/not/there"}"#, "names ca /not/there, which cannot be read"),
        (#"{"ca": "/dev/null"}"#, "which is no regular file"),
    ])
    func saysWhatIsWrong(value: String, hint: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try load(value) }
        let message = try #require(error?.message)
        #expect(message.hasPrefix("\(path): key \"tls\"") && message.contains(hint), "\(message)")
    }

    @Test func isNotThereUnlessItIsSet() throws {
        #expect(try load("null").encryption == nil)
    }
}
