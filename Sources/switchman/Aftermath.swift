import Coordination
import Glibc
import Invocation
import Logging
import Recipes
import Run
import Supervision
import Threads

/// What follows a run whose claims are free and whose exit code is settled: nothing here changes either.
struct Aftermath {
    let plan: Plan
    let log: Logger
    let clock: any Timekeeper
    let ended: Ended
    let story: Life.Story
    /// `--on-unavailable skip` makes one of what else is a failure.
    let isSkip: Bool
    let exitCode: Int32
    let reason: String?

    private var hasSucceeded: Bool { plan.job.hasSucceeded(ended) }

    private var hook: (Hook, script: String)? {
        guard !isSkip, let hook = Hook(for: ended, hasSucceeded: hasSucceeded), let script = plan.reports.hooks[hook]
        else { return nil }
        return (hook, script)
    }

    func perform() {
        // First what is quick: a hook may want to send the numbers on.
        if let folder = plan.reports.metricsFolder { count(in: folder) }
        if let (hook, script) = hook { call(hook, script) }
    }

    private func count(in folder: String) {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let sample = RunSample(
            outcome: ended.outcome, isSkip: isSkip, succeeded: hasSucceeded,
            waitedSeconds: story.held == nil ? nil : story.waited.seconds, heldSeconds: story.held?.seconds,
            endedSeconds: Double(now.tv_sec) + Double(now.tv_nsec / 1_000_000) / 1000)
        let file = MetricsFile(folder: folder, lockname: plan.job.lockname)
        // On a file server that hangs it would keep this process, and whoever waits for it.
        switch attempt(atMost: Self.patience, { file.add(sample) }) {
        case .some(.some(let warning)): log.warning("\(warning)")
        case .some(.none): break
        case .none: log.warning("metrics_directory \(folder) hangs; whether this run is counted is not known")
        }
    }

    private static let patience = Duration.seconds(5)

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
