import Glibc
import Invocation
import Recipes
import Run
import Supervision

// One run, in the order in which it happens: arguments, configuration, plan, three processes, acquisition and tenure under
// the supervisor, exit code. Nothing before the fork starts a thread.

var launch = Launch()

/// Without it no process of the command can be found, nor, by Swift's runtime, our own arguments.
let noProc = "there is no /proc of this process here, so a command could not be supervised; mount it"
let words = Arguments.ofThisProcess()
if words.isEmpty {
    Screen.complain(noProc)
    exit(Outcome.osError.defaultCode)
}

let arguments: Arguments
do {
    switch try Arguments.parse(words) {
    case .help: Screen.print(HelpText.help); exit(0)
    case .version: Screen.print(HelpText.version + "\n"); exit(0)
    case .run(let parsed): arguments = parsed
    }
} catch {
    Screen.complain(error.message)
    exit(Outcome.usage.defaultCode)
}

let codes = ExitCode(arguments)
let plan: Plan
do {
    plan = try Plan(arguments, environment: Environment.ofThisProcess())
} catch {
    Screen.complain(error.message)
    exit(codes.code(for: Ended(outcome: error.outcome)))
}

if plan.isDryRun {
    launch.restoreSignals()
    exit(DryRun(plan: plan, codes: codes).perform())
}

guard
    let supervisor = launch.fork(
        command: arguments.commandVector, descendants: plan.descendants, grace: plan.grace,
        lostExitCode: codes.code(for: Ended(outcome: .lost)), lockname: plan.job.lockname)
else {
    Screen.complain(errno == ENOTSUP ? noProc : "cannot fork: \(String(errno: errno))")
    exit(codes.code(for: Ended(outcome: .osError)))
}
let wrapper = Wrapper(plan: plan, codes: codes, supervisor: supervisor)
let failure = FreshThread.perform {
    wrapper.perform()
    // The C client's threads end with the process: nothing here is worth waiting for them.
    _exit(0)
}
Screen.complain("cannot make a thread: \(String(errno: failure))")
supervisor.guardian.tellFront(code: codes.code(for: Ended(outcome: .osError)), dieOf: 0)
_exit(0)
