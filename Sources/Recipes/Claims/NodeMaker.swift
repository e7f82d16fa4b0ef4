import Coordination
import Text

/// Who has made a node of the tree, as its data says: `FQDN PID`.
enum NodeMaker {
    /// `web1.example.org, process 4711`; whatever else the data is, as it is.
    static func text(_ data: [UInt8]) -> String {
        guard let blank = data.lastIndex(of: UInt8(ascii: " ")), blank > data.startIndex,
            let pid = DigitText.parse(data[(blank + 1)...])
        else {
            return data.isEmpty ? "somebody" : Excerpt.of(data)
        }
        return "\(Excerpt.of(Array(data[..<blank]))), process \(pid)"
    }
}

/// For the end of a message about a wait that is over: ` (web1.example.org, process 4711; ...)`, or nothing if it is not known.
/// Whatever becomes of the question, how the run ends is decided; but who asks for its end has it.
func makers(of paths: some Collection<String>, _ talk: Conversation) async throws(Interruption) -> String {
    let replies: [Reply]?
    do throws(Interruption) {
        replies = try await talk.glance(paths.map { .get($0, watch: false) })
    } catch {
        switch error {
        case .sessionExpired, .unavailable, .refused, .denied: return ""
        default: throw error
        }
    }
    let known = (replies ?? []).compactMap { reply in
        if case .success(.node(let data, _)) = reply { NodeMaker.text(data) } else { nil }
    }
    return known.isEmpty ? "" : " (\(known.joined(separator: "; ")))"
}
