/// Writing: for one small record, JSONEncoder's start-up costs more than all the rest of a release.
extension JSONValue {
    /// JSON text (RFC 8259), members in the order of their names, those that are null left out.
    package var text: String { written(keepingNulls: false) }

    /// The same with those that are null: for what others have written and want to find again.
    package var wholeText: String { written(keepingNulls: true) }

    private func written(keepingNulls: Bool) -> String {
        switch self {
        case .null: return "null"
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .number(let number): return number.isFinite ? String(number) : "null"
        case .string(let text): return Self.quoted(text)
        case .array(let elements):
            return "[" + elements.map { $0.written(keepingNulls: keepingNulls) }.joined(separator: ",") + "]"
        case .object(let members):
            let present = members.filter { keepingNulls || $0.value != .null }.sorted { $0.key < $1.key }
            let texts = present.map { Self.quoted($0.key.text) + ":" + $0.value.written(keepingNulls: keepingNulls) }
            return "{" + texts.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
