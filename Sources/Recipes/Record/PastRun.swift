import Text

/// One run in a record's memory; times are the server's, in milliseconds since the epoch.
package struct PastRun: Sendable, Equatable {
    package var host: String
    package var started: Int64?
    package var heldMilliseconds: Int64?
    package var outcome: String
    package var code: Int32?
    package var token: Int64?
    package var waitedMilliseconds: Int64?
    /// Of `--once-per`, as text, if its command was started.
    package var tick: String?
    /// What the run's own `--success` said of its code; nil where 0 alone is a success.
    package var isSuccess: Bool?
    /// Of one that an operator has stopped: who, and why, in one line.
    package var stoppedBy: String?

    package init(
        host: String, started: Int64?, heldMilliseconds: Int64? = nil, outcome: String, code: Int32? = nil,
        token: Int64? = nil, waitedMilliseconds: Int64? = nil, tick: String? = nil, isSuccess: Bool? = nil,
        stoppedBy: String? = nil
    ) {
        (self.isSuccess, self.stoppedBy) = (isSuccess, stoppedBy)
        (self.host, self.started, self.heldMilliseconds) = (host, started, heldMilliseconds)
        self.waitedMilliseconds = waitedMilliseconds
        (self.outcome, self.code, self.token, self.tick) = (outcome, code, token, tick)
    }

    init?(value: JSONValue) {
        guard let members = value.object, let host = members["host"]?.string,
            let outcome = members["outcome"]?.string
        else { return nil }
        self.init(
            host: host, started: members["started"]?.integer, heldMilliseconds: members["held_ms"]?.integer,
            outcome: outcome, code: members["code"]?.integer.flatMap(Int32.init(exactly:)),
            token: members["token"]?.integer, waitedMilliseconds: members["waited_ms"]?.integer,
            tick: members["tick"]?.string.flatMap(Tick.init)?.text, isSuccess: members["ok"]?.boolean,
            stoppedBy: members["stopped_by"]?.string.map { Excerpt.of($0, longest: Self.longestStoppedBy) })
    }

    /// In characters: a name, a host and the beginning of a reason. The history has room for 4 kB.
    package static let longestStoppedBy = 120

    var value: JSONValue {
        var members: [ExactName: JSONValue] = [
            "host": .string(host), "started": started.map { .integer($0) } ?? .null,
            "held_ms": heldMilliseconds.map { .integer($0) } ?? .null, "outcome": .string(outcome),
            "code": code.map { .integer(Int64($0)) } ?? .null, "token": token.map { .integer($0) } ?? .null,
            "waited_ms": waitedMilliseconds.map { .integer($0) } ?? .null,
            "tick": tick.map { .string($0) } ?? .null,
        ]
        members["ok"] = isSuccess.map { .boolean($0) }
        members["stopped_by"] = stoppedBy.map { .string($0) }
        return .object(members)
    }

    /// All readers believe the run: they do not know its `--success`.
    package var hasSucceeded: Bool { isSuccess ?? (outcome == "ran" && code == 0) }

    /// When it ended, or else when it began; nil if nobody wrote that down.
    package var endMilliseconds: Int64? {
        started.map { started in
            let (end, overflows) = started.addingReportingOverflow(max(0, heldMilliseconds ?? 0))
            return overflows ? started : end
        }
    }
}
