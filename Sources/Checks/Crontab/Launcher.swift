/// A program that stands before another's command line, and how much of the line is its own.
struct Launcher {
    /// Its one-letter options that take a value.
    var valued = ""
    /// Its long options that take a value as the next word.
    var longValued: [String] = []
    /// Words of its own behind the options: a duration, a file.
    var operands = 0
    /// The letter of an option that stands for the operand.
    var operandOption: Character?
    /// Whether NAME=VALUE may stand before the command.
    var takesAssignments = false
    /// Whether `-c TEXT` is for a shell.
    var takesText = false

    static let known: [String: Launcher] = [
        "env": Launcher(valued: "uC", longValued: ["unset", "chdir"], takesAssignments: true),
        "nice": Launcher(valued: "n", longValued: ["adjustment"]),
        "ionice": Launcher(valued: "cn", longValued: ["class", "classdata"]),
        "timeout": Launcher(valued: "ks", longValued: ["kill-after", "signal"], operands: 1),
        "sudo": Launcher(
            valued: "ughpCrtTUDRa", longValued: ["user", "group", "host", "prompt", "chdir", "role", "type"],
            takesAssignments: true),
        "doas": Launcher(valued: "uC"),
        "flock": Launcher(
            valued: "wE", longValued: ["wait", "timeout", "conflict-exit-code"], operands: 1, takesText: true),
        "nohup": Launcher(), "setsid": Launcher(), "chronic": Launcher(), "command": Launcher(), "builtin": Launcher(),
        "exec": Launcher(valued: "a"),
        "time": Launcher(valued: "of", longValued: ["output", "format"]),
        "stdbuf": Launcher(valued: "ioe", longValued: ["input", "output", "error"]),
        "chrt": Launcher(valued: "TPD", operands: 1), "taskset": Launcher(operands: 1),
        "systemd-cat": Launcher(valued: "tp", longValued: ["identifier", "priority"]),
        "xargs": Launcher(valued: "nPILsadE", longValued: ["max-args", "max-procs", "replace", "arg-file"]),
        "su": Launcher(valued: "sgGw", longValued: ["shell", "group"], operands: 1, takesText: true),
        "runuser": Launcher(
            valued: "ugGsw", longValued: ["user", "group", "shell"], operands: 1, operandOption: "u", takesText: true),
        "sh": shell, "bash": shell, "dash": shell, "ash": shell, "ksh": shell, "zsh": shell,
    ]

    private static let shell = Launcher(valued: "oO", longValued: ["rcfile", "init-file"], takesText: true)

    /// What becomes of the words behind its name.
    enum Rest: Equatable {
        case command(ArraySlice<ShellWord>)
        /// For a shell.
        case text(ShellWord)
    }

    func rest(of words: ArraySlice<ShellWord>) -> Rest {
        var words = words
        var operandsLeft = operands
        while let word = words.first {
            let bytes = word.bytes
            if takesText, Self.isTextOption(bytes), let text = words.dropFirst().first { return .text(text) }
            if bytes == Array("--".utf8) {
                words = words.dropFirst()
                break
            }
            if bytes.first == UInt8(ascii: "-") {
                if let operandOption, bytes.starts(with: "-\(operandOption)".utf8) { operandsLeft = 0 }
                words = words.dropFirst(takesValueNext(bytes) ? 2 : 1)
            } else if takesAssignments, word.assignment != nil {
                words = words.dropFirst()
            } else if operandsLeft > 0 {
                operandsLeft -= 1
                words = words.dropFirst()
            } else {
                break
            }
        }
        return .command(words.dropFirst(words.first?.bytes == Array("--".utf8) ? 1 : 0))
    }

    /// `-c`, and the likes of `-lc`.
    private static func isTextOption(_ bytes: [UInt8]) -> Bool {
        if bytes == Array("--command".utf8) { return true }
        return bytes.count >= 2 && bytes[0] == UInt8(ascii: "-") && bytes[1] != UInt8(ascii: "-")
            && bytes.last == UInt8(ascii: "c")
    }

    private func takesValueNext(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("--") { return longValued.contains(String(text.dropFirst(2))) }
        // Of several letters in one word the first that takes a value has it behind itself, or else in the next word.
        return bytes.dropFirst().firstIndex { valued.utf8.contains($0) } == bytes.count - 1
    }
}
