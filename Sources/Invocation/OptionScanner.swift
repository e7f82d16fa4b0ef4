import CGetopt
import Glibc
import Recipes

/// The options, each with the name by which messages call it.
enum Option: Int32, CaseIterable {
    // Beyond every character, which stand for themselves.
    case config = 256, group, lockname, noLock, lock, lease, leaseWait, descendants, skipExitCode, exitCode, verbose,
        quiet
    case wait, term, timeout, minInterval, retryFailed, retries, retryDelay, splay, onUnavailable, onGroupExit, dryRun
    case help, version

    var name: String {
        switch self {
        case .config: "--config"
        case .group: "--group"
        case .lockname: "--lockname"
        case .noLock: "--no-lock"
        case .lock: "--lock"
        case .lease: "--lease"
        case .leaseWait: "--lease-wait"
        case .descendants: "--descendants"
        case .skipExitCode: "--skip-exit-code"
        case .exitCode: "--exit-code"
        case .verbose: "--verbose"
        case .quiet: "--quiet"
        case .wait: "--wait"
        case .term: "--term"
        case .timeout: "--timeout"
        case .minInterval: "--min-interval"
        case .retryFailed: "--retry-failed"
        case .retries: "--retries"
        case .retryDelay: "--retry-delay"
        case .splay: "--splay"
        case .onUnavailable: "--on-unavailable"
        case .onGroupExit: "--on-group-exit"
        case .dryRun: "--dry-run"
        case .help: "--help"
        case .version: "--version"
        }
    }

    var takesValue: Bool {
        switch self {
        case .config, .group, .lockname, .lease, .leaseWait, .descendants, .skipExitCode, .exitCode: true
        case .wait, .term, .timeout, .minInterval, .retries, .retryDelay, .splay, .onUnavailable, .onGroupExit: true
        case .noLock, .lock, .verbose, .quiet, .retryFailed, .dryRun, .help, .version: false
        }
    }

    init?(code: Int32) {
        switch UInt8(exactly: code) {
        case UInt8(ascii: "c"): self = .config
        case UInt8(ascii: "g"): self = .group
        case UInt8(ascii: "E"): self = .skipExitCode
        case UInt8(ascii: "h"): self = .help
        case UInt8(ascii: "v"): self = .version
        default: self.init(rawValue: code)
        }
    }
}

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

    private static let longNames: [(name: String, option: Option)] =
        Option.allCases.map { (String($0.name.dropFirst(2)), $0) }
        + [("conflict-exit-code", .skipExitCode), ("nolock", .noLock)]
        // Beginnings that were enough for the original, and still mean what they meant there.
        + ["c", "co", "con", "conf"].map { ($0, .config) }
        + ["le", "lea", "leas"].map { ($0, .lease) }
        + [("no", .noLock), ("v", .version)]

    /// Stops at the first word that is no option, and at `--help` and `--version`, after which nothing else counts.
    static func scan(_ words: [[UInt8]]) throws(UsageError) -> Scan {
        // getopt wants C's arrays; they are ours, so that nothing of the process's own argv moves.
        var vector = unsafe words.map { unsafe copy($0) } + [nil]
        var table = unsafe longNames.map { long in
            unsafe option(
                name: copy(Array(long.name.utf8)), has_arg: long.option.takesValue ? 1 : 0, flag: nil,
                val: long.option.rawValue)
        }
        unsafe table.append(option())
        defer {
            unsafe vector.forEach { unsafe free($0) }
            unsafe table.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0.name)) }
        }
        var scan = Scan()
        var index = min(1, words.count)
        getopt_begin()
        while true {
            // "+": the first word that is no option ends them. ":": tell a missing value from an unknown option.
            let code = unsafe getopt_long_only(Int32(words.count), &vector, "+:c:g:E:hv", table, nil)
            let isOver = code == -1
            let next = min(Int(getopt_next_index()), words.count)
            if isOver {
                scan.endsWithDashes = next == index + 1 && words[index] == Array("--".utf8)
                scan.commandIndex = next
                return scan
            }
            guard let option = Option(code: code) else {
                throw complaint(code: code, word: words[max(0, next - 1)])
            }
            let value = unsafe option.takesValue ? bytes(getopt_argument()) : []
            scan.options.append((option, value))
            if option == .help || option == .version {
                return scan
            }
            index = next
        }
    }

    private static func complaint(code: Int32, word: [UInt8]) -> UsageError {
        let culprit = Option(code: getopt_culprit())
        if code == Int32(UInt8(ascii: ":")) {
            return UsageError(message: "option \(culprit?.name ?? Excerpt.of(word)) needs a value; see --help")
        }
        if let culprit {
            return UsageError(message: "option \(culprit.name) takes no value; leave out \"=...\"")
        }
        let name = word.drop { $0 == UInt8(ascii: "-") }.prefix { $0 != UInt8(ascii: "=") }
        let meant = Option.allCases.filter { option in
            longNames.contains { $0.option == option && $0.name.utf8.count > 1 && $0.name.utf8.starts(with: name) }
        }
        let spelling = Excerpt.of(Array(word.prefix { $0 != UInt8(ascii: "=") }))
        if !name.isEmpty, meant.count > 1 {
            let choices = meant.map(\.name).joined(separator: ", ")
            return UsageError(message: "option \(spelling) is ambiguous; write one of \(choices)")
        }
        return UsageError(
            message: "unknown option \(spelling); see --help, and put -- before a command that begins with a dash")
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
