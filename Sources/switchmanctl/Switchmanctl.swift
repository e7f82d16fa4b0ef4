import ArgumentParser
import Fleet
import Glibc
import POSIX
import Run
import Steering
import Supervision

/// The operator's tool. Each verb is a file of its own, named after it.
@main
struct Switchmanctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchmanctl",
        abstract: "Watch and steer the jobs of a switchman fleet.",
        discussion: """
            Exit codes: 0 yes, 1 no, 64 usage, 65 bad data in ZooKeeper, 69 ZooKeeper not reached, 71 error of this \
            host, 77 denied by ZooKeeper, 78 bad configuration. The manual: man switchmanctl.
            """,
        version: "switchmanctl 2.0.0",
        subcommands: [
            Init.self, Status.self, Jobs.self, History.self, Output.self, Metrics.self, Stop.self, Pause.self,
            Resume.self,
            Drain.self,
            Undrain.self,
            Verify.self, Explain.self, Check.self, Groups.self, Resources.self, FleetDataVerb.self, Tidy.self,
            Sandbox.self,
        ])

    /// The parser's own way out prints the usage behind each mistake; here a mistake is one line, as everywhere.
    static func main() {
        do {
            Launch.fillStandardDescriptors()
            ThreadShortage.isMet { leave(Complaint.failed(.osError, ThreadShortage.message)) }
            if let objection = Privilege.objection { throw Complaint.failed(.osError, objection) }
            if let objection = SplitValue.objection(to: CommandLine.arguments.dropFirst()) {
                throw Complaint.failed(.usage, objection)
            }
            var command = try parseAsRoot(
                ArgumentOrder.verbFirst(CommandLine.arguments.dropFirst(), root: Switchmanctl.self))
            if let trouble = Launch.descriptorTrouble { throw Complaint.failed(.osError, trouble) }
            // It may come to hold credentials. What a sandbox runs has the caller's limit.
            if !(command is Sandbox) { Launch.forbidCoreFiles() }
            try command.run()
        } catch {
            leave(error)
        }
    }

    /// The verb that was meant, as far as the parser came.
    private static func verb(of error: any Error) -> String {
        // "Usage: switchmanctl groups add [--config <file>] ...": the words up to the first that is no name.
        let usage = fullMessage(for: error).split(separator: "\n").first { $0.hasPrefix("Usage: ") } ?? ""
        let words = usage.split(separator: " ").dropFirst().prefix { $0.allSatisfy(\.isLowercase) }
        return words.isEmpty ? "switchmanctl" : words.joined(separator: " ")
    }

    /// What is wrong with the arguments, and where to read how they should be.
    private static func objection(_ error: any Error) -> String {
        let slip = exitCode(for: error) == .validationFailure ? VerbSlip(CommandLine.arguments.dropFirst()) : nil
        return "\(slip?.sentence ?? message(for: error)) (see \(verb(of: error)) --help)"
    }

    func run() throws { throw Complaint.failed(.usage, "no verb; switchmanctl --help lists them") }

    /// The one place that turns an error into the user's line and an exit code.
    private static func leave(_ error: any Error) -> Never {
        if Check.isAskedFor, exitCode(for: error) == .validationFailure || Complaint(error) != nil {
            Check.leave(error, message: objection(error))
        }
        if let complaint = Complaint(error) {
            complaint.tell()
            Glibc.exit(complaint.code)
        }
        let code = exitCode(for: error)
        if code.isSuccess {
            // Help, version or completions.
            let text = fullMessage(for: error)
            let example = text.hasPrefix("OVERVIEW: ") ? VerbExample.ofHelp(CommandLine.arguments.dropFirst()) : nil
            Screen.print(text + "\n" + (example.map { "EXAMPLE: \($0)\n" } ?? ""))
        } else if error is ExitCode {
            // A plain no: what there was to say has been said.
        } else if !message(for: error).isEmpty {
            Screen.complain(objection(error))
        }
        Glibc.exit(code.rawValue)
    }
}
