/// A place in a queue: the node `LOCKNAME-SEQ`.
package struct Place: Sendable, Equatable {
    package let lockname: String
    package let sequence: Int64
    package let name: String

    /// Nil for a name that does not end in `-SEQ`: nobody's place (the original dies on it).
    package init?(name: String) {
        // By bytes: some characters swallow the dash that follows them (U+0600), and would hide the place.
        guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")),
            let sequence = Sequence.parse(name[name.utf8.index(after: dash)...])
        else { return nil }
        lockname = String(name[..<dash])
        self.sequence = sequence
        self.name = name
    }
}

/// ZooKeeper's ten digits behind the name of a sequential node.
enum Sequence {
    /// The counter is a signed 32-bit cversion and sticks at its end: warn when half of it is used up.
    package static let warning: Int64 = 1 << 30

    static func parse(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.count == 10, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }
}

extension String {
    /// Byte for byte, as ZooKeeper compares: Swift's `==` takes a composed and a decomposed letter for the same.
    package func isSameName(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
