import Invocation
import Recipes
import Steering
import Text

/// Lines with `--after` that look at a job when it cannot have succeeded yet. Only what the schedules say for certain.
extension CrontabCheck {
    /// Why no run of the line can find a success of that job, or none but that of the round before.
    ///
    /// - Parameter lines: those of the job that it comes after.
    func chainTime(
        of job: CrontabLine.Job, after name: String, _ lines: [CrontabLine.Job], _ meetings: inout CrontabMeetings
    ) -> (Severity, String)? {
        // A line of which nobody knows when it is due may be due at any time.
        let before = lines.compactMap(\.due)
        guard let due = job.due, before.count == lines.count, before.allSatisfy({ $0.zone == due.zone }) else {
            return nil
        }
        let shown = "\"\(Excerpt.of(name, longest: 255))\""
        if let own = due.period { return Self.never(due, before, own, shown, job.remedy, &meetings) }
        guard before.count == 1, let other = before.first, let patience = due.patience else { return nil }
        if due.times == other.times, patience == 0 {
            return (
                .warning,
                "--after: \(shown) is due at the same minutes as this line, which does not wait for it, and so comes after the "
                    + "success of the round before; \(job.remedy)"
            )
        }
        guard let (age, lead) = due.distances(from: other), lead > 0, patience < lead * 60, lead * 3 <= age else {
            return nil
        }
        func text(_ minutes: Int64) -> String { TimeText.of(milliseconds: minutes * 60_000) }
        return (
            .ok,
            "--after: this line is due \(text(lead)) before \(shown), and so comes after its success of \(text(age)) ago; if that "
                + "is not meant, \(job.remedy)"
        )
    }

    /// By ticks: a success counts in its own period only.
    private static func never(
        _ due: CrontabDue, _ before: [CrontabDue], _ own: Period, _ shown: String, _ remedy: String,
        _ meetings: inout CrontabMeetings
    ) -> (Severity, String)? {
        let periods = before.compactMap(\.period)
        // The record has the period of the newest run. A line without a tick leaves no success that counts.
        guard let theirs = periods.first, periods.allSatisfy({ $0 == theirs }) else { return nil }
        let unit = own.longer(theirs).unit
        guard let best = meetings.best(of: due, with: Set(before.filter { $0.period != nil })) else {
            return nil
        }
        switch best {
        case .earlier: return nil
        case .atTheSameMinute:
            return (
                .warning,
                "--after: in one \(unit), \(shown) is due at the same minute as this line at the earliest, and this line does not "
                    + "wait for it; \(remedy)"
            )
        case .later:
            return (
                .warning,
                "--after: in one \(unit), \(shown) is never due before this line, so that this line never starts; \(remedy)"
            )
        case .apart:
            return (
                .warning,
                "--after: \(shown) and this line are never due in the same \(unit), so that this line never starts; give both a "
                    + "longer --once-per, or change a schedule"
            )
        }
    }
}

extension CrontabLine.Job {
    fileprivate var remedy: String {
        due?.patience == 0 ? "let it be due later, or add --wait" : "let it be due later, or wait longer"
    }
}

extension Period {
    /// For "in one ...".
    fileprivate var unit: String {
        switch self {
        case .minutes, .hours: "period of \(text)"
        case .hour, .day, .week, .month: text
        }
    }
}
