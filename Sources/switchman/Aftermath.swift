import Coordination
import Glibc
import Host
import Invocation
import Recipes
import Reporting
import POSIX
import Run
import Supervision

/// What follows a run whose claims are free and whose exit code is settled: nothing here changes either.
struct Aftermath {
    let plan: Plan
    let log: RunLog
    let loop: EventLoop
    let sideHooks: SideHooks
    let ended: Ended
    let story: Life.Story
    /// `--on-unavailable skip` makes one of what else is a failure.
    let isSkip: Bool
    let exitCode: Int32
    let reason: String?

    private var hasSucceeded: Bool { plan.job.hasSucceeded(ended) }

    /// In the order in which they are called.
    private var hooks: [Hook] {
        guard !isSkip, let hook = Hook(for: ended, hasSucceeded: hasSucceeded) else { return [] }
        return hook == .succeeded && story.followsFailure ? [.succeeded, .recovered] : [hook]
    }

    func perform() {
        // First what is quick: a hook may want to send the numbers on.
        if let folder = plan.reports.metricsFolder { count(in: folder) }
        sideHooks.wait()
        for hook in hooks {
            guard let script = plan.reports.hooks[hook] else { continue }
            HookCall(
                hook: hook, script: script, lockname: plan.job.lockname, log: log, loop: loop,
                outcome: ended.outcome.rawValue, exitCode: String(exitCode), reason: reason ?? ""
            ).perform()
        }
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
        case .some(.some(let warning)): log.warning(warning)
        case .some(.none): break
        case .none: log.warning("metrics_directory \(folder) hangs; whether this run is counted is not known")
        }
    }

    private static let patience = Duration.seconds(5)
}
