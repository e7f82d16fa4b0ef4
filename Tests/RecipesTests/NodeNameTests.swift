import Recipes
import Testing

@Suite struct NodeNameTests {
    @Test(
        arguments: [
            ("nightly-0000000007", "nightly", 7), ("a-b-0000000010", "a-b", 10), ("--0000000000", "-", 0),
            ("x-2147483647", "x", 2_147_483_647),
        ] as [(String, String, Int64)])
    func placesAreRead(name: String, lockname: String, sequence: Int64) throws {
        let place = try #require(Place(name: name))
        #expect(place.lockname == lockname && place.sequence == sequence)
    }

    /// Found by fuzzing: to Swift, U+0600 and the dash behind it are one character.
    @Test(arguments: ["x\u{600}", "\u{301}", "-\u{301}", "\u{200d}"])
    func placesAreReadWhateverStandsBeforeTheDash(lockname: String) throws {
        let place = try #require(Place(name: "\(lockname)-0000000007"))
        #expect(Array(place.lockname.utf8) == Array(lockname.utf8) && place.sequence == 7)
    }

    @Test(arguments: [
        "", "x", "x-", "x-7", "x-00000000071", "x-000000000a", "0000000007", "x-+000000007", "x--00000007",
    ])
    func foreignPlacesAreNot(name: String) { #expect(Place(name: name) == nil) }

    @Test func leasesOfBothKindsAreRead() throws {
        let original = try #require(Permit(lease: "2_8_0000000003"))
        #expect(original.count == 2 && original.total == 8 && original.session == nil && original.sequence == 3)
        // Its arithmetic may come to that.
        for name in ["0_2_0000000001", "-1_2_0000000001"] { #expect(try #require(Permit(lease: name)).count == 0) }
        let ours = try #require(Permit(lease: "2_8_10000abc_0000000004"))
        #expect(ours.session == "10000abc" && ours.sequence == 4)
        let mark = try #require(Permit(mark: "2_8_10000abc_1_30"))
        #expect(mark.kind == .mark(session: "10000abc", termSeconds: 30))
    }

    @Test(arguments: [
        "", "_", "__", "1_2", "0_2_abc_0000000001", "-1_2_abc_0000000001", "3_2_0000000001", "1_2_x_0000000001",
        "1_99999999999999999999_0000000001", "1_2_abc_1_30", "1_2_0000000001_", "1.5_2_0000000001",
        "1_9007199254740993_0000000001", "1_2_11112222333344445_0000000001",
    ])
    func foreignLeasesAreNot(name: String) { #expect(Permit(lease: name) == nil) }

    @Test(arguments: ["", "1_2_abc_1", "1_2_abc_1_-1", "1_2_abc_1_86401", "1_2_abc_x_30", "2_1_abc_1_30", "1_2__1_30"])
    func foreignMarksAreNot(name: String) { #expect(Permit(mark: name) == nil) }
}
