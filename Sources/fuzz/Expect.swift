import Recipes

/// Ends the process, which libFuzzer takes for a finding, unless the condition holds.
func expect(_ condition: @autoclosure () -> Bool, _ what: @autoclosure () -> String) {
    if !condition() { fatalError("does not hold: \(what())") }
}

/// One line that can be read and that harms no terminal.
func expectClear(_ message: String, longestBytes: Int = 1024) {
    expect(!message.isEmpty, "a complaint says something")
    expect(message.utf8.count <= longestBytes, "a complaint is short: \(message)")
    let isPlain = message.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) && !(0x2028...0x202e).contains($0.value)
            && !(0x2066...0x2069).contains($0.value)
    }
    expect(isPlain, "a complaint is one line of plain characters: \(message.debugDescription)")
}

extension String {
    /// Swift's own equality takes a composed and a decomposed letter for the same.
    func isByteForByte(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
