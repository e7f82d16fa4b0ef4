package import Coordination
import Text

/// The end of what the command of a failed run has written, as `PREFIX/outputs/LOCKNAME` holds it: a line of JSON that says
/// whose it is, then the bytes as they were written.
package struct KeptOutput: Sendable, Equatable {
    /// The lock's, as in the history.
    package var token: Int64?
    package var host: String
    /// The server's clock, in milliseconds since the epoch.
    package var endedMilliseconds: Int64?
    package var outcome: String
    package var code: Int32?
    /// How many bytes the command has written in all.
    package var written: Int64 = 0
    /// What went past the run: a terminal and a file are the command's own.
    package var hasOutput = true
    package var hasErrors = true
    package var bytes: [UInt8] = []

    /// The most that `--keep-output` keeps, in bytes: so that a fleet of thousands of jobs does not fill its servers' memory.
    package static let bytesMax = 32_768

    package init(token: Int64?, host: String, endedMilliseconds: Int64?, outcome: String, code: Int32?) {
        (self.token, self.host, self.endedMilliseconds) = (token, host, endedMilliseconds)
        (self.outcome, self.code) = (outcome, code)
    }

    /// Nil for what no run has written.
    package init?(bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let members = (try? JSONValue.parse(Array(bytes[..<end])))?.object,
            let host = members["host"]?.string, let outcome = members["outcome"]?.string
        else { return nil }
        self.init(
            token: members["token"]?.integer, host: host, endedMilliseconds: members["ended"]?.integer,
            outcome: outcome, code: members["code"]?.integer.flatMap(Int32.init(exactly:)))
        written = max(0, members["written"]?.integer ?? 0)
        hasOutput = members["stdout"]?.boolean ?? true
        hasErrors = members["stderr"]?.boolean ?? true
        self.bytes = Array(bytes[(end + 1)...])
    }

    package func encoded() -> [UInt8] {
        let header = JSONValue.object([
            "token": token.map { .integer($0) } ?? .null, "host": .string(host),
            "ended": endedMilliseconds.map { .integer($0) } ?? .null, "outcome": .string(outcome),
            "code": code.map { .integer(Int64($0)) } ?? .null, "written": .integer(written),
            "stdout": .boolean(hasOutput), "stderr": .boolean(hasErrors),
        ])
        return Array(header.text.utf8) + [UInt8(ascii: "\n")] + bytes
    }

    /// Replaces that of the last failure, if the record is still the run's own. One transaction, that nothing waits for.
    package func request(at path: String, record: String, version: Int32) -> Request {
        .multi([.check(record, version: version), .set(path, data: encoded(), version: -1)])
    }
}
