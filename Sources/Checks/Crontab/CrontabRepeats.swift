import Invocation
import Recipes
import Steering

/// How often a line starts its command, and on how many hosts.
extension CrontabLine {
    /// A run that comes a moment early finds the interval not over, and is skipped: every second run would be. Unless it is there
    /// to repeat what has failed.
    func judgeInterval(_ arguments: Arguments, _ schedule: CrontabSchedule, _ reading: inout Reading) {
        guard let gap = schedule.leastGapMinutes, let seconds = arguments.minInterval, !arguments.retryFailed,
            seconds >= Int64(gap) * 60
        else { return }
        reading.findings.append(
            (
                .warning,
                "--min-interval of \(TimeText.of(milliseconds: seconds * 1000)) is not less than the "
                    + "\(TimeText.of(milliseconds: Int64(gap) * 60_000)) between two starts, so that runs would be skipped; "
                    + "make it shorter, since hosts' clocks differ"
            ))
    }

    func judgePeriod(_ arguments: Arguments, _ schedule: CrontabSchedule, _ reading: inout Reading) {
        guard let gap = schedule.leastGapMinutes, let period = arguments.oncePer, !arguments.retryFailed,
            period.seconds > Int64(gap) * 60
        else { return }
        reading.findings.append(
            (
                .warning,
                "--once-per \(period.text) is longer than the \(TimeText.of(milliseconds: Int64(gap) * 60_000)) between two "
                    + "starts, so that all but the first in a period are skipped; make it shorter, or add --retry-failed"
            ))
    }

    /// Every host that waits has its turn. Whoever means another program's -w has been told.
    func judgeWait(_ arguments: Arguments, _ options: [ShellWord], _ reading: inout Reading) {
        guard !reading.findings.contains(where: { $0.severity == .critical }), arguments.takesLock,
            arguments.wait != nil,
            arguments.minInterval == nil, arguments.oncePer == nil, arguments.after == nil,
            arguments.lockname == nil || !options.contains(where: \.isDynamic)
        else { return }
        reading.findings.append(
            (
                .warning,
                "--wait without --once-per: on several hosts, each of them runs the command in turn; add --once-per PERIOD, or "
                    + "put the host's name into --lockname"
            ))
    }

    /// What the command writes straight to a file is its own.
    func judgeOutput(of call: SwitchmanCall, _ arguments: Arguments, _ reading: inout Reading) {
        guard arguments.keptOutput != nil, call.writesToFiles else { return }
        reading.findings.append(
            (
                .warning,
                "--keep-output keeps nothing where standard output and standard error go to a file; write to it by a pipe "
                    + "(2>&1 | tee -a FILE), or leave out one of the two"
            ))
    }
}
