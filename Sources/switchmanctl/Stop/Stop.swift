import ArgumentParser
import Coordination
import Fleet
import Steering
import Text

struct Stop: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "Ask the holder of a lock to end its command safely and release.",
        discussion: """
            The holder sends its command SIGTERM and, after its termination_timeout, SIGKILL, waits for the end of \
            all its processes, releases, and exits with 80. The request lasts as long as this program; a holder that \
            has seen it goes through with it. The exit code is 1 if nobody holds the lock, or if it is still held at the end.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @OptionGroup var patience: StopTimeout
    @Flag(help: "Delete the lock of a holder that does not answer, after a warning that says what this means.")
    var force = false
    @Option(help: ArgumentHelp("Why; the run's log and history say so.", valueName: "text")) var why: String?
    @OptionGroup var lock: LockArgument

    func check() throws {
        try lock.check()
        _ = try patience.limit()
        _ = try PauseOptions.reason(why)
    }

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let name = lock.lockname
        let status = try await StatusReader(fleet: fleet, only: name, watches: false).readAll()
        status.dataError.map { Screen.complain("warning: \($0)") }
        guard let found = status.locks.first, found.holder != nil else {
            let hint = try await KnownJobs.hint(at: name, fleet)
            throw Complaint.no(StopEnding.nobody(holds: name, status.locks.first) + hint)
        }
        let timeout = try patience.limit() ?? Stopping.patience(fleet)
        let report = StopReport(isJSON: printing.json, why: why)
        if force { return try await ForcedStop(fleet: fleet, report: report, timeout: timeout).perform(found) }
        return try await report.perform([found], fleet, timeout: timeout)
    }
}

/// How long to wait for a holder.
struct StopTimeout: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long to wait for the end: 30s, 5m, forever. Default: termination_timeout and 30 s.",
            valueName: "duration"))
    var timeout: String?

    func limit() throws(EditError) -> Limit? {
        guard let timeout else { return nil }
        guard let limit = DurationText.parse(timeout) else {
            throw .usage("invalid value \"\(Excerpt.of(timeout))\" for --timeout: expected \(DurationText.form)")
        }
        return limit
    }
}

extension Limit {
    /// Nil: for as long as it takes.
    var duration: Duration? {
        if case .seconds(let seconds) = self { .seconds(seconds) } else { nil }
    }
}
