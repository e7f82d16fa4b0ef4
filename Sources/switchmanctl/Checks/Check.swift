import ArgumentParser
import Checks
import Fleet
import Glibc
import Run

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find what is wrong before it does harm; for people and for monitoring.",
        discussion: """
            The first line says OK, WARNING, CRITICAL or UNKNOWN, and the exit code is 0, 1, 2 or 3, as monitoring \
            systems want it; further lines hold further findings. A mistake in the arguments is UNKNOWN, too.
            """,
        subcommands: [
            CheckJob.self, CheckRuns.self, CheckCrontab.self, CheckConfig.self, CheckHosts.self, CheckEnsemble.self,
        ])

    func run() throws { throw Complaint.failed(.usage, "no check is named; switchmanctl check --help lists them") }

    /// Whether this program was started for a check, whatever else is wrong with its arguments.
    static var isAskedFor: Bool {
        ArgumentOrder.verbFirst(CommandLine.arguments.dropFirst(), root: Switchmanctl.self).first == "check"
    }

    /// What could not be checked, as a verdict: a monitoring system reads standard output and knows four codes.
    static func leave(_ error: any Error, message: String) -> Never {
        var reason = message
        if let complaint = Complaint(error) {
            guard case .failed(_, let why) = complaint else {
                complaint.tell()
                Glibc.exit(complaint.code)
            }
            reason = why
        }
        let name = CommandLine.arguments.dropFirst(2).first { !$0.hasPrefix("-") } ?? "check"
        let known = configuration.subcommands.compactMap { $0.configuration.commandName }
        let verdict = Verdict(check: known.contains(name) ? name : "check", answer: Finding(.unknown, "", reason))
        if CommandLine.arguments.contains("--json") { Screen.print(verdict.json) } else { Screen.print(verdict.text) }
        Glibc.exit(verdict.severity.exitCode)
    }
}

/// One of the checks.
protocol CheckVerb: ParsableCommand {
    var printing: PrintingOption { get }
    func verdict() throws -> Verdict
}

extension CheckVerb {
    func run() throws {
        let verdict = try verdict()
        if printing.json { Screen.print(verdict.json) } else { Screen.print(verdict.text) }
        if verdict.severity != .ok { throw ArgumentParser.ExitCode(verdict.severity.exitCode) }
    }
}
