import Text

/// Ends the process, which libFuzzer takes for a finding, unless the condition holds.
func expect(_ condition: @autoclosure () -> Bool, _ what: @autoclosure () -> String) {
    if !condition() { fatalError("does not hold: \(what())") }
}

/// One line that can be read and that harms no terminal.
func expectClear(_ message: String, longestBytes: Int = 1024) {
    expect(!message.isEmpty, "a complaint says something")
    expect(message.utf8.count <= longestBytes, "a complaint is short: \(message)")
    let isPlain = message.unicodeScalars.allSatisfy(Excerpt.isPlain)
    expect(isPlain, "a complaint is one line of plain characters: \(message.debugDescription)")
}

extension String {
    /// Swift's own equality takes a composed and a decomposed letter for the same.
    func isByteForByte(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
