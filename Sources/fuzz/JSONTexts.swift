@testable import Text

/// JSON: what is read and written must read the same.
enum JSONTexts {
    static func play(_ bytes: [UInt8]) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            expectClear(error.problem)
            return
        }
        let text = value.text
        expect(!text.utf8.contains { $0 < 0x20 }, "it is written on one line: \(text.debugDescription)")
        guard let read = try? JSONValue.parse(Array(text.utf8)) else { fatalError("does not hold: \(text) is JSON") }
        expect(read == withoutNulls(value), "\(text) is \(value)")
        expect(read.text.isByteForByte(text), "and is written the same")
        playEditing(bytes, value)
    }

    /// What is written again means the same, and its numbers are as they were.
    private static func playEditing(_ bytes: [UInt8], _ value: JSONValue) {
        guard let kept = try? JSONValue.parse(bytes, keepsNumbers: true) else {
            fatalError("does not hold: it is JSON also to who edits it")
        }
        let text = Array(kept.wholeText.utf8)
        expect((try? JSONValue.parse(text)) == value, "\(kept) is \(value)")
        expect((try? JSONValue.parse(text, keepsNumbers: true)) == kept, "\(kept) stays as it is")
    }

    /// Members that are null are not written.
    private static func withoutNulls(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(withoutNulls))
        case .object(let members): .object(members.filter { $0.value != .null }.mapValues(withoutNulls))
        case .null, .boolean, .integer, .number, .verbatim, .string: value
        }
    }
}
