import Glibc
import POSIX

/// A logfile: many runs append to it, and somebody rotates it under those that last.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class LogFile: @unchecked Sendable {
    private let path: String
    private var descriptor: Int32
    /// What is to be told, once, of a line that was lost.
    private let complain: (String) -> Void
    private var hasComplained = false

    init(path: String, complain: @escaping (String) -> Void) throws(TrustedPath.Failure) {
        self.path = path
        self.complain = complain
        descriptor = try Self.open(path)
    }

    func write(_ line: [UInt8]) {
        follow()
        let code = Self.write(line, to: descriptor)
        guard code != 0, !hasComplained else { return }
        hasComplained = true
        complain("logfile \(path): \(String(errno: code)); lines are missing from it")
    }

    /// - Returns: 0, or an errno. A pipe that nobody reads is no error.
    @discardableResult static func write(_ line: [UInt8], to descriptor: Int32) -> Int32 {
        // A pipe that poll(2) calls ready takes PIPE_BUF bytes without blocking (pipe(7)). Standard error is not made
        // non-blocking instead, since it is shared with the command and with the caller.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let found = unsafe poll(&ready, 1, 0)
        if found < 0 { return errno }
        guard found == 1, ready.revents & Int16(POLLOUT) != 0 else { return 0 }
        let count = unsafe Glibc.write(descriptor, line, line.count)
        if count == line.count || count < 0 && errno == EAGAIN { return 0 }
        // A disk that has become full takes the beginning of a line, and says why when it is asked to take the rest.
        if count < 0 { return errno }
        let rest = Array(line.dropFirst(count))
        return unsafe Glibc.write(descriptor, rest, rest.count) < 0 && errno != EAGAIN ? errno : 0
    }

    /// A file that was renamed or removed is somebody else's business: on with the one that has its name now.
    private func follow() {
        var own = stat()
        var named = stat()
        if unsafe fstat(descriptor, &own) == 0, unsafe stat(path, &named) == 0, own.st_dev == named.st_dev,
            own.st_ino == named.st_ino
        {
            return
        }
        // The former one is better than none.
        guard let fresh = try? Self.open(path) else { return }
        close(descriptor)
        descriptor = fresh
    }

    private static func open(_ path: String) throws(TrustedPath.Failure) -> Int32 {
        try TrustedPath.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, mode: 0o666)
    }
}
