import Coordination
import Testing

@testable import Recipes

@Suite struct NodeNameTests {
    @Test(
        arguments: [
            ("nightly-0000000007", "nightly", 7), ("a-b-0000000010", "a-b", 10), ("--0000000000", "-", 0),
            ("x-2147483647", "x", 2_147_483_647),
            // As the original reads it. Ours leave a queue long before its counter turns.
            ("a2--2147483647", "a2-", 2_147_483_647),
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
        #expect(mark.kind == .mark(session: "10000abc", termSeconds: 30) && mark.slots == nil)
    }

    @Test(
        arguments: [
            ("1_8_ab_3000000001_30", 3...3), ("2_8_ab_3000000012_30", 3...4), ("1_8_ab_8999999999_30", 8...8),
            ("1_8_ab_999999999_30", nil), ("1_8_ab_-3000000001_30", nil), ("1_8_ab_0_30", nil),
            // No sum beyond any number.
            ("9007199254740992_9007199254740992_ab_9223372036854775807_30", 9_223_372_036...9_007_208_478_113_027),
        ] as [(String, ClosedRange<Int64>?)])
    func aMarkSaysWhichNumbersItsPermitsHave(name: String, slots: ClosedRange<Int64>?) throws {
        #expect(try #require(Permit(mark: name)).slots == slots)
    }

    /// What it writes it reads; and a version that knows of no numbers reads it as a mark of as many permits.
    @Test(arguments: [nil, 1, 8, 1_000_000_000] as [Int64?])
    func whatIsWrittenIsRead(first: Int64?) throws {
        let session = Session(id: 0x0100_0000_0000_0abc, timeout: .seconds(30))
        let name = Permit.mark(1, of: 1_000_000_000, session: session, n: 7, term: Term(seconds: 30), first: first)
        let mark = try #require(Permit(mark: name))
        #expect(mark.slots == first.map { $0...$0 } && mark.count == 1)
        #expect(mark.kind == .mark(session: session.text, termSeconds: 30))
        #expect(name.split(separator: "_").count == 5 && Int64(name.split(separator: "_")[3]) != nil)
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
