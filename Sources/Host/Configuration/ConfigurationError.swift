/// A configuration that cannot be used.
package struct ConfigurationError: Error, Equatable {
    /// A line for each key that is wrong: it names the place and the key, and says what to do. The first is what was found first.
    package let problems: [String]
    /// What a run would only warn of.
    package let warnings: [String]
    /// The command that tells all of them.
    private let lister: String

    init(message: String) { self.init(problems: [message], warnings: [], lister: "") }

    init(problems: [String], warnings: [String], lister: String) {
        (self.problems, self.warnings, self.lister) = (problems, warnings, lister)
    }

    /// In one line.
    package var message: String {
        let more = problems.count - 1
        return (problems.first ?? "") + (more > 0 ? " (and \(more) more; \(lister) lists them)" : "")
    }
}
