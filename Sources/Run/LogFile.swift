import Glibc

/// A logfile: many runs append to it, and somebody rotates it under those that last.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class LogFile: @unchecked Sendable {
    private let path: String
    private var descriptor: Int32

    /// errno of an open(2) that failed.
    struct OpenError: Error { let errno: Int32 }

    init(path: String) throws(OpenError) {
        self.path = path
        descriptor = Self.open(path)
        if descriptor < 0 { throw OpenError(errno: errno) }
    }

    func write(_ line: [UInt8]) {
        follow()
        Self.write(line, to: descriptor)
    }

    static func write(_ line: [UInt8], to descriptor: Int32) {
        // A pipe that poll(2) calls ready takes PIPE_BUF bytes without blocking (pipe(7)). Standard error is not made
        // non-blocking instead, since it is shared with the command and with the caller.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return }
        _ = unsafe Glibc.write(descriptor, line, line.count)
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
        let fresh = Self.open(path)
        // The former one is better than none.
        guard fresh >= 0 else { return }
        close(descriptor)
        descriptor = fresh
    }

    private static func open(_ path: String) -> Int32 {
        unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o666)
    }
}
