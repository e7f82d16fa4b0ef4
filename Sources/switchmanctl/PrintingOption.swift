import ArgumentParser
import Steering
import Text

/// The option of all verbs that print.
struct PrintingOption: ParsableArguments {
    @Flag(help: "Print JSON, for programs; man switchmanctl says what is in it.")
    var json = false
}

extension Screen {
    /// One document in one line.
    static func print(_ value: JSONValue) { print(value.plainText + "\n") }

    static func print(_ lines: [String]) { print(lines.map { $0 + "\n" }.joined()) }

    static func print(_ table: Table) { print(table.lines(width: size?.columns, colour: hasColour)) }
}
