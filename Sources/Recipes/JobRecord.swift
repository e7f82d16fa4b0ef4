import FoundationEssentials

/// The job's record, `PREFIX/jobs/LOCKNAME`: the mark of a lock, and the memory of its last runs. At most 4 kB of JSON.
package struct JobRecord: Decodable, Sendable, Equatable {
    package enum State: String, Decodable, Sendable {
        /// A command may still be running, for `term` seconds at most after its holder was last heard of.
        case running
        case ended
    }

    package var state: State
    /// Which session's which take wrote this: nobody else touches it while it is running.
    package var session: String
    package var n: Int
    package var term: Int64
    package var host: String
    package var pid: Int32
    /// The fencing token of the run: known only once it is over, since the take that writes the record makes it.
    package var token: Int64?
    /// The server's clock at the take, in milliseconds since the epoch; likewise known only afterwards.
    package var started: Int64?
    package var runs: [PastRun]

    package init(session: String, n: Int, term: Int64, host: String, pid: Int32, runs: [PastRun]) {
        state = .running
        (self.session, self.n, self.term, self.host, self.pid, self.runs) = (session, n, term, host, pid, runs)
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        state = try values.decode(State.self, forKey: .state)
        session = try values.decode(String.self, forKey: .session)
        n = try values.decode(Int.self, forKey: .n)
        term = try values.decode(Int64.self, forKey: .term)
        host = (try? values.decodeIfPresent(String.self, forKey: .host)) ?? "?"
        pid = (try? values.decodeIfPresent(Int32.self, forKey: .pid)) ?? 0
        token = try? values.decodeIfPresent(Int64.self, forKey: .token)
        started = try? values.decodeIfPresent(Int64.self, forKey: .started)
        // Only a memory: a version that writes it otherwise must not stop the job.
        runs = (try? values.decodeIfPresent([PastRun].self, forKey: .runs)) ?? []
    }

    private enum CodingKeys: String, CodingKey { case state, session, n, term, host, pid, token, started, runs }

    /// Nil for what is no record, or has a term that nobody may ask of a successor.
    package init?(bytes: [UInt8]) {
        guard let record = try? JSONDecoder().decode(JobRecord.self, from: Data(bytes)),
            (0...Term.secondsMax).contains(record.term)
        else { return nil }
        self = record
    }

    /// The oldest runs give way to the limits.
    package func encoded() -> [UInt8] {
        var kept = runs.suffix(Self.runsMax)
        while true {
            let value = JSONValue.object([
                "state": .string(state.rawValue), "session": .string(session), "n": .integer(Int64(n)),
                "term": .integer(term), "host": .string(host), "pid": .integer(Int64(pid)),
                "token": token.map { .integer($0) } ?? .null, "started": started.map { .integer($0) } ?? .null,
                "runs": .array(kept.map(\.value)),
            ])
            let bytes = Array(value.text.utf8)
            if bytes.count <= Self.bytesMax || kept.isEmpty { return bytes }
            kept = kept.dropFirst()
        }
    }

    package static let runsMax = 10
    package static let bytesMax = 4096
}

/// One run in a record's memory; times are the server's, in milliseconds since the epoch.
package struct PastRun: Decodable, Sendable, Equatable {
    package var host: String
    package var started: Int64?
    package var heldMilliseconds: Int64?
    package var outcome: String
    package var code: Int32?
    package var token: Int64?

    package init(
        host: String, started: Int64?, heldMilliseconds: Int64? = nil, outcome: String, code: Int32? = nil,
        token: Int64? = nil
    ) {
        (self.host, self.started, self.heldMilliseconds) = (host, started, heldMilliseconds)
        (self.outcome, self.code, self.token) = (outcome, code, token)
    }

    enum CodingKeys: String, CodingKey {
        case host, started, heldMilliseconds = "held_ms", outcome, code, token
    }

    var value: JSONValue {
        .object([
            "host": .string(host), "started": started.map { .integer($0) } ?? .null,
            "held_ms": heldMilliseconds.map { .integer($0) } ?? .null, "outcome": .string(outcome),
            "code": code.map { .integer(Int64($0)) } ?? .null, "token": token.map { .integer($0) } ?? .null,
        ])
    }
}
