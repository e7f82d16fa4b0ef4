/// A number of bytes, as the command line has it.
package enum ByteSize {
    /// What to tell somebody who wrote another.
    package static let form = "a number of bytes, with k for 1024 of them (8k)"

    /// Reads `[0-9]+k?`, with `K` for `k`; nil for anything else and for what does not fit.
    package static func parse(_ text: String) -> Int? {
        let isInThousands = text.utf8.last == UInt8(ascii: "k") || text.utf8.last == UInt8(ascii: "K")
        let digits = isInThousands ? Array(text.utf8.dropLast()) : Array(text.utf8)
        guard let count = DigitText.parse(digits) else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: isInThousands ? 1024 : 1)
        return overflows ? nil : Int(exactly: bytes)
    }
}
