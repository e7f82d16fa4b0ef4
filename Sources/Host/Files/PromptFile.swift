import Glibc
import POSIX

/// The whole of a small file that must not keep anybody waiting: a regular file, or a pipe whose writers come to their end soon.
enum PromptFile {
    enum Failure: Error, Equatable {
        case file(FileBytes.Failure)
        /// Root is not to believe what it says, and why.
        case foreign(String)
        /// A device may wait for a terminal or a line that nobody sends.
        case device
        /// Its writers have not come to their end in time, or there are none.
        case openPipe
    }

    /// Long enough for a process substitution, `<(...)`, that asks a slow server.
    static let patienceSeconds = 10

    static func read(_ path: String, longestBytes: Int) throws(Failure) -> [UInt8] {
        var status = stat()
        let kind = unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
        if kind == S_IFCHR || kind == S_IFBLK { throw .device }
        if kind == S_IFIFO { return try readPipe(path, longestBytes: longestBytes) }
        // Not a pipe that has come in its place: it would wait for a writer.
        let file = try open(path)
        defer { close(file) }
        try check(file)
        do { return try FileBytes.read(from: file, longestBytes: longestBytes) } catch { throw .file(error) }
    }

    /// As root through no link of another user's, who could otherwise choose among root's own files.
    private static func open(_ path: String) throws(Failure) -> Int32 {
        do throws(TrustedPath.Failure) {
            let flags = O_RDONLY | O_NONBLOCK
            return try geteuid() == 0 ? TrustedPath.open(path, flags) : TrustedPath.openPlainly(path, flags)
        } catch {
            switch error {
            case .errno(ENOENT), .errno(ENOTDIR): throw .file(.missing)
            case .errno(let code): throw .file(.unreadable(code))
            case .link: throw .foreign("\(error.text); name the file itself, or have root make the link")
            }
        }
    }

    private static func check(_ file: Int32) throws(Failure) {
        if let objection = FileOwner.objection(toBelieving: file) { throw .foreign(objection) }
    }

    private static func readPipe(_ path: String, longestBytes: Int) throws(Failure) -> [UInt8] {
        // Without O_NONBLOCK, open(2) itself waits for a writer.
        let pipe = try open(path)
        defer { close(pipe) }
        try check(pipe)
        let end = ContinuousClock.now.advanced(by: .seconds(patienceSeconds))
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        // Not before poll says so: a pipe that has no writer yet reads as one whose writers are gone.
        while waitForNews(of: pipe, until: end) {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(pipe, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0, errno != EAGAIN, errno != EINTR { throw .file(.unreadable(errno)) }
            bytes += chunk.prefix(max(0, count))
            if bytes.count > longestBytes { throw .file(.tooLong) }
        }
        throw .openPipe
    }

    /// False: the time is over.
    private static func waitForNews(of pipe: Int32, until end: ContinuousClock.Instant) -> Bool {
        var news = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return false }
            // Negative after a stop and a SIGCONT.
            if unsafe poll(&news, 1, Int32(left.components.seconds * 1000 + 999)) > 0 { return true }
        }
    }
}
