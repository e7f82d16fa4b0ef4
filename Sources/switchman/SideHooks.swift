import Glibc
import Host
import Reporting
import POSIX
import Recipes
import Run
import Supervision
import Text

/// The hooks that run beside the command, each on a thread of its own, since this process has heartbeats to send: `lost`, of the
/// run before this one, and `started`. News come in their order, so `started` waits for `lost`.
///
/// `@unchecked Sendable`: used by the run's one thread.
final class SideHooks: @unchecked Sendable {
    private let hooks: Hooks
    private let lockname: String
    private let log: RunLog
    private let loop: EventLoop
    private var lost: SideHook?
    private var started: SideHook?
    private var hasCalledLost = false
    private var hasCalledStarted = false

    init(hooks: Hooks, lockname: String, log: RunLog, loop: EventLoop) {
        (self.hooks, self.lockname, self.log, self.loop) = (hooks, lockname, log, loop)
    }

    /// At the first attempt.
    func callStarted() {
        if hasCalledStarted { return }
        hasCalledStarted = true
        started = call(.started).flatMap { SideHook($0, after: lost) }
    }

    /// Once in a run: with another session the same term may be waited out again.
    ///
    /// - Parameter exitCode: what the lost run would have exited with.
    func callLost(_ run: PastRun, exitCode: Int32) {
        guard !hasCalledLost, var call = call(.lost) else { return }
        hasCalledLost = true
        call.outcome = Outcome.lost.rawValue
        call.exitCode = String(exitCode)
        call.lostHost = Excerpt.of(run.host, longest: Excerpt.longestName)
        call.lostStart = run.started.map { TimeStamp(milliseconds: $0).text } ?? ""
        let began = call.lostStart.isEmpty ? "" : ", which began at \(call.lostStart)"
        call.reason = "\(call.lostHost) was lost with its run\(began); its command is surely dead by now"
        lost = SideHook(call, after: nil)
    }

    private func call(_ hook: Hook) -> HookCall? {
        hooks[hook].map { HookCall(hook: hook, script: $0, lockname: lockname, log: log, loop: loop) }
    }

    /// Before the hooks of the end are called. Each has a limit of its own, and is killed within a second.
    func wait() {
        lost?.wait()
        started?.wait()
    }
}

/// One of them under way.
///
/// `@unchecked Sendable`: `process` is written by the hook's thread before it opens the gates, and read after that.
private final class SideHook: @unchecked Sendable {
    private let isOver = Gate()
    /// The same for the hook that comes next: a gate wakes one.
    private let isOverForNext = Gate()
    private var process: Int32?

    /// Nil: without a thread nobody is told, rather than the command be left alone for so long.
    init?(_ call: HookCall, after before: SideHook?) {
        let hasThread = start { [self] in
            before?.isOverForNext.wait(atMost: Self.patience)
            call.perform { self.process = $0 }
            isOver.open()
            isOverForNext.open()
        }
        if hasThread { return }
        let (name, log) = (call.name, call.log)
        log.warning("\(name) cannot be started: \(String(errno: EAGAIN))")
        return nil
    }

    private static let patience = HookProcess.limit + .seconds(2)

    func wait() {
        guard isOver.wait(atMost: Self.patience * 2) else { return }
        if let process { HookProcess.reap(process) }
        process = nil
    }
}
