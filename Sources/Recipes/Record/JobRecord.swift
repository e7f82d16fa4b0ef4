import Coordination
import Text

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
    package var generations = Generations()
    package var runs: [PastRun]
    package var lastSuccess: PastSuccess?

    package init(
        session: String, n: Int, term: Int64, host: String, pid: Int32, runs: [PastRun], state: State = .running
    ) {
        self.state = state
        (self.session, self.n, self.term, self.host, self.pid, self.runs) = (session, n, term, host, pid, runs)
        lastSuccess = runs.lazy.compactMap(PastSuccess.init).last
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
        generations = Generations(members: members)
        // Versions before this member had the runs only.
        lastSuccess = members["succeeded"].flatMap(PastSuccess.init(value:)) ?? lastSuccess
    }

    /// Whether one of these sessions wrote it.
    func isOf(_ sessions: Set<Int64>) -> Bool {
        SessionID(text: session).map { sessions.contains($0.number) } ?? false
    }

    /// Whether a success now would be the first after a failure. A run that an operator ended is neither.
    package var hasFailed: Bool { runs.last { $0.outcome != "released" }.map { !$0.hasSucceeded } ?? false }

    /// The oldest runs give way to the limits.
    package func encoded() -> [UInt8] {
        var kept = runs.suffix(Self.runsMax)
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
                "after": generations.afterValue ?? .null, "consumed": generations.consumedValue ?? .null,
                "succeeded": lastSuccess.map(\.value) ?? .null,
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
