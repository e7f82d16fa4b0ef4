import Text

/// The verbs of `switchmanctl`: whoever writes one behind `switchman` meant the other program.
package enum ControlVerb {
    static let names = [
        "init", "status", "jobs", "history", "output", "metrics", "stop", "pause", "resume", "drain", "undrain",
        "verify", "explain",
        "check", "groups", "resources", "fleet", "tidy", "sandbox",
    ]

    /// For the end of a message that there is no such command; empty if it is no verb.
    package static func hint(at command: [UInt8]) -> String {
        let name = String(decoding: command, as: UTF8.self)
        return names.contains(name) ? NearestWord.hint("switchmanctl \(name)", isQuoted: false) : ""
    }
}
