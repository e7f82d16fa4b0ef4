import Invocation
import Steering

/// The status on the whole terminal. What is old stays, as it was when it was read, below a line that says so.
final class StatusPicture: StatusView {
    private let display: Display
    private let footer: String
    private var shown: (status: FleetStatus, atMilliseconds: Int64)?
    private var trouble: (reason: String, sinceMilliseconds: Int64)?

    init(_ display: Display, footer: String) { (self.display, self.footer) = (display, footer) }

    var isToQuit: Bool { display.isToQuit }

    func show(_ status: FleetStatus) {
        shown = (status, WallClock.milliseconds)
        trouble = nil
        refresh()
    }

    func age(because reason: String) {
        if shown == nil { return }
        trouble = (reason, trouble?.sinceMilliseconds ?? WallClock.milliseconds)
        refresh()
    }

    func refresh() {
        guard let shown else { return }
        let columns = Screen.size?.columns
        let lines = shown.status.lines(
            width: columns, colour: Screen.hasColour, nowMilliseconds: shown.atMilliseconds)
        display.draw(mark(columns) + lines, footer: footer)
    }

    private func mark(_ columns: Int?) -> [String] {
        guard let trouble else { return [] }
        let since = ServerTime(milliseconds: trouble.sinceMilliseconds).local
        let line = Table.cut(
            "old since \(since), trying again: \(Visible.text(trouble.reason))", to: columns ?? .max)
        return [Screen.hasColour ? Paint.bad.on(line) : line, ""]
    }
}
