import Glibc
package import Host
import POSIX
package import Text

/// The log of a run: on standard error what somebody should see, in a file and in syslog what `loglevel` asks for.
///
/// A line is one write(2), so that the lines of many runs in one file do not mix (`O_APPEND`, POSIX). What cannot be
/// written at once is dropped, or, where that cannot be seen, left to a thread: the job matters more than its log.
package struct RunLog {
    private let lockname: String
    private let host: String
    private let pid: Int32
    private let targets: LogTargets
    private let thread: LogThread
    private let mode = Mode()
    private static let patience = Duration.seconds(5)
    /// What of it could not be opened, a line each.
    package private(set) var troubles: [String] = []

    /// - Parameters:
    ///   - pid: as in the data of the lock.
    ///   - screenLevel: the least level for standard error.
    ///   - level: the least level for logfile and syslog.
    package init(
        lockname: String, host: String, pid: Int32, format: LogFormat, screenLevel: LogLevel, level: LogLevel,
        logfile: String?, syslog: SyslogTarget?
    ) {
        (self.lockname, self.host, self.pid) = (lockname, host, pid)
        let file: LogFile?
        let complain: (String) -> Void = { complaint in
            guard screenLevel <= .warning else { return }
            let entry = LogEntry(lockname: lockname, host: host, pid: pid, level: .warning, message: complaint)
            LogFile.write(entry.screenLine(format), to: 2)
        }
        do throws(TrustedPath.Failure) {
            file = if let logfile { try LogFile(path: logfile, complain: complain) } else { nil }
        } catch {
            file = nil
            troubles.append("logfile \(logfile ?? ""): \(error.text); the run goes on without it")
        }
        let socket = syslog.map { LogSocket(path: $0.path) }
        if let syslog, let error = socket?.connect() {
            troubles.append("syslog at \(syslog.path): \(String(errno: error)); the run goes on without it")
        }
        let targets = LogTargets(
            format: format, screenLevel: screenLevel, level: level, file: file, socket: socket,
            dialect: syslog?.dialect ?? SyslogTarget.usual.dialect)
        self.targets = targets
        thread = LogThread { targets.write($0) }
    }

    /// The fields say for programs what the message says in words.
    package func debug(_ message: @autoclosure () -> String) { log(.debug, message) }
    package func info(_ message: @autoclosure () -> String, fields: [String: JSONValue] = [:]) {
        log(.info, message, fields)
    }
    package func warning(_ message: @autoclosure () -> String) { log(.warning, message) }
    package func error(_ message: @autoclosure () -> String) { log(.error, message) }

    private func log(_ level: LogLevel, _ message: () -> String, _ fields: [String: JSONValue] = [:]) {
        guard level >= targets.screenLevel || targets.hasFile && level >= targets.level else { return }
        write(LogEntry(lockname: lockname, host: host, pid: pid, level: level, message: message(), fields: fields))
    }

    private func write(_ entry: LogEntry) {
        if mode.isApart { thread.add(entry) } else { targets.write(entry) }
    }

    /// A line for standard error alone, whatever its least level is.
    package func show(_ message: String) {
        var entry = LogEntry(lockname: lockname, host: host, pid: pid, level: .info, message: message)
        entry.isForScreenOnly = true
        write(entry)
    }

    /// From here on lines are written beside the run's own thread.
    package func writeApart() { mode.isApart = true }

    /// Waits until all is written, but not for a file that hangs. False: one does.
    @discardableResult package func drain() -> Bool { thread.drain(atMost: Self.patience) }
}

/// `@unchecked Sendable`: used by the run's one thread only.
private final class Mode: @unchecked Sendable {
    var isApart = false
}

/// Where lines go.
private struct LogTargets {
    let format: LogFormat
    let screenLevel: LogLevel
    let level: LogLevel
    let file: LogFile?
    let socket: LogSocket?
    let dialect: SyslogTarget.Dialect
    var hasFile: Bool { file != nil || socket != nil }

    func write(_ entry: LogEntry) {
        if entry.isForScreenOnly || entry.level >= screenLevel { LogFile.write(entry.screenLine(format), to: 2) }
        guard !entry.isForScreenOnly, entry.level >= level else { return }
        file?.write(entry.fileLine(format))
        socket?.send(entry.datagram(format, dialect))
    }
}
