import Invocation
import Steering
import Text

/// The status as documents for a program, a line each: one for each change, and the last one again when it has become old.
final class StatusStream: StatusView {
    private var shown: [ExactName: JSONValue]?
    private var oldSinceMilliseconds: Int64?
    private var printed: String?

    var isToQuit: Bool { false }

    func show(_ status: FleetStatus) {
        let document = status.worthShowing.json
        shown = document.object
        oldSinceMilliseconds = nil
        print(document)
    }

    func age(because reason: String) {
        guard var document = shown else { return }
        let since = oldSinceMilliseconds ?? WallClock.milliseconds
        oldSinceMilliseconds = since
        document["old"] = .object([
            "since": .string(ServerTime(milliseconds: since).utc), "reason": .string(Visible.text(reason)),
        ])
        print(.object(document))
    }

    func refresh() {}

    private func print(_ document: JSONValue) {
        let text = document.plainText
        if text != printed { Screen.print(text + "\n") }
        printed = text
    }
}
