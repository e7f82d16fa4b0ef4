import Recipes
import Run
import Text

/// What an option takes, what is accepted of it, and where it goes. Indirect, since copies of a pointer are little code.
indirect enum OptionValue: Sendable {
    typealias Store<Value> = @Sendable (inout Arguments, Value) -> Void

    /// Nothing: the option speaks for itself.
    case none(@Sendable (inout Arguments) -> Void)
    /// Nothing: the option asks for something else than a run, and nothing behind it counts.
    case answer(Arguments.Parsed)
    /// Any bytes, with the name that the help has for them.
    case bytes(String, Store<[UInt8]>)
    /// At least one character, with the name that the help has for it.
    case text(String, Store<String>)
    /// A duration, or `forever`.
    case time(Store<Limit>)
    /// A duration in a range of seconds.
    case seconds(ClosedRange<Int64>, Store<Int64>)
    case number(ClosedRange<Int>, Store<Int>)
    /// A number of bytes in a range.
    case size(ClosedRange<Int>, Store<Int>)
    /// One of these words; see `oneOf`.
    case choice([String], Store<String>)
    /// Exit codes of the command.
    case codes(Store<CodeList>)
    /// Locknames.
    case jobs(Store<EarlierJobs>)
    /// A period of the clock.
    case period(Store<Period>)
    /// An outcome's word and its exit code.
    case outcomeAndCode(@Sendable (inout Arguments, String, UInt8) -> Void)

    /// One of the words of an enum, in the order of its cases.
    static func oneOf<Choice: CaseIterable & RawRepresentable<String> & SendableMetatype>(
        _: Choice.Type, _ store: @escaping Store<Choice>
    ) -> OptionValue {
        .choice(Choice.allCases.map(\.rawValue)) { arguments, word in
            if let choice = Choice(rawValue: word) { store(&arguments, choice) }
        }
    }

    /// What the help calls it, such as `TIME`, or the words to choose from, such as `fail|skip`. Nil if nothing is taken.
    var name: String? {
        switch self {
        case .none, .answer: nil
        case .bytes(let name, _), .text(let name, _): name
        case .time, .seconds: "TIME"
        case .number: "N"
        case .size: "SIZE"
        case .choice(let words, _): words.joined(separator: "|")
        case .codes: "CODES"
        case .jobs: "JOB[,JOB...]"
        case .period: "PERIOD"
        case .outcomeAndCode: "OUTCOME=N"
        }
    }

    var isTaken: Bool {
        switch self {
        case .none, .answer: false
        default: true
        }
    }

    /// Puts the value given into the arguments, or says what is expected instead. The option's name is for the message.
    func read(_ bytes: [UInt8], of option: String, into arguments: inout Arguments) throws(UsageError) {
        switch self {
        case .none(let set): set(&arguments)
        case .answer: break
        case .bytes(_, let store): store(&arguments, bytes)
        case .text(_, let store):
            let expected = "at least one character"
            store(&arguments, try Self.value(bytes, of: option, expected: expected) { $0.isEmpty ? nil : $0 })
        case .time(let store):
            store(&arguments, try Self.value(bytes, of: option, expected: DurationText.form, read: DurationText.parse))
        case .seconds(let range, let store):
            let expected = "a duration such as 30s or 5m, from \(range.lowerBound) to \(range.upperBound) seconds"
            store(
                &arguments,
                try Self.value(bytes, of: option, expected: expected) { text in
                    guard case .seconds(let seconds)? = DurationText.parse(text) else { return nil }
                    return range.contains(seconds) ? seconds : nil
                })
        case .number(let range, let store):
            let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
            store(
                &arguments,
                try Self.value(bytes, of: option, expected: expected) { text in
                    DigitText.parse(text).flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
                })
        case .size(let range, let store):
            let expected = "\(ByteSize.form), from \(range.lowerBound) to \(range.upperBound)"
            store(
                &arguments,
                try Self.value(bytes, of: option, expected: expected) { text in
                    ByteSize.parse(text).flatMap { range.contains($0) ? $0 : nil }
                })
        case .choice(let words, let store):
            let expected = "one of \(words.joined(separator: ", "))"
            store(
                &arguments,
                try Self.value(bytes, of: option, expected: expected) { words.contains($0) ? $0 : nil })
        case .codes(let store):
            store(&arguments, try Self.value(bytes, of: option, expected: CodeList.form) { CodeList($0) })
        case .jobs(let store):
            let text = try Self.value(bytes, of: option, expected: EarlierJobs.form) { $0 }
            do throws(Objection) { store(&arguments, try EarlierJobs(text)) } catch {
                throw UsageError(
                    message:
                        "invalid value \"\(Excerpt.of(text))\" for \(option): \(error.problem); expected \(EarlierJobs.form)"
                )
            }
        case .period(let store):
            store(&arguments, try Self.value(bytes, of: option, expected: Period.form) { Period($0) })
        case .outcomeAndCode(let store):
            let (outcome, code) = try Self.outcomeAndCode(bytes, of: option)
            store(&arguments, outcome, code)
        }
    }

    private static func value<Value>(
        _ bytes: [UInt8], of option: String, expected: String, read: (String) -> Value?
    ) throws(UsageError) -> Value {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError(message: "option \(option): \"\(Excerpt.of(bytes))\" is not valid UTF-8")
        }
        guard let value = read(text) else {
            try refuseForgotten(bytes, of: option, expected: expected)
            throw UsageError(
                message: "invalid value \"\(Excerpt.of(text))\" for \(option): expected \(expected)")
        }
        return value
    }

    /// Who forgets the value in front of `--` has given that.
    private static func refuseForgotten(_ bytes: [UInt8], of option: String, expected: String) throws(UsageError) {
        if bytes == Array("--".utf8) {
            throw UsageError(message: "option \(option) needs a value before \"--\": expected \(expected)")
        }
    }

    private static func outcomeAndCode(_ value: [UInt8], of option: String) throws(UsageError) -> (String, UInt8) {
        let shown = Excerpt.of(value)
        try refuseForgotten(value, of: option, expected: "OUTCOME=N, with N from 0 to 255")
        guard let equals = value.firstIndex(of: UInt8(ascii: "=")) else {
            throw UsageError(message: "option \(option): \"\(shown)\" has no \"=\"; write OUTCOME=N")
        }
        let name = String(decoding: value[..<equals], as: UTF8.self)
        if name == Outcome.ran.rawValue || name == Outcome.usage.rawValue {
            throw UsageError(message: "option \(option): the code of \"\(name)\" cannot be changed")
        }
        guard Outcome(rawValue: name) != nil else {
            let known = Outcome.allCases.filter { $0 != .ran && $0 != .usage }.map(\.rawValue)
            let remedy = NearestWord.slip(name, among: known).map { NearestWord.question($0) }
            throw UsageError(
                message: "option \(option): unknown outcome \"\(Excerpt.of(name))\"; "
                    + (remedy ?? "it must be one of \(known.joined(separator: ", "))"))
        }
        guard let code = DigitText.parse(value[(equals + 1)...]).flatMap({ UInt8(exactly: $0) }) else {
            throw UsageError(
                message: "invalid value \"\(shown)\" for \(option): expected OUTCOME=N, with N from 0 to 255")
        }
        return (name, code)
    }
}
