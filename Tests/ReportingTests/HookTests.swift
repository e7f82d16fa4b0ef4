import Reporting
import Testing

@testable import Host
@testable import Run
@testable import Text

@Suite struct HookTests {
    @Test func theCommandsOwnCodeTellsSuccessFromFailure() {
        #expect(Hook(for: Ended(outcome: .ran, code: 0), hasSucceeded: true) == .succeeded)
        #expect(Hook(for: Ended(outcome: .ran, code: 1), hasSucceeded: false) == .failed)
    }

    @Test(arguments: Outcome.allCases.filter { $0 != .ran })
    func everyOtherEndHasOneHookAtMost(outcome: Outcome) {
        let expected: Hook? =
            switch outcome {
            case .lost: .lost
            case .released: .released
            case _ where outcome.isSkip: nil
            case .usage, .badConfig: nil
            default: .failed
            }
        for hasSucceeded in [true, false] {
            #expect(Hook(for: Ended(outcome: outcome), hasSucceeded: hasSucceeded) == expected)
        }
    }

    private func lines(of text: String, in pieces: Int = 1) -> [String] {
        let told = Told()
        var output = HookOutput { told.lines.append($0) }
        let bytes = Array(text.utf8)
        let size = max(1, bytes.count / pieces)
        for start in stride(from: 0, to: bytes.count, by: size) {
            output.take(bytes[start..<min(start + size, bytes.count)])
        }
        output.finish()
        return told.lines
    }

    private final class Told { var lines: [String] = [] }

    @Test(arguments: [1, 2, 3, 100]) func outputIsToldByTheLine(pieces: Int) {
        #expect(lines(of: "one\n\ntwo \u{e9}\nno end", in: pieces) == ["one", "two \u{e9}", "no end"])
        #expect(lines(of: "", in: pieces) == [])
    }

    @Test func outputOfManyLinesIsCut() {
        let all = lines(of: String(repeating: "x\n", count: 1000))
        #expect(all == Array(repeating: "x", count: 64) + ["(no more of its output is kept)"])
        #expect(lines(of: String(repeating: "\n", count: 9000)) == ["(no more of its output is kept)"])
    }

    @Test func outputOfOneLongLineIsCut() {
        let all = lines(of: String(repeating: "x", count: 100_000), in: 7)
        #expect(all.count == 2 && all[0].utf8.count == HookOutput.bytesMax)
    }
}
