/// A command line of switchman's in a crontab.
struct SwitchmanCall: Equatable {
    /// The program's own name first.
    let words: [ShellWord]
    /// The variables that it sees and that the crontab sets.
    let environment: [[UInt8]: [UInt8]]
}

/// Finds the switchmen in a piece of shell: behind env, nice, sudo and the like, in `sh -c`, and in another switchman's
/// command.
struct SwitchmanSearch {
    private(set) var calls: [SwitchmanCall] = []
    /// Words that look like a switchman where none was understood.
    private(set) var missed: [ShellWord] = []
    /// What the shell will complain of.
    private(set) var problem: String?

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
        for command in shell.commands { look(at: command[...], environment, depth: depth) }
    }

    private mutating func look(at command: ArraySlice<ShellWord>, _ environment: [[UInt8]: [UInt8]], depth: Int) {
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
        if program.has(name: "switchman") {
            calls.append(SwitchmanCall(words: Array(words), environment: environment))
        } else if let launcher = Launcher.known[name] {
            let own = words.dropFirst()
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
