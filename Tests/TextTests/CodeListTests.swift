import Testing
import Text

@Suite struct CodeListTests {
    private func codes(_ list: CodeList) -> [Int32] { (-1...256).filter { list.contains($0) } }

    @Test func codesAndRangesInAnyOrder() {
        #expect(CodeList("3").map(codes) == [3])
        #expect(CodeList("9,1,3-5,4").map(codes) == [1, 3, 4, 5, 9])
        #expect(CodeList("0-255").map(codes) == Array(0...255))
        #expect(codes(CodeList()) == [])
    }

    @Test func givenTwiceItIsBoth() throws {
        let both = try #require(CodeList("7")).added(to: CodeList("2-3"))
        #expect(codes(both) == [2, 3, 7])
    }

    @Test func theSmallestThatBothList() throws {
        let (list, most, others) = try (
            #require(CodeList("3-5,200")), #require(CodeList("4-255")), #require(CodeList("1,6-199"))
        )
        #expect(list.first(alsoIn: most) == 4)
        #expect(list.first(alsoIn: others) == nil)
        #expect(list.first(alsoIn: .zero) == nil)
    }
}
