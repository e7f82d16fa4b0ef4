import Coordination
import Glibc
import Logging
import Recipes
import Run
import Supervision
import Threads

/// One call of a hook: what it is told, and what the log says of it.
struct HookCall: Sendable {
    let hook: Hook
    let script: String
    let lockname: String
    let log: Logger
    let loop: EventLoop
    /// How the run ended; empty for what comes before its end.
    var outcome = ""
    var exitCode = ""
    var reason = ""

    /// As the log has it.
    var name: String { "hook \"\(hook.rawValue)\"" }

    /// Returns when the hook has exited or been killed.
    ///
    /// - Parameter leave: see `HookProcess.run`.
    func perform(leave: ((Int32) -> Void)? = nil) {
        let (name, log) = (self.name, self.log)
        let ending = HookProcess.run(
            script,
            variables: [
                ("SWITCHMAN_HOOK", hook.rawValue), ("SWITCHMAN_LOCKNAME", lockname), ("SWITCHMAN_OUTCOME", outcome),
                ("SWITCHMAN_EXIT_CODE", exitCode), ("SWITCHMAN_REASON", reason),
            ],
            clock: loop, tell: { log.info("\(name): \($0)") }, leave: leave)
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

/// The hook `started`: it runs beside the command, on a thread of its own, since this process has heartbeats to send.
///
/// `@unchecked Sendable`: used by the run's one thread; the other has only the gate, and what it writes before it opens that.
final class StartHook: @unchecked Sendable {
    private let call: HookCall
    private var isOver: Gate?
    private var isCalled = false
    /// Written by the other thread before it opens the gate.
    private var process: Int32?

    init(_ call: HookCall) { self.call = call }

    /// At the first attempt. Without a thread nobody is told, rather than the command be left alone for so long.
    func begin() {
        if isCalled { return }
        isCalled = true
        let (gate, call) = (Gate(), call)
        let hasThread = start { [self] in
            call.perform { self.process = $0 }
            gate.open()
        }
        if hasThread {
            isOver = gate
        } else {
            let (name, log) = (call.name, call.log)
            log.warning("\(name) cannot be started: \(String(errno: EAGAIN))")
        }
    }

    /// Before the hooks of the end are called: news come in their order. It has a limit of its own, and is killed within a second.
    func wait() {
        guard let isOver, isOver.wait(atMost: HookProcess.limit + .seconds(2)) else { return }
        if let process { HookProcess.reap(process) }
        process = nil
    }
}
