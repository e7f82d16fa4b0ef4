/// One word of a lease's COUNT or TOTAL.
struct LeaseToken {
    enum Kind: Equatable {
        case number(Double)
        case word(String)
        case symbol(Symbol)
        case end
    }

    enum Symbol: String {
        case plus = "+", minus = "-", times = "*", over = "/", modulo = "%", power = "**"
        case not = "!", and = "&&", or = "||"
        case less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
        case equal = "==", unequal = "!=", compare = "<=>"
        case question = "?", colon = ":", comma = ",", open = "(", close = ")"
    }

    let kind: Kind
    /// From 1, in the text handed to `split`.
    let column: Int

    static let macroNames = ["CPU", "MEMMB", "FQDN", "TOTAL"]

    /// The text as tokens, an `end` after the last.
    static func split(_ text: String) throws(LeaseExpression.Fault) -> [LeaseToken] {
        let bytes = Array(text.utf8)
        var tokens: [LeaseToken] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            let column = position + 1
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                position += 1
            } else if isDigit(byte) || byte == UInt8(ascii: ".") {
                let length = try numberLength(bytes[position...], column: column)
                let digits = String(decoding: bytes[position..<position + length], as: UTF8.self)
                guard let value = Double(digits), value.isFinite else {
                    throw LeaseExpression.Fault(column: column, problem: "this number is too large")
                }
                tokens.append(LeaseToken(kind: .number(value), column: column))
                position += length
            } else if isWordByte(byte) {
                let word = String(decoding: bytes[position...].prefix(while: isWordByte), as: UTF8.self)
                tokens.append(LeaseToken(kind: .word(word), column: column))
                position += word.utf8.count
            } else {
                let symbol = try symbol(at: bytes[position...], column: column)
                tokens.append(LeaseToken(kind: .symbol(symbol), column: column))
                position += symbol.rawValue.utf8.count
            }
        }
        tokens.append(LeaseToken(kind: .end, column: bytes.count + 1))
        return tokens
    }

    /// The longest symbol that begins here, as Perl reads them: `2--1` is no subtraction there either.
    private static func symbol(at bytes: ArraySlice<UInt8>, column: Int) throws(LeaseExpression.Fault) -> Symbol {
        let ahead = String(decoding: bytes.prefix(2), as: UTF8.self)
        if ahead == "--" || ahead == "++" {
            throw LeaseExpression.Fault(
                column: column, problem: "\"\(ahead)\" is no operator; put a blank between the signs")
        }
        for length in [3, 2, 1] {
            if let symbol = Symbol(rawValue: String(decoding: bytes.prefix(length), as: UTF8.self)) {
                return symbol
            }
        }
        let problem =
            switch bytes.first {
            case UInt8(ascii: "="): "\"=\" alone is no operator; write =="
            case UInt8(ascii: "&"): "\"&\" alone is no operator; write &&"
            case UInt8(ascii: "|"): "\"|\" alone is no operator; write ||"
            case .some(let byte) where (0x21...0x7e).contains(byte):
                "\"\(Character(Unicode.Scalar(byte)))\" is not allowed; COUNT and TOTAL are arithmetic"
            default: "this character is not allowed; COUNT and TOTAL are arithmetic"
            }
        throw LeaseExpression.Fault(column: column, problem: problem)
    }

    /// Digits, a fraction, an exponent; and nothing that clings to them, since Perl would give it another meaning: octal
    /// (010), hexadecimal (0x10), a range (1..2), a version (1.2.3), a macro pasted into a number (2CPU).
    private static func numberLength(_ bytes: ArraySlice<UInt8>, column: Int) throws(LeaseExpression.Fault) -> Int {
        let whole = bytes.prefix(while: isDigit).count
        if whole > 1, bytes.first == UInt8(ascii: "0") {
            throw LeaseExpression.Fault(
                column: column, problem: "a number may not begin with 0; Perl would take it as octal")
        }
        var rest = bytes.dropFirst(whole)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: isDigit).count
            if whole == 0, fraction == 0 {
                throw LeaseExpression.Fault(column: column, problem: "\".\" alone is not a number")
            }
            rest = rest.dropFirst(1 + fraction)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            let sign = rest.dropFirst().first
            let mark = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? 2 : 1
            let exponent = rest.dropFirst(mark).prefix(while: isDigit).count
            if exponent > 0 {
                rest = rest.dropFirst(mark + exponent)
            }
        }
        if let next = rest.first, isWordByte(next) || next == UInt8(ascii: ".") {
            let word = String(decoding: rest.prefix(while: isWordByte), as: UTF8.self)
            let isMacro = macroNames.contains { word.hasPrefix($0) }
            let at = column + bytes.count - rest.count
            throw LeaseExpression.Fault(
                column: at,
                problem: isMacro
                    ? "a macro cannot be part of a number; put an operator between, as in 2*CPU"
                    : "this cannot follow a number")
        }
        return bytes.count - rest.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
