import Testing

@testable import Recipes

/// Numbers of permits as ranges: what is in use, and the lowest that are not.
@Suite struct SlotSetTests {
    @Test(
        arguments: [
            ([], ""), ([3...3], "3"), ([7...7, 3...4], "3-4,7"), ([1...2, 3...4], "1-4"),
            ([1...9, 2...3, 5...12], "1-12"),
            ([4...4, 4...4], "4"), ([1...9_007_199_254_740_992], "1-9007199254740992"),
        ] as [([ClosedRange<Int64>], String)])
    func rangesAreJoinedAndWrittenInOrder(ranges: [ClosedRange<Int64>], text: String) {
        #expect(SlotSet(ranges).text == text && SlotSet(ranges).isEmpty == ranges.isEmpty)
    }

    @Test(
        arguments: [
            ([], 1, 1, "1"), ([], 3, 8, "1-3"), ([1...1], 1, 2, "2"), ([2...2], 3, 8, "1,3-4"),
            ([1...2, 5...5], 3, 8, "3-4,6"),
            ([2...2, 4...4, 6...6], 4, 8, "1,3,5,7"), ([1...7], 1, 8, "8"),
            // Of a total that was larger: those above it go with their holders, and nobody is given one of them.
            ([3...8], 2, 2, "1-2"), ([7...8], 4, 4, "1-4"), ([2...2, 7...8], 1, 3, "1"), ([2...9], 1, 4, "1"),
            ([], 1_000_000_000, 1_000_000_000, "1-1000000000"),
        ] as [([ClosedRange<Int64>], Int64, Int64, String)])
    func theLowestNumbersThatAreFreeAreGiven(used: [ClosedRange<Int64>], count: Int64, total: Int64, text: String) {
        #expect(SlotSet(used).lowestFree(count, of: total)?.text == text)
    }

    @Test(
        arguments: [
            ([1...1], 1, 1), ([1...7], 2, 8), ([1...8], 1, 4), ([2...4], 2, 4),
            // More than a mark can number; nothing; and as good as unknown.
            ([], 1, 1_000_000_001), ([], 0, 4), ([], 0, 0),
        ] as [([ClosedRange<Int64>], Int64, Int64)])
    func whereTheyRunOutThereAreNone(used: [ClosedRange<Int64>], count: Int64, total: Int64) {
        #expect(SlotSet(used).lowestFree(count, of: total) == nil)
    }

    @Test func aSetInTooManyPiecesIsNone() {
        let used = SlotSet((1...40).map { $0 * 2...$0 * 2 })
        #expect(used.lowestFree(16, of: 100)?.ranges.count == 16)
        #expect(used.lowestFree(17, of: 100) == nil)
    }

    @Test func twoSetsOverlapInOneNumber() {
        let set = SlotSet([3...4, 7...7])
        #expect(set.overlaps(SlotSet([1...1, 7...9])) && set.overlaps(SlotSet([4...5])) && set.overlaps(set))
        #expect(!set.overlaps(SlotSet([1...2, 5...6, 8...9])) && !set.overlaps(SlotSet([ClosedRange<Int64>]())))
    }
}
