import Glibc

/// The arithmetic of a lease's COUNT and TOTAL: what the original's users wrote as Perl, without being Perl.
///
/// Values are IEEE doubles; precedence and meaning of the operators are Perl's (perlop). One pass both parses and
/// evaluates, so no tree is built and nothing of a user's length decides how deep the stack goes.
package struct LeaseExpression {
    /// What is wrong, and where.
    package struct Fault: Error, Equatable {
        /// From 1, in the expression.
        package let column: Int
        package let problem: String
    }

    /// How deep parentheses (two steps each), signs, powers and choices may nest: far beyond what anybody writes, far
    /// within any stack.
    static let deepest = 200

    private let tokens: [LeaseToken]
    private let macros: Macros
    /// What TOTAL stands for; nil where it stands for nothing.
    private let total: Double?
    private var position = 0
    private var depth = 0

    private init(tokens: [LeaseToken], macros: Macros, total: Double?) {
        self.tokens = tokens
        self.macros = macros
        self.total = total
    }

    /// The value of the expression: a finite number.
    ///
    /// - Parameter total: the resource's total, for an expression that may refer to it.
    package static func evaluate(_ text: String, macros: Macros, total: Int64? = nil) throws(Fault) -> Double {
        var expression = LeaseExpression(
            tokens: try LeaseToken.split(text), macros: macros, total: total.map { Double($0) })
        return try expression.whole(counts: true)
    }

    /// Whether the expression refers to the resource's total, and so has no value without it. If it does, it is well-formed.
    package static func refersToTotal(_ text: String, macros: Macros) throws(Fault) -> Bool {
        let tokens = try LeaseToken.split(text)
        guard tokens.contains(where: { $0.kind == .word("TOTAL") }) else { return false }
        var expression = LeaseExpression(tokens: tokens, macros: macros, total: 1)
        _ = try expression.whole(counts: false)
        return true
    }

    private mutating func whole(counts: Bool) throws(Fault) -> Double {
        let value = try choice(counts: counts)
        guard current.kind == .end else { throw unexpected(expected: "an operator") }
        return value
    }

    // MARK: - Grammar, from the loosest to the tightest
    //
    // `counts` is false in the part of `&&`, `||` and `?:` which is not taken: that must be well-formed, but may divide
    // by zero.

    /// `a ? b : c`
    private mutating func choice(counts: Bool) throws(Fault) -> Double {
        try enter()
        defer { depth -= 1 }
        let condition = try operation(from: .or, counts: counts)
        guard take(.question) else { return condition }
        let ifTrue = try choice(counts: counts && condition != 0)
        guard take(.colon) else { throw unexpected(expected: "the \":\" of \"?\"") }
        let ifFalse = try choice(counts: counts && condition == 0)
        return condition != 0 ? ifTrue : ifFalse
    }

    private enum Level: Int {
        case or, and, equality, relation, sum, product, unary

        var tighter: Level { Level(rawValue: rawValue + 1) ?? .unary }
    }

    private static func level(of symbol: LeaseToken.Symbol) -> Level? {
        switch symbol {
        case .or: .or
        case .and: .and
        case .equal, .unequal, .compare: .equality
        case .less, .lessOrEqual, .greater, .greaterOrEqual: .relation
        case .plus, .minus: .sum
        case .times, .over, .modulo: .product
        default: nil
        }
    }

    /// Every operator with two sides but `**`, of the given level or tighter, from left to right.
    private mutating func operation(from lowest: Level, counts: Bool) throws(Fault) -> Double {
        var left = try signed(counts: counts)
        var compared: Level?
        while case .symbol(let symbol) = current.kind, let level = Self.level(of: symbol),
            level.rawValue >= lowest.rawValue
        {
            let column = current.column
            if level == compared {
                throw Fault(column: column, problem: "comparisons do not chain; use parentheses or &&")
            }
            compared = level == .equality || level == .relation ? level : nil
            position += 1
            let rightCounts =
                switch symbol {
                case .and: counts && left != 0
                case .or: counts && left == 0
                default: counts
                }
            let right = try operation(from: level.tighter, counts: rightCounts)
            left = counts ? try Self.apply(symbol, left, right, column: column) : 0
        }
        return left
    }

    /// `-a`, `+a`, `!a`; they bind looser than `**` to their right.
    private mutating func signed(counts: Bool) throws(Fault) -> Double {
        try enter()
        defer { depth -= 1 }
        if take(.minus) {
            return -(try signed(counts: counts))
        }
        if take(.plus) {
            return try signed(counts: counts)
        }
        if take(.not) {
            return try signed(counts: counts) == 0 ? 1 : 0
        }
        let base = try operand(counts: counts)
        let column = current.column
        guard take(.power) else { return base }
        let exponent = try signed(counts: counts)
        return counts ? try Self.finite(pow(base, exponent), column: column) : 0
    }

    /// A number, a macro, a function, or something in parentheses.
    private mutating func operand(counts: Bool) throws(Fault) -> Double {
        let token = current
        switch token.kind {
        case .number(let value):
            position += 1
            return value
        case .symbol(.open):
            position += 1
            let value = try choice(counts: counts)
            guard take(.close) else { throw unexpected(expected: "\")\" or an operator") }
            return value
        case .word("CPU"):
            position += 1
            return Double(macros.cpuCount)
        case .word("MEMMB"):
            position += 1
            return Double(macros.memoryMB)
        case .word("TOTAL") where total != nil:
            position += 1
            return total ?? 0
        case .word(let name):
            guard let function = Function(rawValue: name) else { throw Self.unknown(name, column: token.column) }
            position += 1
            return try call(function, column: token.column, counts: counts)
        case .symbol, .end:
            throw unexpected(expected: "a number, CPU, MEMMB, a function or \"(\"")
        }
    }

    // MARK: - Functions

    private enum Function: String {
        case int, abs, min, max, floor, ceil, round
    }

    private mutating func call(_ function: Function, column: Int, counts: Bool) throws(Fault) -> Double {
        guard take(.open) else {
            // Perl's own two need no parentheses, and then take a whole sum: int MEMMB/1024 is int(MEMMB/1024).
            guard function == .int || function == .abs else {
                throw unexpected(expected: "\"(\" after \(function.rawValue)")
            }
            return Self.apply(function, to: try operation(from: .sum, counts: counts))
        }
        var value = Self.apply(function, to: try choice(counts: counts))
        while function == .min || function == .max, take(.comma) {
            let other = try choice(counts: counts)
            value = function == .min ? Swift.min(value, other) : Swift.max(value, other)
        }
        guard take(.close) else { throw unexpected(expected: "\")\" after the arguments of \(function.rawValue)") }
        return value
    }

    private static func apply(_ function: Function, to value: Double) -> Double {
        switch function {
        case .int: value.rounded(.towardZero)
        case .abs: Swift.abs(value)
        case .min, .max: value
        case .floor: value.rounded(.down)
        case .ceil: value.rounded(.up)
        case .round: value.rounded(.toNearestOrAwayFromZero)
        }
    }

    // MARK: - Operators

    private static func apply(
        _ symbol: LeaseToken.Symbol, _ left: Double, _ right: Double, column: Int
    ) throws(Fault) -> Double {
        switch symbol {
        case .or: left != 0 ? left : right
        case .and: left != 0 ? right : left
        case .equal: left == right ? 1 : 0
        case .unequal: left != right ? 1 : 0
        case .compare: left < right ? -1 : left > right ? 1 : 0
        case .less: left < right ? 1 : 0
        case .lessOrEqual: left <= right ? 1 : 0
        case .greater: left > right ? 1 : 0
        case .greaterOrEqual: left >= right ? 1 : 0
        case .plus: try finite(left + right, column: column)
        case .minus: try finite(left - right, column: column)
        case .times: try finite(left * right, column: column)
        case .over: try quotient(left, right, column: column)
        case .modulo: try remainder(left, right, column: column)
        default: left
        }
    }

    private static func quotient(_ left: Double, _ right: Double, column: Int) throws(Fault) -> Double {
        guard right != 0 else { throw Fault(column: column, problem: "division by zero") }
        return try finite(left / right, column: column)
    }

    /// Perl's `%`: both sides cut to integers, the sign of the right one.
    private static func remainder(_ left: Double, _ right: Double, column: Int) throws(Fault) -> Double {
        let divisor = right.rounded(.towardZero)
        guard divisor != 0 else { throw Fault(column: column, problem: "modulo by zero") }
        let rest = left.rounded(.towardZero).truncatingRemainder(dividingBy: divisor)
        return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest
    }

    private static func finite(_ value: Double, column: Int) throws(Fault) -> Double {
        guard value.isFinite else { throw Fault(column: column, problem: "the result is not a finite number") }
        return value
    }

    // MARK: - Tokens

    private var current: LeaseToken {
        tokens[position]
    }

    private mutating func take(_ symbol: LeaseToken.Symbol) -> Bool {
        guard current.kind == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func enter() throws(Fault) {
        guard depth < Self.deepest else {
            throw Fault(column: current.column, problem: "nested too deep; write it in a simpler way")
        }
        depth += 1
    }

    private func unexpected(expected: String) -> Fault {
        let found =
            switch current.kind {
            case .number: "a number"
            case .word(let word): "\"\(Excerpt.of(word))\""
            case .symbol(let symbol): "\"\(symbol.rawValue)\""
            case .end: "the end"
            }
        return Fault(column: current.column, problem: "expected \(expected), found \(found)")
    }

    private static func unknown(_ word: String, column: Int) -> Fault {
        if word == "FQDN" {
            return Fault(column: column, problem: "FQDN is not a number; it belongs in the resource's name")
        }
        if word == "TOTAL" {
            return Fault(column: column, problem: "TOTAL cannot stand in TOTAL, only in COUNT")
        }
        if LeaseToken.macroNames.contains(where: { word.contains($0) }) {
            return Fault(
                column: column, problem: "a macro cannot be part of a word or a number; put an operator between")
        }
        return Fault(column: column, problem: "unknown word \"\(Excerpt.of(word))\"; COUNT and TOTAL are arithmetic")
    }
}
