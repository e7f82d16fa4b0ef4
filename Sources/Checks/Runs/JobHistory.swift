import Recipes
import Steering
import Text

/// A record of a job, and what it says about successes, for `check job`.
struct JobHistory {
    let record: JobRecord
    let createdMilliseconds: Int64
    let sight: JobSight

    var lastSuccess: PastSuccess? { record.lastSuccess }
    var successAge: Int64? { lastSuccess?.ended.map { sight.age(of: $0) } }
    /// What came after the last success and was no failure of the job's own, and what was one.
    var stops: [PastRun] { unsuccessful.filter { RunMark($0) == .stopped } }
    var failures: [PastRun] { unsuccessful.filter { RunMark($0) != .stopped } }

    private var unsuccessful: ArraySlice<PastRun> {
        record.runs[((record.runs.lastIndex(where: \.hasSucceeded) ?? -1) + 1)...]
    }

    var success: String {
        guard let run = lastSuccess else {
            switch record.runs.count {
            case 0: return "no run has ended yet"
            case 1: return "no success yet, in one run"
            case let count: return "no success among the last \(count) runs"
            }
        }
        let age = successAge.map { "\(TimeText.of(milliseconds: $0)) ago" } ?? "at an unknown time"
        return "last success \(age) on \(Excerpt.of(run.host))"
    }

    /// What has become of the runs since the last success, if there were any.
    var failure: String? {
        let parts = [failureOfItsOwn, stop].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private var failureOfItsOwn: String? {
        guard let last = failures.last else { return nil }
        let others = stops.isEmpty ? "" : " that were not stopped"
        let runs =
            failures.count == 1
            ? "the last run\(stops.isEmpty ? "" : " that was not stopped") failed "
            : "the last \(failures.count) runs\(others) failed, the newest "
        return "\(runs)\(age(last))on \(Excerpt.of(last.host)) (\(last.ending))"
    }

    /// The newest run, if an operator has ended it.
    private var stop: String? {
        guard let last = unsuccessful.last, RunMark(last) == .stopped else { return nil }
        return "the last run was stopped \(age(last))on \(Excerpt.of(last.host)) (\(last.ending))"
    }

    private func age(_ run: PastRun) -> String {
        run.endMilliseconds.map { "\(TimeText.of(milliseconds: sight.age(of: $0))) ago " } ?? ""
    }
}
