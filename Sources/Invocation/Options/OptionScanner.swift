import CGetopt
import Glibc
import POSIX
import Text

/// Finds the options at the front of a command line, by glibc's `getopt_long_only`: like the original's Getopt::Long it
/// takes `-group` for `--group`, and every beginning of a name that is no other's.
enum OptionScanner {
    struct Scan {
        var options: [(option: Option, value: [UInt8])] = []
        /// Where the command begins; the number of words if there is none.
        var commandIndex = 0
        /// Whether `--` said that the options are over.
        var endsWithDashes = false
    }

    /// For getopt, a value of its own for each option, beyond every character: those stand for the short forms.
    private static let firstCode = 256
    /// "+": the first word that is no option ends them. ":": tell a missing value from an unknown option.
    private static let shortNames = Option.all.reduce(into: "+:") { names, option in
        if let short = option.short { names += option.value.isTaken ? "\(short):" : "\(short)" }
    }

    /// getopt keeps its place in variables of the process: one scan at a time, where several threads read command lines.
    private static let scanning = Lock()

    private static func find(code: Int32) -> Option? {
        let index = Int(code) - firstCode
        if Option.all.indices.contains(index) { return Option.all[index] }
        return Option.all.first { $0.short.map { Int32($0.value) } == code }
    }

    /// Stops at the first word that is no option, and at `--help` and `--version`, after which nothing else counts.
    static func scan(_ words: [[UInt8]]) throws(UsageError) -> Scan {
        // getopt wants C's arrays; they are ours, so that nothing of the process's own argv moves.
        var vector = unsafe words.map { unsafe copy($0) } + [nil]
        var table = unsafe [option]()
        unsafe table.reserveCapacity(2 * Option.all.count)
        for (index, option) in Option.all.enumerated() {
            unsafe table.append(entry(option, index, option.name))
            for alias in option.aliases { unsafe table.append(entry(option, index, alias)) }
            for beginning in option.abbreviations { unsafe table.append(entry(option, index, beginning)) }
        }
        unsafe table.append(option())
        defer {
            unsafe vector.forEach { unsafe free($0) }
            unsafe table.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0.name)) }
        }
        var scan = Scan()
        var index = min(1, words.count)
        scanning.hold()
        defer { scanning.release() }
        getopt_begin()
        while true {
            let code = unsafe getopt_long_only(Int32(words.count), &vector, shortNames, table, nil)
            let isOver = code == -1
            let next = min(Int(getopt_next_index()), words.count)
            if isOver {
                scan.endsWithDashes = next == index + 1 && words[index] == Array("--".utf8)
                scan.commandIndex = next
                return scan
            }
            guard let option = find(code: code) else {
                throw complaint(code: code, word: words[max(0, next - 1)])
            }
            let value = option.value.isTaken ? unsafe bytes(getopt_argument()) : []
            scan.options.append((option, value))
            if case .answer = option.value { return scan }
            index = next
        }
    }

    private static func complaint(code: Int32, word: [UInt8]) -> UsageError {
        let culprit = find(code: getopt_culprit())
        if code == Int32(UInt8(ascii: ":")) {
            return UsageError(message: "option \(culprit?.name ?? Excerpt.of(word)) needs a value; see --help")
        }
        if let culprit {
            return UsageError(message: "option \(culprit.name) takes no value; leave out \"=...\"")
        }
        let name = word.drop { $0 == UInt8(ascii: "-") }.prefix { $0 != UInt8(ascii: "=") }
        let spelling = Excerpt.of(Array(word.prefix { $0 != UInt8(ascii: "=") }))
        if let remedy = FlockOption.remedy(spelling) {
            return UsageError(message: "option \(spelling) is flock's: \(remedy)")
        }
        let meant = Option.all.filter { option in
            option.spellings.contains { $0.utf8.count > 3 && $0.utf8.dropFirst(2).starts(with: name) }
        }
        if !name.isEmpty, meant.count > 1 {
            let choices = meant.map(\.name).joined(separator: ", ")
            return UsageError(message: "option \(spelling) is ambiguous; write one of \(choices)")
        }
        // No abbreviation: it stands in no manual.
        let names = Option.all.flatMap { [$0.name] + $0.aliases }
        let slip = NearestWord.slip("--" + String(decoding: name, as: UTF8.self), among: names)
        let hint = NearestWord.hint(slip, isQuoted: false)
        return UsageError(
            message:
                "unknown option \(spelling)\(hint); see --help, and put -- before a command that begins with a dash")
    }

    /// A row of getopt's table, which has names without their dashes.
    private static func entry(_ described: Option, _ index: Int, _ spelling: String) -> option {
        unsafe option(
            name: spelling.withCString { unsafe strdup($0 + 2) }, has_arg: described.value.isTaken ? 1 : 0, flag: nil,
            val: Int32(firstCode + index))
    }

    private static func copy(_ word: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        unsafe (word + [0]).withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe $0.baseAddress.flatMap { unsafe strdup($0) } }
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text = unsafe text else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
