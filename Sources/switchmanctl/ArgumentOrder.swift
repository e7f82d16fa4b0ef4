import ArgumentParser

/// The options of all verbs may stand before the verb, as with kubectl and git; the parser wants them behind it.
enum ArgumentOrder {
    static func verbFirst(_ arguments: some Collection<String>, root: any ParsableCommand.Type) -> [String] {
        var rest = Array(arguments)[...]
        var options: [String] = []
        while let word = rest.first, isOption(word) {
            if word.hasPrefix("-c"), word != "-c" {
                options += ["-c", String(word.dropFirst(word.hasPrefix("-c=") ? 3 : 2))]
                rest = rest.dropFirst()
                continue
            }
            let count = takesValue(word) ? 2 : 1
            options += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        var verbs: [String] = []
        var command = root
        while let word = rest.first, let verb = command.verb(word) {
            verbs.append(word)
            command = verb
            rest = rest.dropFirst()
        }
        // The parser is to complain of the verb.
        return verbs.isEmpty ? rest + options : verbs + options + rest
    }

    private static func isOption(_ word: String) -> Bool {
        takesValue(word) || word == "--json" || word.hasPrefix("--config=")
            || word.hasPrefix("-c") && !word.hasPrefix("--")
    }

    /// Of the options of all verbs.
    static func takesValue(_ word: String) -> Bool { word == "-c" || word == "--config" }
}

extension ParsableCommand {
    static var verbName: String { configuration.commandName ?? "\(self)".lowercased() }

    static func verb(_ word: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0.verbName == word }
    }
}
