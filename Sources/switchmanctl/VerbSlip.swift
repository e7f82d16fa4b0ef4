import ArgumentParser
import Text

/// A word where a verb belongs, and none is.
struct VerbSlip {
    /// As it was written.
    private let word: String
    /// The verb whose own verb it was to be, such as `groups`; empty at the first word.
    private let parent: String
    private let verbs: [String]

    /// Words of other tools, by the verb that they stand behind.
    private static let words: [String: [String: String]] = [
        "": [
            "unpause": "resume", "continue": "resume", "unsuspend": "resume", "enable": "resume", "thaw": "resume",
            "suspend": "pause", "disable": "pause", "freeze": "pause", "kill": "stop", "cancel": "stop",
            "abort": "stop",
            "terminate": "stop", "unlock": "stop", "log": "output", "logs": "output", "list": "status", "ls": "status",
            "locks": "status", "ps": "status", "show": "status", "top": "status", "get": "status", "who": "status",
            "runs": "history", "cordon": "drain", "uncordon": "undrain", "clean": "tidy", "cleanup": "tidy",
            "gc": "tidy",
            "prune": "tidy", "purge": "tidy", "why": "explain", "dry-run": "explain", "lint": "check",
            "doctor": "check",
            "validate": "check", "version": "--version",
        ],
        "groups": [
            "ls": "list", "rm": "remove", "delete": "remove", "del": "remove", "create": "add", "new": "add",
            "get": "show",
        ],
        "resources": [
            "ls": "list", "show": "list", "rm": "remove", "delete": "remove", "del": "remove", "create": "add",
            "new": "add",
            "pause": "hold", "suspend": "hold", "unhold": "release", "resume": "release", "unpause": "release",
        ],
        "fleet": ["get": "show", "cat": "show", "dump": "show", "print": "show", "revert": "undo", "rollback": "undo"],
        "check": [
            "cron": "crontab", "crontabs": "crontab", "cronjob": "crontab", "conf": "config", "configuration": "config",
            "servers": "ensemble", "server": "ensemble", "zookeeper": "ensemble", "zk": "ensemble", "lock": "job",
        ],
    ]

    /// Nil if a verb stands where one belongs, or if nobody can tell.
    ///
    /// - Parameter arguments: of this process, without the program's name.
    init?(_ arguments: some Collection<String>) {
        var command: any ParsableCommand.Type = Switchmanctl.self
        var parent = ""
        for word in ArgumentOrder.verbFirst(arguments, root: command) {
            let verbs = command.configuration.subcommands
            if let verb = command.verb(word) {
                command = verb
                parent = word
                continue
            }
            // What a verb without verbs is given is none; an option may have a value.
            if verbs.isEmpty || word.hasPrefix("-") || word == "help" { return nil }
            (self.word, self.parent, self.verbs) = (word, parent, verbs.map { $0.verbName })
            return
        }
        return nil
    }

    /// One line without its end: `there is no verb "kill"; did you mean "stop"?`.
    var sentence: String {
        let what =
            switch parent {
            case "": "there is no verb"
            case "check": "there is no check"
            default: "\(parent) has no verb"
            }
        let meant = Self.words[parent]?[word.lowercased()] ?? NearestWord.slip(word, among: verbs)
        return "\(what) \"\(Excerpt.of(word))\"\(NearestWord.hint(meant))"
    }
}
