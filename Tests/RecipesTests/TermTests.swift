import Coordination
import Recipes
import Testing

@Suite struct TermTests {
    let start = BootInstant(nanoseconds: 1_000_000_000_000)

    @Test(arguments: [3, 4, 6, 10, 30, 600, 86_400] as [Int64])
    func theHolderIsDeadBeforeASuccessorStarts(seconds: Int64) {
        let term = Term(seconds: seconds)
        // The successor's wait begins after the holder's newest acknowledged heartbeat was submitted.
        let successorStarts = start.advanced(by: term.waitOut)
        #expect(term.deadline(since: start) < successorStarts)
        // Also with the successor's clock 1 % fast and the holder's 1 % slow.
        let fast = Double(start.duration(to: successorStarts).nanoseconds) / 1.01
        let slow = Double(start.duration(to: term.deadline(since: start)).nanoseconds) / 0.99
        #expect(slow <= fast + 1)
    }

    @Test func instantsSaturate() {
        #expect(BootInstant.never.advanced(by: .seconds(1)) == .never)
        #expect(start.advanced(by: .seconds(Int64.max)) == .never)
    }
}
