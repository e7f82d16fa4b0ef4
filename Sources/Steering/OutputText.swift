package import Recipes
package import Text

/// What `switchmanctl output` prints of a failed run's output.
package struct OutputText: Sendable {
    private let kept: KeptOutput
    private let lockname: String

    /// The runs of the job that came after it.
    private let newer: [RunLine]

    /// - Parameter runs: those that are remembered, the oldest first, and the present one.
    package init(_ kept: KeptOutput, of lockname: String, runs: [RunLine] = []) {
        (self.kept, self.lockname) = (kept, lockname)
        // Tokens grow. The present run may have none yet.
        newer = kept.token.map { token in runs.reversed().prefix { ($0.token ?? .max) > token }.reversed() } ?? []
    }

    /// `backup on web1.example.org: ran, code 1, ended 2026-11-29 21:50:19, token 4711; the last 8192 of 91234 bytes`
    package var header: String {
        var parts = ["\(lockname) on \(kept.host): \(kept.outcome)"]
        if let code = kept.code { parts.append("code \(code)") }
        if let ended = kept.endedMilliseconds { parts.append("ended \(ServerTime(milliseconds: ended).local)") }
        if let token = kept.token { parts.append("token \(token)") }
        return Visible.text(parts.joined(separator: ", ") + "; " + amount + since)
    }

    private var since: String {
        guard let last = newer.last else { return "" }
        if newer.count == 1 { return "; 1 run since: \(last.result)" }
        // No more are remembered.
        let count = newer.count < JobRecord.runsMax ? "\(newer.count)" : "\(newer.count) or more"
        return "; \(count) runs since, the last: \(last.result)"
    }

    private var amount: String {
        let own = [(kept.hasOutput, "standard output"), (kept.hasErrors, "standard error")].filter { !$0.0 }.map(\.1)
        let rest = own.isEmpty ? "" : " (\(own.joined(separator: " and ")) went to a terminal or a file)"
        return (isCut ? "the last \(kept.bytes.count) of \(kept.written) bytes" : "\(kept.bytes.count) bytes") + rest
    }

    /// For a terminal: whatever a command has written, it moves no cursor here. Lines stay lines, and tabs are blanks up to
    /// the next column of eight.
    package var lines: [String] {
        var lines = wholeText.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            // Written for a terminal, it may end its lines as one wants them.
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            return String(decoding: line, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
                .map { Visible.text(String($0)) }
                .reduce(nil) { (text: String?, cell) in
                    guard let text else { return cell }
                    return text + String(repeating: " ", count: 8 - Visible.width(text) % 8) + cell
                } ?? ""
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private var isCut: Bool { kept.written > Int64(kept.bytes.count) }

    /// Without the rest of a UTF-8 character in whose middle it was cut.
    private var wholeText: ArraySlice<UInt8> {
        guard isCut else { return kept.bytes[...] }
        let rest = kept.bytes.prefix { $0 & 0xc0 == 0x80 }.count
        return rest < 4 ? kept.bytes[rest...] : kept.bytes[...]
    }

    /// Text where it is text, else Base64 (RFC 4648).
    package var json: JSONValue {
        let text = String(validating: wholeText, as: UTF8.self)
        return .object([
            "lockname": .string(lockname), "host": .string(kept.host), "outcome": .string(kept.outcome),
            "code": kept.code.map { .integer(Int64($0)) } ?? .null,
            "token": kept.token.map { .integer($0) } ?? .null,
            "end": kept.endedMilliseconds.map { .string(ServerTime(milliseconds: $0).utc) } ?? .null,
            "written": .integer(kept.written), "stdout": .boolean(kept.hasOutput), "stderr": .boolean(kept.hasErrors),
            "encoding": .string(text == nil ? "base64" : "utf-8"),
            "output": .string(text ?? Self.base64(kept.bytes)), "newer_runs": .integer(Int64(newer.count)),
        ])
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let three = bytes[start..<min(start + 3, bytes.count)]
            let bits = three.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - three.count))
            text += (0...three.count).map { letters[bits >> (18 - 6 * $0) & 63] }
            text += repeatElement(UInt8(ascii: "="), count: 3 - three.count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
