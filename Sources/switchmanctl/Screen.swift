import Checks
import Fleet
import Glibc
import POSIX
import Run
import Text

/// Standard output and standard error, and what is known of the terminal behind them.
enum Screen {
    /// Says so and ends the program when standard output cannot be written: what was asked for was not told.
    static func print(_ text: String) { print(Array(text.utf8)) }

    /// What a pipe takes without making a writer wait, once it says that it is writable (pipe(7), PIPE_BUF).
    private static let pipeful = 4096

    /// The same for bytes as they are, which is nothing for a terminal.
    static func print(_ bytes: [UInt8]) {
        var (rest, failure) = (bytes[...], Int32(0))
        while !rest.isEmpty, failure == 0 {
            waitForReader()
            failure = WholeWrite.perform(Array(rest.prefix(pipeful)), to: 1)
            rest = rest.dropFirst(pipeful)
        }
        if failure == 0 { return }
        // Who has closed a pipe wants no more, and most programs die of SIGPIPE without a word. So do we, unless it is ignored.
        if failure == EPIPE { exit(128 + SIGPIPE) }
        complain("standard output: \(String(errno: failure))")
        exit(Check.isAskedFor ? Severity.unknown.exitCode : Outcome.osError.defaultCode)
    }

    /// A signal ends us meanwhile as it ends any program that writes: the loop, to which signals go, waits for this.
    private static func waitForReader() {
        var writable = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
        if unsafe poll(&writable, 1, 0) != 0 { return }
        Signals.heard { _ = unsafe poll(&writable, 1, -1) }
    }

    static func complain(_ message: String) {
        _ = WholeWrite.perform("switchmanctl: \(Excerpt.line(message))\n", to: 2)
    }

    /// Without a way to say that it failed: on a terminal that is gone.
    static func draw(_ text: String) { _ = WholeWrite.perform(text, to: 1) }

    static var isTerminal: Bool { isatty(1) == 1 }

    /// https://no-color.org: present and not empty.
    static var hasColour: Bool {
        guard isTerminal else { return false }
        if let word = unsafe getenv("NO_COLOR"), unsafe word.pointee != 0 { return false }
        if let kind = unsafe getenv("TERM"), unsafe strcmp(kind, "dumb") == 0 { return false }
        return true
    }

    /// Columns and rows; nil when nobody looks at a terminal: then nothing needs to fit.
    static var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard isTerminal, unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        // A terminal that does not know says 0.
        return (size.ws_col == 0 ? 80 : Int(size.ws_col), size.ws_row == 0 ? 24 : Int(size.ws_row))
    }
}
