/// A command line of switchman's in a crontab.
struct SwitchmanCall: Equatable {
    /// The program's own name first.
    let words: [ShellWord]
    /// The variables that it sees and that the crontab sets.
    let environment: [[UInt8]: [UInt8]]
    /// Whether PATH is what cron and the line say; not behind sudo and the like.
    var hasOwnPath = false
    /// Whether something before it decides if it is started at all: a test and `&&`, or an `if`.
    var isConditional = false
    /// Whether something else on the line comes first, which may take its time.
    var isLater = false
    /// Whether its standard output and standard error go to a file.
    var writesToFiles = false
}

/// What the shell runs behind a switchman, whatever came of it.
struct SwitchmanFollower: Equatable {
    let connector: ShellText.Connector
    let command: [UInt8]
}

/// Finds the switchmen in a piece of shell: behind env, nice, sudo and the like, in `sh -c`, and in another switchman's
/// command.
struct SwitchmanSearch {
    private(set) var calls: [SwitchmanCall] = []
    private(set) var followers: [SwitchmanFollower] = []
    /// What is wrong with words that are meant for a switchman and are none.
    private(set) var oddities: [String] = []
    /// Words that look like a switchman where none was understood.
    private(set) var missed: [ShellWord] = []
    /// What the shell will complain of.
    private(set) var problem: String?
    private var isBehindStranger = false
    private var isBehindCondition = false
    private var isLater = false
    private var writesToFiles = false

    private static let keywords = ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "eval"]
    /// They speak of it without starting it.
    private static let bystanders = [
        "echo", "printf", "grep", "egrep", "fgrep", "rg", "pgrep", "pkill", "killall", "pidof", "logger", "mail",
        "mailx",
        "which", "type", "hash", "test", "[", "[[", "ls", "cat", "tail", "head", "systemctl", "service", "journalctl",
        "rm",
        "mkdir", "touch", "chown", "chmod", "cd", "sed", "awk", "find", "logrotate", "for", "case", "switchmanctl",
    ]

    init(_ text: [UInt8], environment: [[UInt8]: [UInt8]] = [:]) {
        look(at: text, environment, depth: 0)
    }

    private mutating func look(at text: [UInt8], _ environment: [[UInt8]: [UInt8]], depth: Int) {
        guard depth < ShellText.deepest else { return }
        let shell = ShellText(text, variables: environment)
        if problem == nil { problem = shell.problem }
        let (wasBehindCondition, wasLater, wroteToFiles) = (isBehindCondition, isLater, writesToFiles)
        defer { (isBehindCondition, isLater, writesToFiles) = (wasBehindCondition, wasLater, wroteToFiles) }
        var (isGuarded, isInBlock, mayLeave) = (false, false, false)
        for (index, command) in shell.commands.enumerated() {
            if index > 0 {
                switch shell.connectors[index - 1] {
                case .and, .or: isGuarded = isGuarded || !Self.isCertain(shell.commands[index - 1])
                // What stands behind `[ ... ] || exit` is behind the condition as well.
                case .sequence: isGuarded = mayLeave
                case .pipe, .none: break
                }
            }
            if let first = command.first.map({ String(decoding: $0.bytes, as: UTF8.self) }) {
                if Self.openers.contains(first) { isInBlock = true }
                if Self.closers.contains(first) { isInBlock = false }
            }
            mayLeave = isGuarded && (mayLeave || Self.leaves(command))
            isBehindCondition = wasBehindCondition || isGuarded || isInBlock
            isLater = wasLater || index > 0
            writesToFiles = wroteToFiles || shell.outputs[index].areFiles
            let before = calls.count
            look(at: command[...], environment, depth: depth)
            let connector = shell.connectors[index]
            guard calls.count > before, connector != .none, index + 1 < shell.commands.count,
                let next = shell.commands[index + 1].first(where: { $0.assignment == nil }), !Self.isHarmless(next)
            else { continue }
            followers.append(SwitchmanFollower(connector: connector, command: next.source))
        }
    }

    private static let openers = ["then", "else", "elif", "do"]
    private static let closers = ["fi", "done"]
    /// What succeeds on every host that is well.
    private static let certain = [
        "cd", ".", "source", "export", "umask", "ulimit", "sleep", "date", "echo", "printf", "logger", "mkdir", "set",
        ":", "true",
    ]

    private static func leaves(_ command: [ShellWord]) -> Bool {
        guard let program = command.first(where: { $0.assignment == nil }) else { return false }
        return ["exit", "return", "exec"].contains { program.bytes == Array($0.utf8) }
    }

    private static func isCertain(_ command: [ShellWord]) -> Bool {
        guard let program = command.first(where: { $0.assignment == nil }) else { return true }
        return certain.contains(String(decoding: ShellWord.baseName(program.bytes), as: UTF8.self))
    }

    /// It may come after a skip as well: it only says or ends something, or is under a lock of its own.
    private static func isHarmless(_ word: ShellWord) -> Bool {
        let name = String(decoding: ShellWord.baseName(word.bytes), as: UTF8.self)
        return name == "switchman" || bystanders.contains(name) || harmless.contains(name) || keywords.contains(name)
    }

    private static let harmless = [
        ":", "true", "false", "exit", "tee", "ts", "sleep", "wait", "fi", "done", "}", "esac", "chronic",
    ]
    /// Behind these PATH is another's.
    private static let strangers = ["sudo", "su", "runuser", "doas"]

    private mutating func look(
        at command: ArraySlice<ShellWord>, _ environment: [[UInt8]: [UInt8]], depth: Int
    ) {
        guard depth < ShellText.deepest else { return }
        var words = command
        var environment = environment
        while let word = words.first {
            if let (name, value) = word.assignment {
                environment[name] = value
            } else if !Self.keywords.contains(where: { word.bytes == Array($0.utf8) }) {
                break
            }
            words = words.dropFirst()
        }
        guard let program = words.first else { return }
        let name = String(decoding: ShellWord.baseName(program.bytes), as: UTF8.self)
        if ShellWord.baseName(program.bytes).starts(with: "switchman".utf8),
            let oddity = LookAlike.objection(to: program)
        {
            oddities.append(oddity)
        } else if program.has(name: "switchman") {
            calls.append(
                SwitchmanCall(
                    words: Array(words), environment: environment, hasOwnPath: !isBehindStranger,
                    isConditional: isBehindCondition, isLater: isLater, writesToFiles: writesToFiles))
        } else if let launcher = Launcher.known[name] {
            let own = words.dropFirst()
            let wasBehindStranger = isBehindStranger
            isBehindStranger = isBehindStranger || Self.strangers.contains(name)
            defer { isBehindStranger = wasBehindStranger }
            switch launcher.rest(of: own) {
            case .text(let text): look(at: text.bytes, environment, depth: depth + 1)
            case .command(let rest):
                for (name, value) in own.dropLast(rest.count).compactMap(\.assignment) { environment[name] = value }
                look(at: rest, environment, depth: depth + 1)
            }
        } else if !Self.bystanders.contains(name) {
            missed += words.filter(Self.isSuspect)
        }
    }

    /// What another switchman runs.
    mutating func look(inCommand words: [ShellWord], isForShell: Bool, of call: SwitchmanCall) {
        if isForShell, let text = words.first {
            look(at: text.bytes, call.environment, depth: 1)
        } else {
            look(at: words[...], call.environment, depth: 1)
        }
    }

    /// The program's name as a word of its own, or at the beginning of a text for somebody's shell.
    private static func isSuspect(_ word: ShellWord) -> Bool {
        if word.has(name: "switchman") { return true }
        let source = String(decoding: word.source, as: UTF8.self)
        if word.isDynamic, source.lowercased().hasSuffix("switchman") || source.lowercased().hasSuffix("switchman}") {
            return true
        }
        return String(decoding: word.bytes, as: UTF8.self).split(separator: " ").contains { part in
            ShellWord.baseName(Array(part.utf8)) == Array("switchman".utf8)
        }
    }
}
