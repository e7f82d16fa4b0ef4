import Text

/// A place in a queue: the node `LOCKNAME-SEQ`.
package struct Place: Sendable, Equatable {
    package let lockname: String
    package let sequence: Int64
    package let name: String

    /// Nil for a name that does not end in `-SEQ`: nobody's place (the original dies on it).
    package init?(name: String) {
        // By bytes: some characters swallow the dash that follows them (U+0600), and would hide the place.
        guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")),
            let sequence = SequenceNumber.parse(name[name.utf8.index(after: dash)...])
        else { return nil }
        lockname = String(name[..<dash])
        self.sequence = sequence
        self.name = name
    }
}

/// ZooKeeper's ten digits behind the name of a sequential node.
package enum SequenceNumber {
    /// The counter is a signed 32-bit cversion, and at its end it sticks, or goes negative while others are under way (seen
    /// on 3.8.0): warn when half of it is used up.
    package static let warning: Int64 = 1 << 30
    /// From here on nobody stays in a queue: 16 million before the end, since each that is refused uses up a number.
    static let limit: Int64 = (1 << 31) - (1 << 24)

    /// Of a lease, whose number orders nobody: negative beyond the end of the counter.
    static func parseAny(_ text: some StringProtocol) -> Int64? {
        if let sequence = parse(text) { return sequence }
        guard text.utf8.first == UInt8(ascii: "-") else { return nil }
        return parse(text[text.index(after: text.startIndex)...]).map { -$0 }
    }

    static func parse(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.count == 10, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }
}
