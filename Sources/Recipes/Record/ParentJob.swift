import Text

/// A job that another one comes after, as its record shows it: whether it has succeeded, and if not, why.
package struct ParentJob: Sendable {
    package enum Standing: Sendable, Equatable {
        /// With the token of the success, if it goes by tokens.
        case ready(Int64?)
        case notYet(String)
        /// Nor will it be, for this tick.
        case never(String)
    }

    package let name: String
    /// Nil if there is none, or none that can be read.
    package let record: JobRecord?
    /// When it was last written, by the servers' clock, in milliseconds since the epoch; nil if there is no node.
    package let writtenMilliseconds: Int64?

    package init(name: String, record: JobRecord?, writtenMilliseconds: Int64?) {
        (self.name, self.record, self.writtenMilliseconds) = (name, record, writtenMilliseconds)
    }

    package var isMissing: Bool { writtenMilliseconds == nil }

    // MARK: By generation

    /// - Parameter consumed: the successes that need no run any more, of this job and of others.
    package func standing(consumed: [Generation]) -> Standing {
        guard let record else { return .notYet(unknown) }
        guard let success = record.lastSuccess, let token = success.token else {
            return .notYet("\(shown) has not succeeded yet\(latest)")
        }
        guard consumed.contains(Generation(job: name, token: token)) else { return .ready(token) }
        let when = success.ended.map { " at \(TimeStamp(milliseconds: $0).text)" } ?? ""
        return .notYet("\(shown) has not succeeded again since its last success\(when)\(latest)")
    }

    // MARK: By tick

    /// Whether a success is remembered of the same period, the longer one of the two jobs'.
    package func standing(tick: Tick, period: Period) -> Standing {
        guard let record, let writtenMilliseconds else { return .notYet(unknown) }
        let theirs = record.ticks.period ?? period
        let latestBelieved = writtenMilliseconds / 1000 + max(period.seconds, theirs.seconds) / 2 + 1
        let successes = record.runs.filter(\.hasSucceeded).map(\.tick) + (record.lastSuccess.map { [$0.tick] } ?? [])
        // What lies further ahead was written by a clock that was wrong.
        let ticks = successes.compactMap { $0 }.compactMap(Tick.init).filter { $0.seconds <= latestBelieved }
        let order = ticks.map { $0.compare(with: tick, theirs, period) }
        if order.contains(.same) { return .ready(nil) }
        if !successes.isEmpty, ticks.isEmpty {
            return .notYet("the successes of \(shown) have no tick; give it --once-per as well\(latest)")
        }
        if let index = order.lastIndex(of: .later) {
            let later = ticks[index]
            return .never(
                "\(shown) has succeeded for \(later.text) already, and no success for \(tick.text) is remembered\(latest)"
            )
        }
        return .notYet("\(shown) has not succeeded for \(tick.text) yet\(latest)")
    }

    // MARK: Sentences

    private var shown: String { Excerpt.of(name, longest: 255) }

    private var unknown: String {
        isMissing
            ? "there is no record of \(shown): it has not run yet, or has another lockname, or runs with --no-lock"
            : "the record of \(shown) is none"
    }

    /// What it has done since, with a semicolon before it.
    private var latest: String {
        guard let record, let writtenMilliseconds else { return "" }
        func text(_ milliseconds: Int64) -> String { TimeStamp(milliseconds: milliseconds).text }
        if record.state == .running {
            return "; it has been running on \(Excerpt.of(record.host)) since \(text(writtenMilliseconds))"
        }
        guard let last = record.runs.last, !last.hasSucceeded else { return "" }
        let code = last.code.map { ", code \($0)" } ?? ""
        let when = last.endMilliseconds.map { " at \(text($0))" } ?? ""
        return "; its last run failed on \(Excerpt.of(last.host))\(when) (\(Excerpt.of(last.outcome))\(code))"
    }
}
