import FoundationEssentials

/// Any JSON, as it came.
package enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// A number which is an integer and fits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Deeper than anything we read; the decoder goes down the stack, one step for each level.
    private static let deepest = 64

    /// Why bytes are not JSON, as the end of a sentence.
    package struct Fault: Error, Equatable {
        package let problem: String
    }

    /// Reads one JSON text of any kind.
    package static func parse(_ bytes: [UInt8]) throws(Fault) -> JSONValue {
        if let problem = problem(in: bytes) {
            throw Fault(problem: problem)
        }
        let data = Data(bytes)
        // Almost always it is: tried first, since every kind that does not fit costs a thrown error.
        if let members = try? JSONDecoder().decode([String: JSONValue].self, from: data) {
            return .object(members)
        }
        do {
            return try JSONDecoder().decode(JSONValue.self, from: data)
        } catch {
            throw Fault(problem: "is not valid JSON")
        }
    }

    /// What kind of value it is, for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// What the decoder would take and we do not: great depth, and what is no JSON to anybody else, the originals of the
    /// fleet among them (a comma before a closing bracket, a byte order mark, UTF-16).
    private static func problem(in bytes: [UInt8]) -> String? {
        if bytes.contains(0) || bytes.starts(with: [0xef, 0xbb, 0xbf]) || bytes.starts(with: [0xff, 0xfe])
            || bytes.starts(with: [0xfe, 0xff])
        {
            return "is not valid JSON: it must be UTF-8 without a byte order mark"
        }
        var depth = 0
        var isInString = false
        var isEscaped = false
        var isAfterComma = false
        for byte in bytes {
            if isInString {
                switch byte {
                case _ where isEscaped: isEscaped = false
                case UInt8(ascii: "\\"): isEscaped = true
                case UInt8(ascii: "\""): isInString = false
                default: break
                }
                continue
            }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if isAfterComma {
                    return "is not valid JSON: there is a comma before a closing bracket"
                }
                depth -= 1
            default: break
            }
            isAfterComma = byte == UInt8(ascii: ",")
            if depth > deepest {
                return "is nested more than \(deepest) levels deep"
            }
        }
        return nil
    }
}

extension JSONValue: Decodable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        // The likeliest first: every kind that does not fit costs a thrown error.
        if value.decodeNil() {
            self = .null
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }
}
