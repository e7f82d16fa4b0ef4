import Glibc
package import Host
package import Recipes
package import Text

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
    package var waiters: Int?
    /// In seconds, as all that follow.
    package var term: Int64?
    package var timeout: Limit?
    package var minInterval: Int64?
    package var oncePer: Period?
    package var after: EarlierJobs?
    package var retryFailed = false
    package var retries: Int?
    package var success: CodeList?
    package var noRetry: CodeList?
    package var retryDelay: Int64?
    package var splay: Int64?
    /// In bytes.
    package var keptOutput: Int?
    /// Nil: as the configuration says.
    package var onUnavailable: Unavailability?
    package var onGroupExit: GroupExit?
    package var isDryRun = false
    /// The command and its arguments, at least one word, as given.
    package var command: [[UInt8]] = []

    /// Takes this process's words, the program's own name first.
    package static func parse(_ words: [[UInt8]]) throws(UsageError) -> Parsed {
        let scan = try OptionScanner.scan(words)
        var arguments = Arguments()
        for (option, value) in scan.options {
            if case .answer(let answer) = option.value { return answer }
            try option.value.read(value, of: option.name, into: &arguments)
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

    // MARK: - What does not go together

    func refuseCombinations() throws(UsageError) {
        let refused: [(isGiven: Bool, option: String, why: String)] = [
            (!takesLock && wait != nil, "--wait", "waits for the lock; leave out --no-lock, or --wait"),
            (
                waiters != nil && (wait ?? .seconds(0)) == .seconds(0), "--waiters",
                "limits how many wait for the lock; add --wait, or leave it out"
            ),
            (!takesLock && minInterval != nil, "--min-interval", "needs the lock's record; leave out --no-lock"),
            (!takesLock && oncePer != nil, "--once-per", "needs the lock's record; leave out --no-lock"),
            (
                oncePer != nil && minInterval != nil, "--once-per",
                "goes by the clock, and --min-interval by the last start; leave one of them out"
            ),
            (!takesLock && after != nil, "--after", "needs the lock's record; leave out --no-lock"),
            (
                after?.contains(effectiveLockname) == true, "--after",
                "names the job itself, which comes after no success of its own; leave it out"
            ),
            (after?.isWithinLimits == false, "--after", "takes \(EarlierJobs.form); name fewer"),
            (
                !takesLock && leases.isEmpty && term != nil, "--term",
                "with --no-lock and without --lease there is nothing to own; leave it out"
            ),
            (
                leaseWait != nil && leases.isEmpty, "--lease-wait",
                "limits the wait for --lease; add --lease, or leave it out"
            ),
            (
                retryFailed && minInterval == nil && oncePer == nil && after == nil, "--retry-failed",
                "says what --min-interval, --once-per or --after counts; add one of them"
            ),
            (retryDelay != nil && retries == nil, "--retry-delay", "is the pause between --retries; add --retries"),
            (noRetry != nil && retries == nil, "--no-retry", "says which codes end --retries; add --retries"),
            (!takesLock && keptOutput != nil, "--keep-output", "needs the lock's record; leave out --no-lock"),
            (
                keptOutput != nil && descendants == .leave, "--keep-output",
                "ends with the run, and what --descendants leave leaves would die of its next line; leave one of them out"
            ),
            (onGroupExit != nil && group == nil, "--on-group-exit", "needs a group; add --group"),
        ]
        if let first = refused.first(where: \.isGiven) {
            throw UsageError(message: "option \(first.option) \(first.why)")
        }
        var successes = success ?? CodeList()
        successes.add(.zero)
        if let code = noRetry?.first(alsoIn: successes) {
            let place = code == 0 ? "always a success" : "in --success too"
            throw UsageError(
                message: "option --no-retry: code \(code) is \(place), and a success is never run again; leave it out")
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
