import ArgumentParser
import Checks
import Coordination
import Fleet
import Glibc
import Run
import Steering
import Text

struct CheckJob: CheckVerb, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Whether anybody has run a job with success lately.",
        discussion: """
            CRITICAL when nobody has: never run, not started any more, failing, lost, or running too long. A paused job \
            is a WARNING. A DURATION is a number with s, m, h or d.
            """)

    @OptionGroup var configuration: ConfigurationOption
    @OptionGroup var printing: PrintingOption
    @Option(help: ArgumentHelp("How long ago the last success may have ended.", valueName: "duration"))
    var within: String
    @Option(help: ArgumentHelp("How long one run may take; else as long as --within.", valueName: "duration"))
    var running: String?
    @Option(help: ArgumentHelp("Warn when the last success ended longer ago than this.", valueName: "duration"))
    var warning: String?
    @Argument(help: "The job's lock.", completion: NameCompletion.jobs) var lockname: String

    func verdict() throws -> Verdict {
        _ = try LockName(bytes: Array(lockname.utf8))
        let check = JobCheck(
            within: try allowance(within, "--within"), warning: try warning.map { try allowance($0, "--warning") },
            running: try running.map { try allowance($0, "--running") })
        let name = lockname
        return try FleetConnection.open(try configuration.load().withPatienceOfAChecker) { fleet in
            let reader = JobReader(fleet: fleet, lockname: name)
            var sight = try await reader.read()
            let verdict = check.verdict(on: sight)
            // As many questions as there are resources: not for a job that is well.
            if verdict.severity == .ok || sight.lock != nil { return verdict }
            sight.line = try await reader.readLine()
            return check.verdict(on: sight)
        }
    }

    private func allowance(_ text: String, _ option: String) throws -> JobCheck.Allowance {
        guard let allowance = JobCheck.Allowance(text) else {
            throw Complaint.failed(
                .usage,
                "invalid value \"\(Excerpt.of(text))\" for \(option): expected a number with s, m, h or d (25h, 8d)"
            )
        }
        return allowance
    }
}
