import Coordination
import Glibc
import Host
import Reporting
import POSIX
import Supervision

/// One call of a hook: what it is told, and what the log says of it.
struct HookCall: Sendable {
    let hook: Hook
    let script: String
    let lockname: String
    let log: RunLog
    let loop: EventLoop
    /// How the run ended; empty for what comes before its end.
    var outcome = ""
    var exitCode = ""
    var reason = ""
    /// Of a run that was lost, as its successor tells: where it was, and when it was started (RFC 3339). Else empty.
    var lostHost = ""
    var lostStart = ""

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
                ("SWITCHMAN_LOST_HOST", lostHost), ("SWITCHMAN_LOST_START", lostStart),
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
