import Recipes
import Testing

@Suite struct CodeListTests {
    private func codes(_ list: CodeList) -> [Int32] { (-1...256).filter { list.contains($0) } }

    @Test func codesAndRangesInAnyOrder() throws {
        #expect(codes(try #require(CodeList("3"))) == [3])
        #expect(codes(try #require(CodeList("9,1,3-5,4"))) == [1, 3, 4, 5, 9])
        #expect(codes(try #require(CodeList("0-255"))) == Array(0...255))
        #expect(codes(CodeList()) == [])
    }

    @Test func givenTwiceItIsBoth() throws {
        let both = try #require(CodeList("7")).added(to: CodeList("2-3"))
        #expect(codes(both) == [2, 3, 7])
    }

    @Test func theSmallestThatBothList() throws {
        let list = try #require(CodeList("3-5,200"))
        #expect(list.first(alsoIn: try #require(CodeList("4-255"))) == 4)
        #expect(list.first(alsoIn: try #require(CodeList("1,6-199"))) == nil)
        #expect(list.first(alsoIn: .zero) == nil)
    }
}
