package import Coordination
import Recipes
package import Text

/// Who made a lock, a lease or a place in a queue: the node's data, `FQDN PID`, and its stat. In a lock's queue the data may have a
/// third word, the tick.
package struct Contender: Sendable, Equatable {
    package let host: String
    /// Nil if the data is not in that form: then `host` is all of it.
    package let pid: Int64?
    /// With `--once-per`, of one who waits for a lock.
    package let tick: String?
    package let since: ServerTime
    package let session: Int64

    package init(data: [UInt8], stat: NodeStat) {
        tick = Place.tick(in: data)?.text
        let text = String(decoding: data.dropLast(tick.map { $0.utf8.count + 1 } ?? 0), as: UTF8.self)
        since = ServerTime(milliseconds: stat.ctimeMilliseconds)
        session = stat.ephemeralOwner
        // By bytes: what follows a blank may be a combining mark.
        guard let blank = text.utf8.lastIndex(of: UInt8(ascii: " ")),
            let number = DigitText.parse(text.utf8[text.utf8.index(after: blank)...])
        else {
            (host, pid) = (text, nil)
            return
        }
        (host, pid) = (String(text[..<blank]), number)
    }

    package var json: [ExactName: JSONValue] {
        [
            "host": .string(host), "pid": pid.map { .integer($0) } ?? .null, "since": .string(since.utc),
            "session": .string(SessionID(session).text),
            "tick": tick.map { .string($0) } ?? .null,
        ]
    }
}
