/// Writing: for one small record, JSONEncoder's start-up costs more than all the rest of a release.
extension JSONValue {
    /// JSON text (RFC 8259), members in the order of their names, those that are null left out.
    package var text: String { written(keepingNulls: false) }

    /// The same with those that are null: for what others have written and want to find again.
    package var wholeText: String { written(keepingNulls: true) }

    /// The same document as `text`, with everything escaped that a terminal might act on.
    package var plainText: String { Self.plain(text) }

    /// For people to read and to edit: the members of objects a line each, arrays in one line; nulls and numbers as they were
    /// written, and everything escaped that a terminal might act on.
    package var editableText: String {
        var text = ""
        writeLines(indented: "", to: &text)
        return Self.plain(text + "\n")
    }

    private func writeLines(indented: String, to text: inout String) {
        guard case .object(let members) = self, !members.isEmpty else { return write(keepingNulls: true, to: &text) }
        let within = indented + "  "
        var separator = "{\n"
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            text += separator + within
            Self.quote(name.text, to: &text)
            text += ": "
            value.writeLines(indented: within, to: &text)
            separator = ",\n"
        }
        text += "\n\(indented)}"
    }

    private static func plain(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ $0 == "\n" || Excerpt.isPlain($0) }) { return text }
        var plain = ""
        // What is not plain stands inside strings only: outside of them the text has none but line ends, which strings have not.
        for scalar in text.unicodeScalars {
            if scalar == "\n" || Excerpt.isPlain(scalar) {
                plain.unicodeScalars.append(scalar)
            } else {
                escapeUnits(of: scalar, to: &plain)
            }
        }
        return plain
    }

    private static func escapeUnits(of scalar: Unicode.Scalar, to text: inout String) {
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private func written(keepingNulls: Bool) -> String {
        var text = ""
        write(keepingNulls: keepingNulls, to: &text)
        return text
    }

    private func write(keepingNulls: Bool, to text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .number(let number): text += number.isFinite ? String(number) : "null"
        case .verbatim(let number): text += number
        case .string(let string): Self.quote(string, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(keepingNulls: keepingNulls, to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            var isFirst = true
            for (name, value) in members.sorted(by: { $0.key < $1.key }) where keepingNulls || value != .null {
                if !isFirst { text += "," }
                isFirst = false
                Self.quote(name.text, to: &text)
                text += ":"
                value.write(keepingNulls: keepingNulls, to: &text)
            }
            text += "}"
        }
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            text += string
        } else {
            for scalar in string.unicodeScalars { escape(scalar, to: &text) }
        }
        text += "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case _ where scalar.value < 0x20: escapeUnits(of: scalar, to: &text)
        default: text.unicodeScalars.append(scalar)
        }
    }
}
