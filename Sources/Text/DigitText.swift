/// A number written as nothing but decimal digits: no sign, no blanks, no underscores.
package enum DigitText {
    /// Nil when it is empty, holds anything else, or does not fit.
    package static func parse(_ bytes: some Collection<UInt8>) -> Int64? {
        guard !bytes.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (tens, tooMany) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = tens.addingReportingOverflow(Int64(byte &- UInt8(ascii: "0")))
            if tooMany || tooMuch {
                return nil
            }
            value = sum
        }
        return value
    }

    package static func parse(_ text: String) -> Int64? {
        parse(text.utf8)
    }

    /// With zeros in front, up to so many digits.
    package static func padded(_ number: some BinaryInteger, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
