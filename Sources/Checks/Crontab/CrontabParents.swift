import Recipes
import Steering
import Text

/// A line with `--after` whose run is skipped, since the jobs before it have not succeeded.
extension CrontabLateness {
    /// Why it would not be ready for what was due then, in a sentence for each of those jobs.
    func parentsInTheWay(of line: CrontabExpectation, due: Int64) -> [String] {
        let consumed = generations(consumedBy: line)
        let tick = line.oncePer.flatMap { zones.tick(due, $0, line.tickZone) }
        return line.after.names.compactMap { name in
            let lock = locks[ExactName(name)]
            let parent = ParentJob(name: name, record: lock?.record, writtenMilliseconds: lock?.recordWritten)
            let standing: ParentJob.Standing
            if let tick, let period = line.oncePer {
                standing = parent.standing(tick: tick, period: period)
            } else {
                standing = parent.standing(consumed: consumed)
            }
            return switch standing {
            case .ready: nil
            case .notYet(let why), .never(let why): why
            }
        }
    }

    private func generations(consumedBy line: CrontabExpectation) -> [Generation] {
        guard let record = locks[ExactName(line.lockname)]?.record else { return [] }
        let isRunning = record.state == .running && !record.isWaiting
        let generations = record.generations
        return (line.retriesFailed ? generations.done : generations.started) + (isRunning ? generations.current : [])
    }
}
