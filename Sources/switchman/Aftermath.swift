import Coordination
import Invocation
import Logging
import Recipes
import Run
import Supervision

/// What follows a run whose claims are free and whose exit code is settled: nothing here changes either.
struct Aftermath {
    let plan: Plan
    let log: Logger
    let clock: any Timekeeper
    let ended: Ended
    let exitCode: Int32
    let reason: String?

    func perform() {
        if let hook = Hook(for: ended), let script = plan.reports.hooks[hook] { call(hook, script) }
    }

    private func call(_ hook: Hook, _ script: String) {
        let name = "hook \"\(hook.rawValue)\""
        let ending = HookProcess.run(
            script,
            variables: [
                ("SWITCHMAN_LOCKNAME", plan.job.lockname), ("SWITCHMAN_OUTCOME", ended.outcome.rawValue),
                ("SWITCHMAN_EXIT_CODE", String(exitCode)), ("SWITCHMAN_REASON", reason ?? ""),
            ],
            clock: clock, tell: { log.info("\(name): \($0)") })
        switch ending {
        case .exited(0): log.debug("\(name) exited with 0")
        case .exited(let code): log.warning("\(name) exited with \(code)")
        case .died(let signal): log.warning("\(name) died of signal \(signal)")
        case .tookTooLong:
            log.warning("\(name) took longer than \(HookProcess.limit.components.seconds) s and was killed")
        case .notStarted(let code): log.warning("\(name) cannot be started: \(String(errno: code))")
        }
    }
}
