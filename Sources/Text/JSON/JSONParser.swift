/// Reads JSON text (RFC 8259), strictly: what is no JSON to the originals of the fleet is none to us.
///
/// Our own, because Foundation's decoder takes a tenth of the time of a whole run to start (Docs/Benchmarks.md), reads what
/// others refuse (a comma before a closing bracket, UTF-16), and cannot say where a fault is.
struct JSONParser {
    private let bytes: [UInt8]
    private let keepsNumbers: Bool
    private var position = 0
    private var depth = 0

    /// Deeper than anything we read; the parser goes down the stack, one step for each level.
    private static let deepest = 64

    private init(_ bytes: [UInt8], keepsNumbers: Bool) {
        (self.bytes, self.keepsNumbers) = (bytes, keepsNumbers)
    }

    static func parse(_ bytes: [UInt8], keepsNumbers: Bool) throws(Objection) -> JSONValue {
        var parser = JSONParser(bytes, keepsNumbers: keepsNumbers)
        let value = try parser.value()
        parser.skipBlanks()
        guard parser.next == nil else { throw parser.fault("something follows its end") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ what: String) -> Objection {
        let before = bytes[..<position]
        let line = before.count(where: { $0 == UInt8(ascii: "\n") }) + 1
        let column = position - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
        return Objection(problem: "is not valid JSON: line \(line), column \(column): \(what)")
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(Objection) -> JSONValue {
        skipBlanks()
        guard let byte = next else { throw fault("it ends where a value must stand") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try nested { (parser) throws(Objection) in try parser.members() })
        case UInt8(ascii: "["): return .array(try nested { (parser) throws(Objection) in try parser.elements() })
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault("no value begins like this")
        }
    }

    private mutating func nested<T>(
        _ read: (inout JSONParser) throws(Objection) -> T
    ) throws(Objection) -> T {
        depth += 1
        guard depth <= Self.deepest else {
            throw Objection(problem: "is nested more than \(Self.deepest) levels deep")
        }
        position += 1
        defer { depth -= 1 }
        return try read(&self)
    }

    /// Of a name that comes twice the last counts, as for the originals.
    private mutating func members() throws(Objection) -> [ExactName: JSONValue] {
        var members: [ExactName: JSONValue] = [:]
        skipBlanks()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw fault("a name in double quotes must stand here") }
            let name = try string()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon must stand here") }
            members[ExactName(name)] = try value()
            if try closes(with: UInt8(ascii: "}")) { return members }
        }
    }

    private mutating func elements() throws(Objection) -> [JSONValue] {
        var elements: [JSONValue] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value())
            if try closes(with: UInt8(ascii: "]")) { return elements }
        }
    }

    private mutating func closes(with bracket: UInt8) throws(Objection) -> Bool {
        skipBlanks()
        if take(bracket) { return true }
        guard take(UInt8(ascii: ",")) else { throw fault("a comma or a closing bracket must stand here") }
        skipBlanks()
        if next == bracket { throw fault("there is a comma before a closing bracket") }
        return false
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Objection) -> JSONValue {
        for expected in "\(word)".utf8 {
            guard take(expected) else { throw fault("no value begins like this") }
        }
        return value
    }

    private mutating func number() throws(Objection) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let value: JSONValue
        if let integer = Int64(text) {
            value = .integer(integer)
        } else {
            guard let number = Double(text), number.isFinite else { throw fault("the number before this is too large") }
            // 2.0 and 2e3 are integers to everybody.
            value = Int64(exactly: number).map { .integer($0) } ?? .number(number)
        }
        return keepsNumbers && value.text != text ? .verbatim(text) : value
    }

    private mutating func digits() throws(Objection) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        if position == start { throw fault("a digit must stand here") }
    }

    private mutating func string() throws(Objection) -> String {
        position += 1
        // Up to the first escape it stands as it is.
        let plain = bytes[position...].prefix { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        position = plain.endIndex
        var text = Array(plain)
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else {
                    throw fault("the string before this is not UTF-8")
                }
                position += 1
                return valid
            case UInt8(ascii: "\\"):
                position += 1
                text += String(try escaped()).utf8
            case ..<0x20: throw fault("a control character must be written as an escape")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw fault("it ends within a string")
    }

    private mutating func escaped() throws(Objection) -> Unicode.Scalar {
        guard let letter = next else { throw fault("it ends within a string") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try scalar()
        default: throw fault("there is no such escape")
        }
    }

    /// Four hexadecimal digits, or twice that for a surrogate pair.
    private mutating func scalar() throws(Objection) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("half of a surrogate pair is no character")
        }
        let second = try hexadecimal()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xd800) << 10 + UInt32(second) - 0xdc00)
        else { throw fault("half of a surrogate pair is no character") }
        return scalar
    }

    private mutating func hexadecimal() throws(Objection) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("four hexadecimal digits must stand here")
            }
            code = code << 4 | UInt16(digit)
            position += 1
        }
        return code
    }
}

extension JSONValue {
    /// Reads one JSON text of any kind.
    ///
    /// - Parameter keepsNumbers: for who writes it again: others may count further than we do, or see more in `1.0`.
    package static func parse(_ bytes: [UInt8], keepsNumbers: Bool = false) throws(Objection) -> JSONValue {
        try JSONParser.parse(bytes, keepsNumbers: keepsNumbers)
    }
}
