import Text

/// The job's last success, which its record remembers however many failures come after it. Times are the server's, in milliseconds
/// since the epoch.
package struct PastSuccess: Sendable, Equatable {
    package var host: String
    /// The fencing token: another for each success.
    package var token: Int64?
    package var started: Int64?
    package var ended: Int64?
    /// Of `--once-per`, as text.
    package var tick: String?

    package init(host: String, token: Int64?, started: Int64?, ended: Int64?, tick: String?) {
        (self.host, self.token, self.started, self.ended, self.tick) = (host, token, started, ended, tick)
    }

    /// Nil for a run that did not succeed.
    package init?(_ run: PastRun) {
        guard run.hasSucceeded, run.host.utf8.count <= Self.hostBytesMax else { return nil }
        self.init(
            host: run.host, token: run.token, started: run.started, ended: run.endMilliseconds, tick: run.tick)
    }

    /// Nil for what is none. A host's name is bounded, since this is written again and again and must leave room for the rest.
    init?(value: JSONValue) {
        guard let members = value.object, let host = members["host"]?.string, host.utf8.count <= Self.hostBytesMax
        else {
            return nil
        }
        self.init(
            host: host, token: members["token"]?.integer, started: members["started"]?.integer,
            ended: members["ended"]?.integer, tick: members["tick"]?.string.flatMap(Tick.init)?.text)
    }

    /// DNS has no longer ones.
    private static let hostBytesMax = 255

    var value: JSONValue {
        .object([
            "host": .string(host), "token": token.map { .integer($0) } ?? .null,
            "started": started.map { .integer($0) } ?? .null, "ended": ended.map { .integer($0) } ?? .null,
            "tick": tick.map { .string($0) } ?? .null,
        ])
    }
}
