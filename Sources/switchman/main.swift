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
/// Nor could its orphans.
let noSubreaper =
    "a process can adopt no orphans here (PR_SET_CHILD_SUBREAPER), so a command could not be supervised; allow it, or use Linux 3.4 or newer"
let words = Arguments.ofThisProcess()
if words.isEmpty {
    Screen.complain(noProc)
    exit(Outcome.osError.defaultCode)
}

let arguments: Arguments
do {
    switch try Arguments.parse(words) {
    case .help:
        launch.restoreSignals()
        Screen.print(HelpText.help)
        exit(0)
    case .version:
        launch.restoreSignals()
        Screen.print(HelpText.version + "\n")
        exit(0)
    case .run(let parsed): arguments = parsed
    }
} catch {
    Screen.complain(error.message)
    exit(Outcome.usage.defaultCode)
}

let codes = ExitCode(arguments)
if let trouble = Launch.descriptorTrouble {
    Screen.complain(trouble)
    exit(codes.code(for: Ended(outcome: .osError)))
}
let plan: Plan
do {
    plan = try launch.interruptibly { () throws(PlanError) in
        try Plan(arguments, environment: Environment.ofThisProcess())
    }
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
        lostExitCode: codes.code(for: Ended(outcome: .lost)),
        unbegunExitCode: codes.code(for: Ended(outcome: .osError)), lockname: plan.job.lockname, cgroup: plan.cgroup)
else {
    let failure = errno
    Screen.complain(
        failure == ENOTSUP ? noProc : failure == ENOSYS ? noSubreaper : "cannot start the supervisor: \(String(errno: failure))")
    exit(codes.code(for: Ended(outcome: .osError)))
}
let wrapper = Wrapper(plan: plan, codes: codes, supervisor: supervisor)
let threadFailure = FreshThread.perform {
    wrapper.perform()
    // The C client's threads end with the process: nothing here is worth waiting for them.
    _exit(0)
}
Screen.complain("cannot make a thread: \(String(errno: threadFailure))")
supervisor.guardian.tellFront(code: codes.code(for: Ended(outcome: .osError)), dieOf: 0)
_exit(0)
