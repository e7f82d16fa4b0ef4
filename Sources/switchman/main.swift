import Coordination
import Glibc
import Invocation
import POSIX
import Recipes
import Run
import Supervision

// One run, in the order in which it happens: arguments, configuration, plan, three processes, acquisition and tenure under
// the supervisor, exit code. Nothing before the fork starts a thread.

var launch = Launch()

if let objection = Privilege.objection {
    Screen.complain(objection)
    exit(Outcome.osError.defaultCode)
}
let words = Arguments.ofThisProcess()
if words.isEmpty {
    // Swift's runtime finds them in /proc.
    Screen.complain(LaunchFailure.noProc.message)
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

/// Until the configuration is read, which does not matter to what can go wrong before.
let earlyCodes = ExitCode(arguments)
if let trouble = Launch.descriptorTrouble {
    Screen.complain(trouble)
    exit(earlyCodes.code(for: Ended(outcome: .osError)))
}
let plan: Plan
// Before there are credentials or a key in memory: what follows them may take its time.
Launch.forbidCoreFiles()
do {
    plan = try launch.interruptibly { () throws(PlanError) in
        try Plan(arguments, environment: Environment.ofThisProcess())
    }
} catch {
    Screen.complain(error.message)
    exit(earlyCodes.code(for: Ended(outcome: error.outcome)))
}

let codes = plan.codes
if !plan.holdsSecrets { Launch.allowCoreFiles() }

if plan.isDryRun {
    launch.restoreSignals()
    exit(DryRun(plan: plan, codes: codes).perform())
}

let supervisor: Supervisor
do {
    supervisor = try launch.fork(
        command: arguments.commandVector, descendants: plan.descendants, grace: plan.grace,
        lostExitCode: codes.code(for: Ended(outcome: .lost)),
        unbegunExitCode: codes.code(for: Ended(outcome: .osError)), lockname: plan.job.lockname, cgroup: plan.cgroup,
        keptOutputBytes: plan.job.keptOutputBytes)
} catch {
    Screen.complain(error.message)
    exit(codes.code(for: Ended(outcome: .osError)))
}
let wrapper = Wrapper(plan: plan, codes: codes, supervisor: supervisor)
let threadFailure = FreshThread.perform {
    wrapper.perform()
    // The C client's threads end with the process: nothing here is worth waiting for them.
    _exit(0)
}
Screen.complain("\(plan.job.lockname): cannot make a thread: \(String(errno: threadFailure)); \(ThreadShortage.remedy)")
supervisor.guardian.tellFront(code: codes.code(for: Ended(outcome: .osError)), dieOf: 0)
_exit(0)
