/// One option of switchman's, described once: from it parsing, the help, the completions (which read the help) and the check
/// of the manual page are made. `Option.groups` lists them.
///
/// A class, since copies of a struct with so many fields are kilobytes of code.
final class Option: Sendable {
    /// As messages and the help call it, such as `--config`.
    let name: String
    /// The letter of the short form, such as the c of `-c`.
    let short: Unicode.Scalar?
    /// Further names, which the manual page lists and the help does not.
    let aliases: [String]
    /// Beginnings of names that other options share today. They mean this option, as they did for the Perl original.
    let abbreviations: [String]
    /// What it takes, and which of the arguments it sets.
    let value: OptionValue
    /// What the help says of it, in lines short enough for `helpEntry`.
    let help: String

    init(
        name: String, short: Unicode.Scalar? = nil, aliases: [String] = [], abbreviations: [String] = [],
        value: OptionValue, help: String
    ) {
        (self.name, self.short, self.aliases, self.abbreviations) = (name, short, aliases, abbreviations)
        (self.value, self.help) = (value, help)
    }

    /// Every name under which getopt finds it.
    var spellings: [String] { [name] + aliases + abbreviations }

    // MARK: - Help

    /// Where the help's explanations begin.
    private static let helpColumn = 27

    /// The option's lines of the help. The completions read from it what stands before two blanks or the end of a line.
    var helpEntry: String {
        var entry = short.map { "  -\($0), " } ?? "      "
        entry += name
        if let value = value.name { entry += " " + value }
        let indentation = String(repeating: " ", count: Self.helpColumn)
        let gap = Self.helpColumn - entry.utf8.count
        entry += gap >= 2 ? String(repeating: " ", count: gap) : "\n" + indentation
        let lines = help.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)) }
        return entry + lines.joined(separator: "\n" + indentation) + "\n"
    }
}
