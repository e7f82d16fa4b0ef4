import Recipes
import Steering
import Testing
import Text

@Suite struct OutputTextTests {
    private func text(_ bytes: [UInt8], with change: (inout KeptOutput) -> Void = { _ in }) -> OutputText {
        var kept = KeptOutput(token: 17, host: "h\u{1b}[2J", endedMilliseconds: nil, outcome: "ran", code: 3)
        (kept.bytes, kept.written) = (bytes, Int64(bytes.count))
        change(&kept)
        return OutputText(kept, of: "a")
    }

    private func lines(_ output: String) -> [String] { text(Array(output.utf8)).lines }

    @Test func aHostilesHostIsShownAsWhatItIs() {
        #expect(text([1]).header == "a on h?[2J: ran, code 3, token 17; 1 bytes")
    }

    @Test func theHeaderSaysWhatIsLacking() {
        #expect(text([1]) { $0.written = 9 }.header.hasSuffix("; the last 1 of 9 bytes"))
        #expect(
            text([]) { ($0.hasOutput, $0.hasErrors) = (false, false) }.header.hasSuffix(
                "; 0 bytes (standard output and standard error went to a terminal or a file)"))
    }

    @Test func linesStayLinesAndTabsBlanks() {
        #expect(lines("a\n\nb\r\n\tc\nab\td") == ["a", "", "b", "        c", "ab      d"])
        #expect(lines("") == [] && lines("a") == ["a"] && lines("\n") == [""])
    }

    @Test(arguments: ["\u{1b}[31m", "\u{9b}2J", "\u{202e}x", "a\rb", "\u{7}\u{0}"])
    func nothingActsOnATerminal(output: String) {
        #expect(lines(output).joined().unicodeScalars.allSatisfy { Excerpt.isPlain($0) })
    }

    @Test(
        arguments: [
            ([0xff], "/w=="), ([0xff, 0xfe], "//4="), ([0xff, 0xfe, 0xfd], "//79"), ([0xff, 0, 0, 0xff], "/wAA/w=="),
        ] as [([UInt8], String)])
    func whatIsNoTextIsBase64(bytes: [UInt8], encoded: String) {
        let members = text(bytes).json.object
        #expect(members?["encoding"] == .string("base64") && members?["output"] == .string(encoded))
    }

    @Test func textIsText() { #expect(text(Array("ä\n".utf8)).json.object?["output"] == .string("ä\n")) }
}
