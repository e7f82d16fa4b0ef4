import CSupervision
package import Coordination
import Glibc
import Text

/// One run of a hook by `sh -c`, with an end to our patience and to its output.
package struct HookProcess {
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case died(signal: Int32)
        case tookTooLong
        case notStarted(errno: Int32)
    }

    private let hook: sw_hook
    private let clock: any Timekeeper
    private let deadline: BootInstant
    private var output: HookOutput
    private var outputIsOver = false

    /// Long enough to send a message, short enough for whoever waits for the exit code.
    package static let limit = Duration.seconds(10)

    /// Returns when the hook has exited or been killed.
    ///
    /// - Parameters:
    ///   - variables: go into its environment beside our own, instead of those of the same name.
    ///   - leave: told of the process when it is dead, and it is not reaped. A supervisor that takes the killing over signals its
    ///     children by number: a number must not become another's behind its back.
    package static func run(
        _ script: String, variables: [(name: String, value: String)], clock: any Timekeeper,
        tell: @escaping (String) -> Void, leave: ((Int32) -> Void)? = nil
    ) -> Ending {
        let environment = unsafe Self.environment(with: variables)
        var hook = sw_hook()
        let code = unsafe sw_hook_start(script, environment, &hook)
        unsafe environment.forEach { unsafe free($0) }
        if code != 0 { return .notStarted(errno: code) }
        defer {
            close(hook.output_fd)
            if hook.pidfd >= 0 { close(hook.pidfd) }
        }
        var process = HookProcess(
            hook: hook, clock: clock, deadline: clock.now.advanced(by: limit), output: HookOutput(tell: tell))
        let ending = process.end()
        if let leave { leave(hook.process) } else { reap(hook.process) }
        return ending
    }

    /// What is left of one that is dead.
    package static func reap(_ process: Int32) {
        var status: Int32 = 0
        _ = unsafe waitpid(process, &status, WNOHANG)
    }

    /// As C wants it; to be freed.
    private static func environment(
        with variables: [(name: String, value: String)]
    ) -> [UnsafeMutablePointer<CChar>?] {
        var entries = unsafe variables.map { unsafe strdup("\($0.name)=\($0.value)") }
        let ours = variables.map { "\($0.name)=" }
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let isOurs = ours.contains { unsafe strncmp(text, $0, $0.utf8.count) == 0 }
            if !isOurs { unsafe entries.append(strdup(text)) }
            unsafe entry += 1
        }
        return unsafe entries + [nil]
    }

    private mutating func end() -> Ending {
        while true {
            let left = clock.now.duration(to: deadline).nanoseconds / 1_000_000
            if left > 0 { waitForNews(milliseconds: left) }
            readOnce()
            guard let status = status else {
                if left <= 0 { return kill() }
                continue
            }
            // What it leaves behind may hold the pipe and write on.
            for _ in 0..<Self.chunksOfPipe { readOnce() }
            output.finish()
            let signal = status & 0x7f
            return signal == 0 ? .exited((status >> 8) & 0xff) : .died(signal: signal)
        }
    }

    private func waitForNews(milliseconds: Int64) {
        var news = [outputIsOver ? -1 : hook.output_fd, hook.pidfd].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        let patience = hook.pidfd >= 0 ? milliseconds : min(milliseconds, 20)
        _ = unsafe poll(&news, 2, Int32(clamping: patience))
    }

    /// A pipe holds 64 kB.
    private static let chunksOfPipe = 16
    private static let chunkBytes = 4096

    private mutating func readOnce() {
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(hook.output_fd, $0.baseAddress, $0.count) }
        if count > 0 { output.take(chunk.prefix(count)) }
        if count == 0 { outputIsOver = true }
    }

    /// Its wait status; nil: it lives. A supervisor that takes the killing over kills and reaps all its children, and a hook that
    /// runs beside the command with them.
    private var status: Int32? {
        var info = unsafe siginfo_t()
        guard unsafe waitid(P_PID, id_t(hook.process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else {
            return errno == ECHILD ? SIGKILL : nil
        }
        guard unsafe info._sifields._sigchld.si_pid == hook.process else { return nil }
        let status = unsafe info._sifields._sigchld.si_status
        return unsafe info.si_code == CLD_EXITED ? status << 8 : status
    }

    private mutating func kill() -> Ending {
        Glibc.kill(-hook.process, SIGKILL)
        readOnce()
        output.finish()
        // What survives SIGKILL, in uninterruptible sleep, is not to keep the caller as well.
        outputIsOver = true
        waitForNews(milliseconds: 1000)
        return .tookTooLong
    }
}
