import Glibc
import POSIX
import Run
import Text

/// What is said before there is a log.
enum Screen {
    /// Ends the program if standard output cannot be written: what was asked for was not told.
    static func print(_ text: String, failureCode: Int32 = Outcome.osError.defaultCode) {
        let failure = WholeWrite.perform(text, to: 1)
        if failure == 0 { return }
        // Who has closed a pipe wants no more, and most programs die of SIGPIPE without a word. So do we, unless it is ignored.
        if failure == EPIPE { exit(128 + SIGPIPE) }
        complain("standard output: \(String(errno: failure))")
        exit(failureCode)
    }

    static func complain(_ message: String) { _ = WholeWrite.perform("switchman: \(Excerpt.line(message))\n", to: 2) }
}
