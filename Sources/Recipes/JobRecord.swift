/// The job's record, `PREFIX/jobs/LOCKNAME`: the mark of a lock, and the memory of its last runs. At most 4 kB of JSON.
package struct JobRecord: Sendable, Equatable {
    package enum State: String, Sendable {
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
    /// The server's clock when the command was started, in milliseconds since the epoch; likewise known only afterwards, but
    /// for `--min-interval`, which has it written before the start.
    package var started: Int64?
    /// The holder has started nothing yet, and writes again before it does.
    package var isWaiting = false
    package var ticks = Ticks()
    package var runs: [PastRun]

    package init(session: String, n: Int, term: Int64, host: String, pid: Int32, runs: [PastRun]) {
        state = .running
        (self.session, self.n, self.term, self.host, self.pid, self.runs) = (session, n, term, host, pid, runs)
    }

    /// Nil for what is no record, or has a term that nobody may ask of a successor. The runs are only a memory: a version
    /// that writes them otherwise must not stop the job.
    package init?(bytes: [UInt8]) {
        guard let members = (try? JSONValue.parse(bytes))?.object,
            let state = members["state"]?.string.flatMap(State.init), let session = members["session"]?.string,
            let n = members["n"]?.integer, let n = Int(exactly: n),
            let term = members["term"]?.integer, (0...Term.secondsMax).contains(term)
        else { return nil }
        let runs = members["runs"]?.array?.map(PastRun.init(value:)) ?? []
        self.init(
            session: session, n: n, term: term, host: members["host"]?.string ?? "?",
            pid: members["pid"]?.integer.flatMap(Int32.init(exactly:)) ?? 0,
            runs: runs.contains(nil) ? [] : runs.compactMap(\.self))
        self.state = state
        token = members["token"]?.integer
        started = members["started"]?.integer
        isWaiting = members["waiting"] == .boolean(true)
        func tick(_ name: ExactName) -> Tick? { members[name]?.string.flatMap(Tick.init) }
        (ticks.current, ticks.started, ticks.done) = (tick("tick"), tick("ticked"), tick("done"))
        ticks.period = members["period"]?.string.flatMap(Period.init)
    }

    /// Whether one of these sessions wrote it.
    func isOf(_ sessions: Set<Int64>) -> Bool {
        UInt64(session, radix: 16).map { sessions.contains(Int64(bitPattern: $0)) } ?? false
    }

    /// The oldest runs give way to the limits, but for the last success: how long it is ago is what monitoring asks.
    package func encoded() -> [UInt8] {
        var kept = runs.suffix(Self.runsMax)
        let isForgotten = !kept.contains(where: \.hasSucceeded)
        let success = isForgotten ? runs.last(where: \.hasSucceeded) : nil
        if success != nil { kept = kept.suffix(Self.runsMax - 1) }
        while true {
            let value = JSONValue.object([
                "state": .string(state.rawValue), "session": .string(session), "n": .integer(Int64(n)),
                "term": .integer(term), "host": .string(host), "pid": .integer(Int64(pid)),
                "token": token.map { .integer($0) } ?? .null, "started": started.map { .integer($0) } ?? .null,
                "waiting": isWaiting ? .boolean(true) : .null,
                "tick": ticks.current.map { .string($0.text) } ?? .null,
                "period": ticks.period.map { .string($0.text) } ?? .null,
                "ticked": ticks.started.map { .string($0.text) } ?? .null,
                "done": ticks.done.map { .string($0.text) } ?? .null,
                "runs": .array(([success].compactMap(\.self) + kept).map(\.value)),
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

    package init(
        host: String, started: Int64?, heldMilliseconds: Int64? = nil, outcome: String, code: Int32? = nil,
        token: Int64? = nil, waitedMilliseconds: Int64? = nil, tick: String? = nil
    ) {
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
            tick: members["tick"]?.string.flatMap(Tick.init)?.text)
    }

    var value: JSONValue {
        .object([
            "host": .string(host), "started": started.map { .integer($0) } ?? .null,
            "held_ms": heldMilliseconds.map { .integer($0) } ?? .null, "outcome": .string(outcome),
            "code": code.map { .integer(Int64($0)) } ?? .null, "token": token.map { .integer($0) } ?? .null,
            "waited_ms": waitedMilliseconds.map { .integer($0) } ?? .null,
            "tick": tick.map { .string($0) } ?? .null,
        ])
    }

    /// When it ended, or else when it began; nil if nobody wrote that down.
    package var endMilliseconds: Int64? {
        started.map { started in
            let (end, overflows) = started.addingReportingOverflow(max(0, heldMilliseconds ?? 0))
            return overflows ? started : end
        }
    }
}
