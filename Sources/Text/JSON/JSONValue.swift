/// Any JSON, as it came.
package enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// A number which is an integer and fits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A number as it was written, where we would write it in another way: only of a text that is to be written again.
    case verbatim(String)
    case string(String)
    case array([JSONValue])
    case object([ExactName: JSONValue])

    /// What kind of value it is, for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer, .number, .verbatim: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var object: [ExactName: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }
}
