/// Options under one heading of the help, which is that of the manual page as well (`.Ss`).
struct OptionGroup: Sendable {
    let title: String
    let options: [Option]

    /// Its part of the help.
    var helpEntry: String { "\(title):\n" + options.map(\.helpEntry).joined() }
}
