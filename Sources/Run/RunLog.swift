import Glibc
package import Logging

/// The log of a run: lines for people on standard error, and the original's lines in a file.
///
/// A line is one write(2), so that the lines of many runs in one file do not mix (`O_APPEND`, POSIX). What cannot be
/// written at once is dropped: the job matters more than its log, and the heartbeats wait behind it.
package struct RunLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level {
        get { min(screenLevel, fileLevel) }
        set {}
    }
    private let lockname: String
    private let screenLevel: Logger.Level
    private let fileLevel: Logger.Level
    private let file: Int32?

    /// - Parameter file: a descriptor of the logfile, or nil.
    package init(lockname: String, screenLevel: Logger.Level, fileLevel: Logger.Level, file: Int32?) {
        self.lockname = lockname
        self.screenLevel = screenLevel
        self.fileLevel = file == nil ? .critical : fileLevel
        self.file = file
    }

    /// Opens a logfile to append to; nil with errno.
    package static func open(_ path: String) -> Int32? {
        let file = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o666)
        return file < 0 ? nil : file
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        if event.level >= screenLevel { Self.write("switchman: \(lockname): \(event.message)\n", to: 2) }
        if let file, event.level >= fileLevel {
            Self.write("\(Self.timestamp())\t[\(getpid())]\t\(event.message)\n", to: file)
        }
    }

    /// PIPE_BUF.
    private static let pipeBytes = 4096

    private static func write(_ line: String, to descriptor: Int32) {
        // A pipe that poll(2) calls ready takes PIPE_BUF bytes without blocking (pipe(7)). Standard error is not made
        // non-blocking instead, since it is shared with the command and with the caller.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return }
        let bytes = Array(line.utf8)
        let shown = bytes.count <= pipeBytes ? bytes : bytes.prefix(pipeBytes - 1) + [UInt8(ascii: "\n")]
        _ = unsafe Glibc.write(descriptor, shown, shown.count)
    }

    /// Local time, as the original writes it.
    private static func timestamp() -> String {
        var now = time(nil)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return unsafe "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
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
