import Glibc
package import Recipes
import Run

/// What the command line asks for.
package struct Arguments: Sendable {
    /// What becomes of processes that outlive the command.
    package enum Descendants: String, CaseIterable, Sendable {
        case wait, kill, leave
    }

    /// What goes to standard error.
    package enum Verbosity: Sendable {
        /// Errors.
        case quiet
        /// Warnings too.
        case normal
        /// Everything from info on.
        case verbose
    }

    /// What a server that cannot be reached is to this run.
    package enum Unavailability: String, CaseIterable, Sendable {
        case fail, skip
    }

    /// What becomes of the command when this host leaves the group.
    package enum GroupExit: String, CaseIterable, Sendable {
        case stop, finish
    }

    package enum Parsed: Sendable {
        case run(Arguments)
        case help
        case version
    }

    package var config: String?
    package var group: String?
    /// As given, not looked at yet; see `effectiveLockname`.
    package var lockname: [UInt8]?
    package var takesLock = true
    /// As given; they can be read only when this host's facts are known.
    package var leases: [String] = []
    package var leaseWait: Limit?
    package var descendants = Descendants.wait
    package var skipExitCode: UInt8?
    /// By the outcome's name.
    package var exitCodes: [String: UInt8] = [:]
    package var verbosity = Verbosity.normal
    package var wait: Limit?
    /// In seconds, as all that follow.
    package var term: Int64?
    package var timeout: Limit?
    package var minInterval: Int64?
    package var retryFailed = false
    package var retries: Int?
    package var retryDelay: Int64?
    package var splay: Int64?
    package var onUnavailable = Unavailability.fail
    package var onGroupExit: GroupExit?
    package var isDryRun = false
    /// The command and its arguments, at least one word, as given.
    package var command: [[UInt8]] = []

    /// Takes this process's words, the program's own name first.
    package static func parse(_ words: [[UInt8]]) throws(UsageError) -> Parsed {
        let scan = try OptionScanner.scan(words)
        var arguments = Arguments()
        for (option, value) in scan.options {
            switch option {
            case .help: return .help
            case .version: return .version
            default: try arguments.take(option, value)
            }
        }
        arguments.command = Array(words.dropFirst(scan.commandIndex))
        guard !arguments.command.isEmpty else {
            throw UsageError(message: "no command; write switchman [OPTIONS] [--] COMMAND [ARG...]")
        }
        if !scan.endsWithDashes {
            try refuseOptions(after: arguments.command)
        }
        try arguments.refuseCombinations()
        return .run(arguments)
    }

    /// The words of this process, as bytes: they need not be UTF-8.
    package static func ofThisProcess() -> [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            guard let word = unsafe CommandLine.unsafeArgv[index] else { return nil }
            return unsafe Array(UnsafeRawBufferPointer(start: word, count: strlen(word)))
        }
    }

    /// The lockname given, else the command's base name, which need not be a good one.
    package var effectiveLockname: [UInt8] {
        lockname ?? Self.baseName(command.first ?? [])
    }

    /// What to execute. A single word with blanks or shell characters is for the shell, as in the original.
    package var commandVector: [[UInt8]] {
        guard command.count == 1, let word = command.first, Self.isForShell(word) else { return command }
        return [Array("/bin/sh".utf8), Array("-c".utf8), word]
    }

    // MARK: - Values

    private mutating func take(_ option: Option, _ value: [UInt8]) throws(UsageError) {
        switch option {
        case .config: config = try Self.text(value, of: option)
        case .group: group = try Self.text(value, of: option)
        case .lockname: lockname = value
        case .noLock: takesLock = false
        case .lock: takesLock = true
        case .lease: leases.append(try Self.text(value, of: option))
        case .leaseWait:
            leaseWait = try Self.value(value, of: option, expected: DurationText.form) { DurationText.parse($0) }
        case .descendants: descendants = try Self.choice(value, of: option)
        case .wait, .timeout, .term, .minInterval, .retryDelay, .splay: try takeDuration(option, value)
        case .retryFailed: retryFailed = true
        case .retries:
            retries = try Self.value(value, of: option, expected: "a number from 0 to \(Self.mostRetries)") {
                DigitText.parse($0).flatMap { Int(exactly: $0) }.flatMap { $0 <= Self.mostRetries ? $0 : nil }
            }
        case .onUnavailable: onUnavailable = try Self.choice(value, of: option)
        case .onGroupExit: onGroupExit = try Self.choice(value, of: option)
        case .dryRun: isDryRun = true
        case .skipExitCode:
            skipExitCode = try Self.value(value, of: option, expected: "a number from 0 to 255") {
                Self.exitCode($0[...])
            }
        case .exitCode:
            let (outcome, code) = try Self.outcomeAndCode(value)
            exitCodes[outcome] = code
        case .verbose: verbosity = .verbose
        case .quiet: verbosity = .quiet
        case .help, .version: break
        }
    }

    private static let mostRetries = 1_000_000
    private static let daySeconds: Int64 = 86_400
    /// Only there so that arithmetic with it cannot overflow.
    private static let yearSeconds: Int64 = 366 * daySeconds

    private mutating func takeDuration(_ option: Option, _ value: [UInt8]) throws(UsageError) {
        switch option {
        case .wait: wait = try Self.value(value, of: option, expected: DurationText.form) { DurationText.parse($0) }
        case .timeout:
            timeout = try Self.value(value, of: option, expected: DurationText.form) { DurationText.parse($0) }
        // With `forever` a crash would block the job for good.
        case .term: term = try Self.seconds(value, of: option, in: Term.secondsMin...Term.secondsMax)
        case .minInterval: minInterval = try Self.seconds(value, of: option, in: 1...Self.yearSeconds)
        case .retryDelay: retryDelay = try Self.seconds(value, of: option, in: 0...Self.daySeconds)
        case .splay: splay = try Self.seconds(value, of: option, in: 0...Self.daySeconds)
        default: break
        }
    }

    private static func seconds(
        _ value: [UInt8], of option: Option, in range: ClosedRange<Int64>
    ) throws(UsageError) -> Int64 {
        let expected = "a duration such as 30s or 5m, from \(range.lowerBound) to \(range.upperBound) seconds"
        return try Self.value(value, of: option, expected: expected) { text in
            if case .seconds(let seconds)? = DurationText.parse(text), range.contains(seconds) { seconds } else { nil }
        }
    }

    private static func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ value: [UInt8], of option: Option
    ) throws(UsageError) -> Choice {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return try Self.value(value, of: option, expected: "one of \(choices)") { Choice(rawValue: $0) }
    }

    private static func text(_ value: [UInt8], of option: Option) throws(UsageError) -> String {
        try Self.value(value, of: option, expected: "at least one character") { $0.isEmpty ? nil : $0 }
    }

    private static func value<Value>(
        _ bytes: [UInt8], of option: Option, expected: String, read: (String) -> Value?
    ) throws(UsageError) -> Value {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError(message: "option \(option.name): \"\(Excerpt.of(bytes))\" is not valid UTF-8")
        }
        guard let value = read(text) else {
            throw UsageError(
                message: "option \(option.name): \"\(Excerpt.of(text))\" will not do; it must be \(expected)")
        }
        return value
    }

    private static func outcomeAndCode(_ value: [UInt8]) throws(UsageError) -> (String, UInt8) {
        let option = Option.exitCode.name
        let shown = Excerpt.of(value)
        guard let equals = value.firstIndex(of: UInt8(ascii: "=")) else {
            throw UsageError(message: "option \(option): \"\(shown)\" has no \"=\"; write OUTCOME=N")
        }
        let name = String(decoding: value[..<equals], as: UTF8.self)
        if name == Outcome.ran.rawValue || name == Outcome.usage.rawValue {
            throw UsageError(message: "option \(option): the code of \"\(name)\" cannot be changed")
        }
        guard Outcome(rawValue: name) != nil else {
            let known = Outcome.allCases.filter { $0 != .ran && $0 != .usage }.map(\.rawValue).joined(separator: ", ")
            throw UsageError(
                message: "option \(option): unknown outcome \"\(Excerpt.of(name))\"; it must be one of \(known)")
        }
        let number = String(decoding: value[(equals + 1)...], as: UTF8.self)
        guard let code = exitCode(number[...]) else {
            throw UsageError(
                message: "option \(option): \"\(shown)\" will not do; the code must be a number from 0 to 255")
        }
        return (name, code)
    }

    private static func exitCode(_ text: Substring) -> UInt8? {
        DigitText.parse(text.utf8).flatMap { UInt8(exactly: $0) }
    }

    // MARK: - What does not go together

    private func refuseCombinations() throws(UsageError) {
        let refused: [(isGiven: Bool, option: Option, why: String)] = [
            (!takesLock && wait != nil, .wait, "waits for the lock; leave out --no-lock, or --wait"),
            (!takesLock && minInterval != nil, .minInterval, "needs the lock's record; leave out --no-lock"),
            (
                !takesLock && leases.isEmpty && term != nil, .term,
                "with --no-lock and without --lease there is nothing to own; leave it out"
            ),
            (retryFailed && minInterval == nil, .retryFailed, "says what --min-interval counts; add --min-interval"),
            (retryDelay != nil && retries == nil, .retryDelay, "is the pause between --retries; add --retries"),
            (onGroupExit != nil && group == nil, .onGroupExit, "needs a group; add --group"),
        ]
        if let first = refused.first(where: \.isGiven) {
            throw UsageError(message: "option \(first.option.name) \(first.why)")
        }
    }

    // MARK: - The command

    /// The original took its options after the command as well. Passed on to the command in silence, `--lockname` there
    /// would make this host lock another name than the rest of a mixed fleet.
    private static func refuseOptions(after command: [[UInt8]]) throws(UsageError) {
        let refused = ["--lockname", "--lease", "--group", "--config", "--no-lock", "--nolock"].map { Array($0.utf8) }
        for word in command.dropFirst() {
            // Behind it the original looked for none either.
            if word == Array("--".utf8) {
                return
            }
            if refused.contains(Array(word.prefix { $0 != UInt8(ascii: "=") })) {
                throw UsageError(
                    message: "option \(Excerpt.of(word)) stands after the command; put it before the command, "
                        + "or put -- before the command if it is the command's own")
            }
        }
    }

    /// File::Basename's: without slashes at the end, what follows the last slash; `/` for the root.
    private static func baseName(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var end = path.endIndex
        while end > 1, path[end - 1] == slash {
            end -= 1
        }
        let trimmed = path[..<end]
        let name = trimmed.lastIndex(of: slash).map { trimmed[($0 + 1)...] } ?? trimmed
        return name.isEmpty ? Array(trimmed) : Array(name)
    }

    /// Blanks, the characters at which Perl's exec turns to the shell, and an assignment in front, at which it does too.
    private static func isForShell(_ word: [UInt8]) -> Bool {
        if word.contains(where: { " \t\n\u{b}\u{c}\r$&*(){}[]'\";\\|?<>~`".utf8.contains($0) }) {
            return true
        }
        let name = word.prefix { byte in
            switch Character(Unicode.Scalar(byte)) {
            case "a"..."z", "A"..."Z", "0"..."9", "_": true
            default: false
            }
        }
        return !name.isEmpty && name.endIndex < word.endIndex && word[name.endIndex] == UInt8(ascii: "=")
    }
}

/// A command line that cannot be followed. One line that names the option and says what to do.
package struct UsageError: Error, Equatable {
    package let message: String
}
