import Glibc
import Recipes
import Run

/// Standard output and standard error, and what is known of the terminal behind them.
enum Screen {
    /// Says so and ends the program when standard output cannot be written: what was asked for was not told.
    static func print(_ text: String) {
        if write(text, to: 1) { return }
        complain("standard output: \(String(errno: errno))")
        exit(Outcome.osError.defaultCode)
    }

    static func complain(_ message: String) { _ = write("switchmanctl: \(oneLine(message))\n", to: 2) }

    /// What may hold somebody else's words: no control character of theirs reaches the terminal.
    private static func oneLine(_ message: String) -> String {
        let joined = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return Excerpt.of(joined, longest: .max)
    }

    /// Without a way to say that it failed: on a terminal that is gone.
    static func draw(_ text: String) { _ = write(text, to: 1) }

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            if count <= 0 { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

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
