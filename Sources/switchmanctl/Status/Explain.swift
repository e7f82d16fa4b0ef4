import ArgumentParser
import Fleet
import Glibc
import Invocation
import Recipes
import Run
import Steering
import Supervision
import ZooKeeper
import Text

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Would this run start here now, and if not, why not?",
        usage: "switchmanctl explain [--json] [<option of switchman> ...] [--] <command> ...",
        discussion: """
            Decides with what a run decides with, and takes nothing. The words are those of a crontab line, without \
            "switchman". The exit code is 0 if the run would start, 1 if it would wait or be skipped.
            """)

    @OptionGroup var printing: PrintingOption
    @Argument(parsing: .captureForPassthrough, help: "The words behind \"switchman\" in a crontab line.")
    var words: [String] = []

    func run() throws {
        // Of one word, which is what a job's name would be.
        let hint = words.count == 1 ? "; explain takes the words of a crontab line, not a job's name" : ""
        let plan = try Self.plan()
        let preview = Preview(plan: plan, hint: hint)
        let loop = try EventLoop()
        let answer = loop.run {
            await Client.briefly(
                servers: plan.servers, sessionTimeout: plan.sessionTimeout, access: plan.access, inbox: loop
            ) { await preview.perform(asking: $0, on: loop) }
        }
        guard let answer else {
            throw Complaint.failed(.osError, "internal error: the verb stopped before its end")
        }
        switch answer {
        case .failed(let ended): throw Complaint.failed(ended.outcome, ended.reason ?? ended.outcome.rawValue)
        case .forecast(let forecast):
            if printing.json {
                Screen.print(Self.json(forecast))
            } else {
                Screen.print(Visible.text(forecast.sentence) + "\n")
            }
            if forecast.outcome != nil { throw ArgumentParser.ExitCode(Answer.no.rawValue) }
        }
    }

    /// The words as this process was given them: to the parser they are text, and a command's need not be.
    private static func plan() throws -> Plan {
        var words = Arguments.ofThisProcess()[...].dropFirst(2)
        if words.first == Array("--json".utf8) { words = words.dropFirst() }
        do {
            switch try Arguments.parse([Array("switchman".utf8)] + words) {
            case .run(let arguments): return try Plan(arguments, environment: Environment.ofThisProcess())
            case .help: throw CleanExit.helpRequest(Self.self)
            case .version: throw Complaint.failed(.usage, "explain: --version starts nothing; name a command")
            }
        } catch let error as UsageError {
            throw Complaint.failed(.usage, "explain: \(error.message)")
        } catch let error as PlanError {
            throw Complaint.failed(error.outcome, "explain: \(error.message)")
        }
    }

    private static func json(_ forecast: Forecast) -> JSONValue {
        .object([
            "starts": .boolean(forecast.outcome == nil),
            "outcome": forecast.outcome.map { .string($0.rawValue) } ?? .null,
            "waits": .boolean(forecast.waits), "reasons": .array(forecast.reasons.map { .string($0) }),
        ])
    }
}
