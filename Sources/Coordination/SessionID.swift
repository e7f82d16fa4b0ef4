/// A session's number, and its one spelling in names, records and the environment: lower-case hexadecimal without a prefix.
package struct SessionID: Sendable, Hashable {
    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    /// Nil for any other spelling: who compares texts and who compares numbers has to come to the same.
    package init?(text: String) {
        guard let bits = UInt64(text, radix: 16), String(bits, radix: 16) == text else { return nil }
        number = Int64(bitPattern: bits)
    }

    package var text: String { String(UInt64(bitPattern: number), radix: 16) }
}

extension Int64 {
    /// Whether this is the number of the session that the text names.
    package func isSession(_ text: String) -> Bool { SessionID(text: text)?.number == self }
}
