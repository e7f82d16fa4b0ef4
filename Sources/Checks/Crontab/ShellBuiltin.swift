/// Words that only a shell can run: no program has these names (dash(1), bash(1)).
enum ShellBuiltin {
    private static let grammar: Set<String> = [
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}", "!",
        "function",
        "[[", "select",
    ]
    private static let builtins: Set<String> = [
        "cd", ".", "source", "export", "set", "unset", "eval", "exec", "exit", "return", "shift", "trap", "umask",
        "ulimit",
        "alias", "local", "declare", "read", "wait", "pushd", "popd", "shopt", "let", ":",
    ]

    static func has(_ word: String) -> Bool { grammar.contains(word) || builtins.contains(word) }

    /// What to say of a command that begins with it; nil if it may be a program.
    static func objection(to word: String) -> String? {
        if grammar.contains(word) {
            return
                "\"\(word)\" is the shell's grammar, and switchman runs no shell for several words; put the whole command into one "
                + "quoted word"
        }
        guard builtins.contains(word) else { return nil }
        return
            "\"\(word)\" is a builtin of the shell, which no program can start (127); put the whole command into one quoted word"
    }
}
