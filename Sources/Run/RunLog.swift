import Glibc
package import Logging
import Recipes

/// The log of a run: on standard error what somebody should see, in a file and in syslog what `loglevel` asks for.
///
/// A line is one write(2), so that the lines of many runs in one file do not mix (`O_APPEND`, POSIX). What cannot be
/// written at once is dropped: the job matters more than its log, and the heartbeats wait behind it.
package struct RunLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level {
        get { file == nil && socket == nil ? screenLevel : min(screenLevel, level) }
        set {}
    }
    private let lockname: String
    private let host: String
    private let pid: Int32
    private let format: LogFormat
    private let screenLevel: Logger.Level
    private let level: Logger.Level
    private let file: LogFile?

    /// Whether a command runs, whose heartbeats must not wait for a file system.
    package func commandRuns(_ runs: Bool) { file?.follows = !runs }
    /// From a take-over to the end of the run nothing is written: the thread that would write is the one that kills and releases,
    /// and a log may hang (FUSE, NFS).
    package func hold() { held.begin() }

    /// Writes what was held back.
    package func resume() {
        for entry in held.end() { write(entry) }
    }

    private let held = HeldEntries()
    private let socket: LogSocket?
    private let dialect: SyslogTarget.Dialect
    /// What of it could not be opened, a line each.
    package private(set) var troubles: [String] = []

    /// - Parameters:
    ///   - pid: as in the data of the lock.
    ///   - screenLevel: the least level for standard error.
    ///   - level: the least level for logfile and syslog.
    package init(
        lockname: String, host: String, pid: Int32, format: LogFormat, screenLevel: Logger.Level, level: LogLevel,
        logfile: String?, syslog: SyslogTarget?
    ) {
        (self.lockname, self.host, self.pid, self.format) = (lockname, host, pid, format)
        (self.screenLevel, self.level) = (screenLevel, level.level)
        do throws(LogFile.OpenError) {
            file = if let logfile { try LogFile(path: logfile) } else { nil }
        } catch {
            file = nil
            let why = String(errno: error.errno)
            troubles.append("logfile \(logfile ?? ""): \(why); the run goes on without it")
        }
        socket = syslog.map { LogSocket(path: $0.path) }
        dialect = syslog?.dialect ?? SyslogTarget.usual.dialect
        if let syslog, let error = socket?.connect() {
            troubles.append("syslog at \(syslog.path): \(String(errno: error)); the run goes on without it")
        }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let isForFile = event.level >= level && (file != nil || socket != nil)
        guard isForFile || event.level >= screenLevel else { return }
        let entry = LogEntry(
            lockname: lockname, host: host, pid: pid, level: event.level, message: "\(event.message)",
            fields: event.metadata.map { $0.mapValues(JSONValue.init) } ?? [:])
        if !held.add(entry) { write(entry) }
    }

    private func write(_ entry: LogEntry) {
        if entry.level >= screenLevel { Self.write(entry.screenLine(format), to: 2) }
        guard entry.level >= level else { return }
        file?.write(entry.fileLine(format))
        socket?.send(entry.datagram(format, dialect))
    }

    static func write(_ line: [UInt8], to descriptor: Int32) {
        // A pipe that poll(2) calls ready takes PIPE_BUF bytes without blocking (pipe(7)). Standard error is not made
        // non-blocking instead, since it is shared with the command and with the caller.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return }
        _ = unsafe Glibc.write(descriptor, line, line.count)
    }
}

/// `@unchecked Sendable`: used by the run's one thread only.
private final class HeldEntries: @unchecked Sendable {
    private var entries: [LogEntry]?

    func begin() { if entries == nil { entries = [] } }

    /// False if nothing is held back.
    func add(_ entry: LogEntry) -> Bool {
        if entries == nil { return false }
        entries?.append(entry)
        return true
    }

    func end() -> [LogEntry] {
        defer { entries = nil }
        return entries ?? []
    }
}

extension LogLevel {
    package var level: Logger.Level {
        switch self {
        case .emergency, .alert, .critical: .critical
        case .error: .error
        case .warning: .warning
        case .notice: .notice
        case .info: .info
        case .debug: .debug
        }
    }
}

extension JSONValue {
    fileprivate init(_ value: Logger.MetadataValue) {
        switch value {
        case .stringConvertible(let number as Int64): self = .integer(number)
        case .stringConvertible(let number as Double): self = .number(number)
        default: self = .string("\(value)")
        }
    }
}
