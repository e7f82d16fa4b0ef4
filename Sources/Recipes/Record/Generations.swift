import Text

/// One success of a job, as the jobs that come after it know it: by its fencing token, which is another for each success.
package struct Generation: Sendable, Equatable {
    package let job: String
    package let token: Int64

    package init(job: String, token: Int64) { (self.job, self.token) = (job, token) }

    package static func == (left: Generation, right: Generation) -> Bool {
        left.token == right.token && left.job.isSameName(as: right.job)
    }
}

/// What a record remembers of the successes that its own runs came after. Runs without `--after` carry it on.
package struct Generations: Sendable, Equatable {
    /// Those that the run that the record names has seen.
    package var current: [Generation] = []
    /// Those of the newest run before it that was started.
    package var started: [Generation] = []
    /// Those of the newest that succeeded, or was ended by an operator.
    package var done: [Generation] = []

    package init() {}

    /// Those of the newest run, whether it lasts or is over.
    package var newest: [Generation] { current.isEmpty ? started : current }

    /// The run of `current` is over, or lost. What earlier lists of jobs have left goes, so that the record stays small.
    ///
    /// - Parameter hasStarted: its command was started, or may have been.
    package mutating func conclude(hasStarted: Bool, isDone: Bool) {
        defer { current = [] }
        guard hasStarted, !current.isEmpty else { return }
        started = current
        let now = current
        done = isDone ? now : done.filter { old in now.contains { $0.job.isSameName(as: old.job) } }
    }

    /// Whether the record has to stay: without it the job would start again after the same successes.
    ///
    /// - Parameter latest: the newest success of each job of which there is a record.
    package func isNeeded(beside latest: [Generation]) -> Bool {
        (started + done).contains { latest.contains($0) }
    }

    // MARK: In the record

    init(members: [ExactName: JSONValue]) {
        if members["after"] == nil, members["consumed"] == nil { return }
        guard let names = Self.names(members["after"], members["consumed"]) else { return }
        let (after, consumed) = (members["after"]?.object ?? [:], members["consumed"]?.object ?? [:])
        for name in names {
            func generation(_ token: JSONValue?) -> [Generation] {
                token?.integer.map { [Generation(job: name.text, token: $0)] } ?? []
            }
            current += generation(after[name])
            started += generation(consumed[name]?.object?["started"])
            done += generation(consumed[name]?.object?["done"])
        }
    }

    /// Of data that nobody of ours has written, nothing: this is written again and again and must leave room for the rest.
    private static func names(_ values: JSONValue?...) -> [ExactName]? {
        let all = Set(values.flatMap { $0?.object.map { Array($0.keys) } ?? [] })
        if all.isEmpty { return [] }
        guard all.count <= 2 * EarlierJobs.namesMax,
            all.reduce(0, { $0 + $1.text.utf8.count }) <= 2 * EarlierJobs.bytesMax,
            // Control characters would grow to six times their length.
            all.allSatisfy({ NodeName.objection(to: Array($0.text.utf8), longestBytes: EarlierJobs.bytesMax) == nil })
        else { return nil }
        return all.sorted()
    }

    /// Nil if there is nothing to be remembered: the record of a job without the option is as it was before there was one.
    var afterValue: JSONValue? {
        current.isEmpty
            ? nil
            : .object(
                Dictionary(current.map { (ExactName($0.job), .integer($0.token)) }, uniquingKeysWith: { $1 }))
    }

    var consumedValue: JSONValue? {
        if started.isEmpty, done.isEmpty { return nil }
        var members: [ExactName: [ExactName: JSONValue]] = [:]
        for generation in started {
            members[ExactName(generation.job), default: [:]]["started"] = .integer(generation.token)
        }
        for generation in done { members[ExactName(generation.job), default: [:]]["done"] = .integer(generation.token) }
        return .object(members.mapValues { .object($0) })
    }
}
