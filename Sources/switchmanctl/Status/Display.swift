import Coordination
import Fleet
import Glibc
import Steering
import Supervision

/// The whole terminal, for as long as something is watched; afterwards it is as it was.
final class Display {
    private let loop: EventLoop
    private let news: News
    private var former = termios()
    private var isShown = false
    private var hasKeyboard = false
    /// `q`, or the end of the keyboard's input.
    private(set) var isToQuit = false

    private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
    private static let leave = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    init(_ loop: EventLoop, _ news: News) {
        (self.loop, self.news) = (loop, news)
        hasKeyboard = unsafe tcgetattr(0, &former) == 0
    }

    func show() {
        if isShown { return }
        isShown = true
        if hasKeyboard {
            var raw = former
            // Ctrl-C and Ctrl-Z stay signals.
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
            unsafe tcsetattr(0, TCSADRAIN, &raw)
            loop.watch(0) { [self] in readKeys() }
        }
        Screen.draw(Self.enter)
    }

    /// Back to what was there before; harmless twice.
    func hide() {
        guard isShown else { return }
        isShown = false
        Screen.draw(Self.leave)
        if hasKeyboard {
            loop.unwatch(0)
            unsafe tcsetattr(0, TCSADRAIN, &former)
        }
    }

    /// Stops as Ctrl-Z asks, with the terminal as it was, and goes on where it was.
    func suspend() {
        hide()
        Signals.stopHere()
        show()
        news.wake()
    }

    private func readKeys() {
        var keys = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(0, &keys, keys.count)
        if count <= 0 { loop.unwatch(0) }
        if count <= 0 || keys.prefix(count).contains(UInt8(ascii: "q")) {
            isToQuit = true
            // Interrupts a question as well, also to servers that are gone.
            loop.post(.callerGone)
        }
        news.wake()
    }

    /// As many of the lines as fit, and below them one about the whole.
    func draw(_ lines: [String], footer: String) {
        let size = Screen.size ?? (columns: 80, rows: 24)
        let room = max(1, size.rows - 1)
        var shown = lines
        if shown.count > room { shown = shown.prefix(room - 1) + ["... \(lines.count - room + 1) more lines"] }
        let below = Table.cut(footer, to: size.columns)
        Screen.draw(
            "\u{1b}[H" + shown.map { $0 + "\u{1b}[K\r\n" }.joined() + "\u{1b}[J\u{1b}[\(size.rows);1H"
                + Paint.dim.on(below))
    }
}
