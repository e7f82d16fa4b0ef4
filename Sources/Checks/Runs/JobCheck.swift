import Coordination
import Recipes
import Steering
import Text

/// `check job`: whether somebody has run a job with success lately; and if not, which of the things that can be wrong it
/// is.
package struct JobCheck: Sendable {
    /// How long ago the last success may be.
    private let within: Allowance
    /// From where on it is worth a warning.
    private let warning: Allowance?
    /// How long one run may take.
    private let running: Allowance

    /// A limit, as it was written.
    package struct Allowance: Sendable {
        let text: String
        let milliseconds: Int64

        /// Nil for what is no duration, or has no end.
        package init?(_ text: String) {
            guard case .seconds(let seconds)? = DurationText.parse(text), seconds > 0 else { return nil }
            self.text = text
            let (product, overflows) = seconds.multipliedReportingOverflow(by: 1000)
            milliseconds = overflows ? .max : product
        }
    }

    package init(within: Allowance, warning: Allowance? = nil, running: Allowance? = nil) {
        self.within = within
        self.warning = warning
        self.running = running ?? within
    }

    /// Which of the things it is, for `--json`.
    enum State: String {
        case fresh, running, firstRun = "first-run", paused, held, queued
        case stale, neverRun = "never-run", failing, stopped, lost, runningTooLong = "running-too-long"
        case original, unreadable
    }

    package func verdict(on sight: JobSight) -> Verdict {
        let (state, severity, message) = judgeData(judge(sight), sight)
        let clock = sight.clock == .host ? " (by this host's clock; ZooKeeper's is unknown)" : ""
        var facts: [ExactName: JSONValue] = [
            "lockname": .string(sight.lockname), "state": .string(state.rawValue),
            "paused": .boolean(sight.pause != nil),
            "clock": .string(sight.clock.rawValue), "within_s": .integer(within.milliseconds / 1000),
        ]
        if let note = sight.pause?.note { facts["pause"] = note.shownJSON }
        if let hold = sight.hold {
            (facts["held"], facts["hold"]) = (.string(hold.resource), hold.note.shownJSON)
        }
        if case .found(let record, _) = sight.record, let last = record.lastSuccess, let end = last.ended {
            facts["last_success"] = .string(ServerTime(milliseconds: end).utc)
            facts["last_success_age_s"] = .integer(sight.age(of: end) / 1000)
            facts["last_success_host"] = .string(last.host)
        }
        facts["data_error"] = sight.dataError.map { .string($0) }
        if let first = sight.line.first {
            facts["waiting_s"] = .integer(sight.age(of: first.contender.since.milliseconds) / 1000)
            facts["waiting_for"] = .array(first.resources.map { .string($0) })
        }
        if let lock = sight.lock { facts["held_s"] = .integer(sight.age(of: lock.since.milliseconds) / 1000) }
        let name = Excerpt.of(sight.lockname)
        return Verdict(check: "job", answer: Finding(severity, "", "\(name): \(message)\(clock)"), facts: facts)
    }

    private typealias Judgement = (State, Severity, String)

    private func judge(_ sight: JobSight) -> Judgement {
        let judgement = judgeLine(judgeRuns(sight), sight)
        // Whoever paused it knows that it does not run, and may forget that he did. Nothing else is forgiven.
        let isForgiven: Bool =
            switch judgement.0 {
            case .runningTooLong, .unreadable: false
            default: true
            }
        guard isForgiven else { return judgement }
        guard let pause = sight.pause else { return judgeHeld(judgement, sight) }
        let end = pause.note.until?.text ?? "it is resumed"
        return (
            .paused, .warning,
            "paused\(pause.isOfAll ? " with all jobs" : ""), and not started by anybody until \(end)\(pause.note.origin()); "
                + judgement.2
        )
    }

    /// A run that waits is none that nobody has started.
    private func judgeLine(_ judgement: Judgement, _ sight: JobSight) -> Judgement {
        guard let first = sight.line.first, sight.lock == nil, judgement.1 != .ok else { return judgement }
        let (contender, count) = (first.contender, sight.line.count)
        let age = sight.age(of: contender.since.milliseconds)
        let wait =
            "a run on \(Excerpt.of(contender.host))\(contender.pid.map { " (pid \($0))" } ?? "") has waited for \(first.target) "
            + "for \(TimeText.of(milliseconds: age))\(count > 1 ? ", the first of \(count)" : "")"
        switch (judgement.0, sight.record) {
        case (.neverRun, .none):
            // As with a record: it may be new.
            return (
                .queued, age <= within.milliseconds ? .warning : .critical, "never run yet: \(wait)\(unseen(sight))"
            )
        case (.neverRun, _), (.stale, _): return (.queued, judgement.1, "queued: \(wait); \(judgement.2)")
        default: return (judgement.0, judgement.1, "\(judgement.2); \(wait)")
        }
    }

    /// Data that no run can read stops every run that needs it, and lifts all pauses.
    private func judgeData(_ judgement: Judgement, _ sight: JobSight) -> Judgement {
        guard let error = sight.dataError else { return judgement }
        let (state, severity, message) = judgement
        // A line of its own would not reach a pager.
        let sentence = "\(error); until then nobody can tell whether the job is paused"
        if severity == .ok { return (state, .warning, "\(sentence); \(message)") }
        return (state, severity, "\(message); \(sentence)")
    }

    private func judgeHeld(_ judgement: Judgement, _ sight: JobSight) -> Judgement {
        guard let hold = sight.hold else { return judgement }
        let (resource, end) = (Excerpt.of(hold.resource, longest: 255), hold.note.until?.text ?? "it is released")
        return (
            .held, .warning,
            "waiting for permits of \(resource), which is held until \(end)\(hold.note.origin()); \(judgement.2)"
        )
    }

    private func judgeRuns(_ sight: JobSight) -> Judgement {
        switch sight.record {
        case .unreadable:
            return (
                .unreadable, .critical,
                "\(sight.recordPath) is no job's record, so every run refuses to start; delete the node if nothing of this job "
                    + "runs"
            )
        case .none:
            if let lock = sight.lock { return judgeOriginal(lock, nil, sight) }
            return (
                .neverRun, .critical,
                "never run: there is no \(sight.recordPath)\(unseen(sight))\(NearestWord.hint(sight.nearest))"
            )
        case .found(let record, let created):
            let history = JobHistory(record: record, createdMilliseconds: created, sight: sight)
            guard let lock = sight.lock else {
                return record.state == .running ? judgeLost(history) : judgeEnded(history)
            }
            if lock.session.isSession(record.session) {
                // Ended, and its session about to be closed.
                return record.state == .running ? judgeRunning(lock, history) : judgeEnded(history)
            }
            return judgeOriginal(lock, history, sight)
        }
    }

    // MARK: - While it runs

    private func judgeRunning(_ lock: Contender, _ history: JobHistory) -> Judgement {
        let sight = history.sight
        let length = sight.age(of: lock.since.milliseconds)
        let what = history.record.isWaiting ? "waiting out a lost holder's term" : "running"
        let place =
            "\(what) on \(Excerpt.of(lock.host))\(lock.pid.map { " (pid \($0))" } ?? "") for \(TimeText.of(milliseconds: length))"
        if length > running.milliseconds {
            return (
                .runningTooLong, .critical,
                "running too long: \(place), longer than \(running.text); \(history.success)"
            )
        }
        guard let end = history.lastSuccess?.ended else {
            let isYoung = sight.age(of: history.createdMilliseconds) <= within.milliseconds
            guard let failure = history.failure else { return (.firstRun, .ok, "\(place), for the first time") }
            // Whoever stopped the runs before it knows of them.
            if history.failures.isEmpty, isYoung { return (.firstRun, .ok, "\(place); \(failure)") }
            let (state, word) = trouble(history)
            return (state, isYoung ? .warning : .critical, "\(word): \(failure); \(place)")
        }
        let (gap, overflows) = lock.since.milliseconds.subtractingReportingOverflow(end)
        if !overflows, gap <= within.milliseconds {
            return graded(.running, "\(place); \(history.success)", age: history.successAge)
        }
        let failure = history.failure.map { "\($0); " } ?? ""
        let (state, word) = history.failure == nil ? (.stale, "started late") : trouble(history)
        return (
            state, .critical, "\(word): \(failure)\(history.success), longer ago than \(within.text); \(place)"
        )
    }

    /// The record says that a command may be running, and nobody holds the lock.
    private func judgeLost(_ history: JobHistory) -> Judgement {
        let record = history.record
        let isFresh = history.successAge.map { $0 <= within.milliseconds } ?? false
        return (
            .lost, isFresh ? .warning : .critical,
            "lost: \(Excerpt.of(record.host)) (pid \(record.pid)) vanished while running it, and nobody has started it since; "
                + history.success
        )
    }

    private func judgeOriginal(_ lock: Contender, _ history: JobHistory?, _ sight: JobSight) -> Judgement {
        let length = sight.age(of: lock.since.milliseconds)
        let holder =
            "\(Excerpt.of(lock.host))\(lock.pid.map { " (pid \($0))" } ?? "") for \(TimeText.of(milliseconds: length)), "
            + "an original "
            + "switchman, whose runs leave no record"
        let known = history.map { "; \($0.success)" } ?? ""
        if length > running.milliseconds {
            return (
                .runningTooLong, .critical, "running too long: held by \(holder), longer than \(running.text)\(known)"
            )
        }
        if let age = history?.successAge, age <= within.milliseconds {
            return graded(.running, "held by \(holder)\(known)", age: age)
        }
        return (.original, .unknown, "held by \(holder)\(known)")
    }

    // MARK: - While nobody runs it

    private func judgeEnded(_ history: JobHistory) -> Judgement {
        let sight = history.sight
        if let age = history.successAge, age <= within.milliseconds {
            let failure = history.failure.map { "; \($0)" } ?? ""
            return graded(.fresh, history.success + failure, age: age)
        }
        // A job that has never succeeded may be new.
        let isYoung = history.lastSuccess == nil && sight.age(of: history.createdMilliseconds) <= within.milliseconds
        let severity: Severity = isYoung ? .warning : .critical
        if let failure = history.failure {
            let (state, word) = history.failures.last?.outcome == "lost" ? (.lost, "lost") : trouble(history)
            return (
                state, severity, "\(word): \(failure); \(history.success)\(tooLong(history))\(unseen(sight))"
            )
        }
        if history.lastSuccess == nil {
            return (.neverRun, severity, "taken, but never run: \(sight.recordPath) remembers no run\(unseen(sight))")
        }
        return (
            .stale, .critical,
            "not started by anybody since: \(history.success)\(tooLong(history))\(unseen(sight))"
        )
    }

    /// What runs without a success are. One that an operator has ended is no failure.
    private func trouble(_ history: JobHistory) -> (State, String) {
        history.failures.isEmpty ? (.stopped, "stopped") : (.failing, "failing")
    }

    private func tooLong(_ history: JobHistory) -> String {
        history.lastSuccess == nil ? "" : ", longer ago than \(within.text)"
    }

    private func unseen(_ sight: JobSight) -> String {
        sight.hasOriginals ? " (an original's runs leave no record)" : ""
    }

    private func graded(_ state: State, _ message: String, age: Int64?) -> Judgement {
        guard let warning, let age, age > warning.milliseconds else { return (state, .ok, message) }
        return (state, .warning, "\(message), longer ago than \(warning.text)")
    }
}
