import POSIX
import Text

/// A crontab, read as cron reads it: by bytes, since neither commands nor names need be UTF-8.
package struct CrontabFile: Sendable {
    package enum Format: Sendable {
        /// What `crontab -e` edits.
        case user
        /// /etc/crontab and /etc/cron.d, with a column for the user.
        case system

        /// By where it lies; a copy in a folder named cron.d counts.
        package static func of(path: String) -> Format {
            let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
            if parts.count >= 2, parts[parts.count - 2] == "cron.d" { return .system }
            return parts.suffix(2) == ["etc", "crontab"] ? .system : .user
        }
    }

    /// A line that starts something.
    struct Entry {
        let line: Int
        let schedule: CrontabSchedule
        /// What the shell is given, which is what stands before the first bare `%`.
        let command: [UInt8]
        /// Whether such a `%` ended it.
        let isCut: Bool
        /// The variables that stand above it.
        let environment: [[UInt8]: [UInt8]]
    }

    struct Fault {
        let line: Int
        let severity: Severity
        let problem: String
    }

    /// Nobody's crontab is longer; what is was named by mistake.
    private static let longestBytes = 1 << 22

    /// - Parameter path: `-` is standard input.
    static func read(path: String) throws(Objection) -> (name: String, bytes: [UInt8]) {
        do throws(FileBytes.Failure) {
            let bytes = try FileBytes.read(path == "-" ? "/dev/stdin" : path, longestBytes: longestBytes)
            return (path == "-" ? "standard input" : path, bytes)
        } catch {
            switch error {
            case .missing: throw Objection(problem: "no such file")
            case .tooLong: throw Objection(problem: "is longer than \(longestBytes) bytes; is it a crontab?")
            case .unreadable(let code): throw Objection(problem: "cannot be read: \(String(errno: code))")
            }
        }
    }

    private(set) var entries: [Entry] = []
    private(set) var faults: [Fault] = []
    private var environment: [[UInt8]: [UInt8]] = [:]

    init(_ bytes: [UInt8], format: Format) {
        var bytes = bytes
        if bytes.starts(with: Self.byteOrderMark) {
            bytes = Array(bytes.dropFirst(Self.byteOrderMark.count))
            faults.append(
                Fault(
                    line: 1, severity: .critical,
                    problem:
                        "the file begins with a byte-order mark (U+FEFF), which cron takes for a part of the first line; "
                        + "save it without"
                ))
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            read(line, number: index + 1, format: format)
        }
        if let last = lines.last, !last.isEmpty {
            faults.append(
                Fault(
                    line: lines.count, severity: .warning,
                    problem: "the last line does not end in a newline, and some crons ignore such a file; add one"))
        }
    }

    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    private mutating func read(_ line: ArraySlice<UInt8>, number: Int, format: Format) {
        if line.count > Self.longestLine {
            return faults.append(
                Fault(
                    line: number, severity: .critical,
                    problem: "is longer than \(Self.longestLine) bytes, and no cron reads that"))
        }
        // A zero byte would mean something else to those who read on.
        var text = line.filter { $0 != 0 }[...].drop(while: Self.isBlank)
        guard let first = text.first, first != UInt8(ascii: "#") else { return }
        if text.last == UInt8(ascii: "\r") {
            if text.count == 1 { return }
            // One for the file is enough.
            if !faults.contains(where: { $0.problem == Self.carriageReturns }) {
                faults.append(Fault(line: number, severity: .critical, problem: Self.carriageReturns))
            }
            text = text.dropLast()
        }
        if let (name, value) = Self.assignment(text) {
            environment[name] = value
            if name == Array("PATH".utf8), value.contains(UInt8(ascii: "$")) {
                faults.append(
                    Fault(
                        line: number, severity: .warning,
                        problem: "cron does not expand \"$\" in PATH; write all of its folders"))
            }
            return
        }
        if text.last == UInt8(ascii: "\\") {
            faults.append(
                Fault(
                    line: number, severity: .warning,
                    problem: "ends in a backslash, and cron joins no lines: write it as one line, or call a script"))
        }
        do throws(Objection) {
            let schedule = try Self.schedule(&text)
            for doubt in schedule.doubts { faults.append(Fault(line: number, severity: .warning, problem: doubt)) }
            if format == .system {
                let user = Self.word(&text)
                if Self.isProgram(user) {
                    throw Objection(
                        problem:
                            "\"\(Excerpt.of(user))\" stands where the user's name belongs; name the user, or say --user "
                            + "if the file has no such column")
                }
            }
            guard !text.isEmpty else { throw Objection(problem: "there is no command") }
            if text.first == UInt8(ascii: "*") {
                throw Objection(
                    problem: "a sixth field, which no cron has: it would ignore the whole file; remove one")
            }
            let (command, isCut) = Self.command(text)
            entries.append(
                Entry(line: number, schedule: schedule, command: command, isCut: isCut, environment: environment))
        } catch {
            faults.append(Fault(line: number, severity: .critical, problem: error.problem))
        }
    }

    /// cronie's; Vixie's cron stops at a thousand.
    private static let longestLine = 131_072
    private static let carriageReturns =
        "the lines end in carriage returns, which become part of the commands; write the file with plain newlines"

    /// Nobody's name: a program, or a word of the shell.
    private static func isProgram(_ word: [UInt8]) -> Bool {
        let text = String(decoding: word, as: UTF8.self)
        return text.contains("/") || text == "switchman" || text == "*" || ShellBuiltin.has(text)
            || (Launcher.known[text] != nil && text != "su") || text.contains("=")
    }

    /// Why a file in cron.d is never read, by its name; nil if it is.
    static func objection(toName name: String) -> (Severity, String)? {
        let isPlain = !name.isEmpty && name.utf8.allSatisfy { ShellWord.isNameByte($0) || $0 == UInt8(ascii: "-") }
        if isPlain { return nil }
        let isForNobody =
            name.hasPrefix(".") || name.hasPrefix("#") || name.hasSuffix("~") || name.contains(".dpkg-")
            || [".rpmsave", ".rpmorig", ".rpmnew"].contains { name.hasSuffix($0) }
        return (
            isForNobody ? .critical : .warning,
            (isForNobody ? "no cron reads" : "Debian's cron does not read")
                + " a file of this name in cron.d; use letters, digits, - and _ alone"
        )
    }

    // MARK: - Parts of a line

    private static func schedule(_ text: inout ArraySlice<UInt8>) throws(Objection) -> CrontabSchedule {
        if text.first == UInt8(ascii: "@") {
            return try CrontabSchedule(nickname: String(decoding: word(&text).dropFirst(), as: UTF8.self))
        }
        // cronie's way to keep a line out of the log.
        if text.first == UInt8(ascii: "-") { text = text.dropFirst() }
        var fields: [[UInt8]] = []
        while fields.count < 5, !text.isEmpty { fields.append(word(&text)) }
        return try CrontabSchedule(fields: fields)
    }

    /// Takes the next word and the blanks behind it.
    private static func word(_ text: inout ArraySlice<UInt8>) -> [UInt8] {
        let word = text.prefix { !isBlank($0) }
        text = text.dropFirst(word.count).drop(while: isBlank)
        return Array(word)
    }

    /// `NAME = VALUE`, quotes around either; nil if the line is none.
    private static func assignment(_ text: ArraySlice<UInt8>) -> (name: [UInt8], value: [UInt8])? {
        let equals = UInt8(ascii: "=")
        var rest = text
        var name = rest.prefix { !isBlank($0) && $0 != equals }
        if let quote = text.first, isQuote(quote) {
            name = rest.dropFirst().prefix { $0 != quote }
            rest = rest.dropFirst(name.count + 2)
        } else {
            rest = rest.dropFirst(name.count)
        }
        rest = rest.drop(while: isBlank)
        guard !name.isEmpty, rest.first == equals else { return nil }
        var value = rest.dropFirst().drop(while: isBlank)
        while let last = value.last, isBlank(last) { value = value.dropLast() }
        if let quote = value.first, isQuote(quote) {
            // It ends at the next such quote, and nothing may follow: else cron reads the line as a job's.
            let inside = value.dropFirst().prefix { $0 != quote }
            guard inside.count + 2 == value.count else { return nil }
            value = inside
        }
        return (Array(name), Array(value))
    }

    /// `\%` is a percent sign, `%` ends the command.
    private static func command(_ text: ArraySlice<UInt8>) -> (command: [UInt8], isCut: Bool) {
        let percent = UInt8(ascii: "%")
        var command: [UInt8] = []
        for byte in text {
            guard byte == percent else {
                command.append(byte)
                continue
            }
            guard command.last == UInt8(ascii: "\\") else { return (command, true) }
            command[command.count - 1] = percent
        }
        return (command, false)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") }
}
