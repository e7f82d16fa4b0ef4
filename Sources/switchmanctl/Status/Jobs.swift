import ArgumentParser
import Fleet
import Invocation
import Run
import Steering

struct Jobs: FleetVerb {
    static let configuration = CommandConfiguration(
        abstract: "List every job that is known, with its last runs.",
        discussion: """
            Jobs that were lost, failed or are late come first. RUNS are the last ten, the newest at the right: ● succeeded, \
            ✕ failed, ▲ stopped by an operator, ◆ lost, or ended by a signal or a time limit.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption

    func perform(_ fleet: FleetConnection) async throws -> Answer {
        let status = try await StatusReader(fleet: fleet, only: nil, watches: false).readAll()
        status.dataError.map { Screen.complain("warning: \($0)") }
        let jobs = JobList(status, nowMilliseconds: WallClock.milliseconds)
        if printing.json {
            Screen.print(jobs.json)
        } else if jobs.isEmpty {
            Screen.print("no job is known\n")
        } else {
            Screen.print(jobs.table)
        }
        if status.dataError != nil { throw ExitCode(Outcome.badData.defaultCode) }
        return .yes
    }
}
