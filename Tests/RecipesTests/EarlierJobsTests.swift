import Recipes
import Testing

@Suite struct EarlierJobsTests {
    @Test func namesAreSeparatedByCommas() {
        #expect(EarlierJobs("extract")?.names == ["extract"])
        #expect(EarlierJobs("a,b, c,a")?.names == ["a", "b", " c"], "one that comes again counts once")
        #expect(EarlierJobs("e\u{301},\u{e9}")?.names.count == 2, "byte for byte, as ZooKeeper compares")
        #expect(EarlierJobs("a,\u{301}b")?.names.count == 2, "a comma with a combining mark behind it is one")
    }

    @Test(arguments: ["", ",", "--", "a,", ",a", "a,,b", "a/b", ".", "..", "0", "a,0", "a\u{7}", "a,b,c,d,e,f,g,h,i"])
    func whatIsNoListIsNone(text: String) { #expect(EarlierJobs(text) == nil) }

    @Test func theNamesAreShortTogether() {
        let long = String(repeating: "x", count: 255)
        #expect(EarlierJobs("\(long),\(long)y")?.names.count == 2)
        #expect(EarlierJobs("\(long)z,\(long)y") == nil)
        let two = EarlierJobs(String(repeating: "z", count: 510))?.added(to: EarlierJobs("abc"))
        #expect(two?.names.count == 2 && two?.isWithinLimits == false)
    }
}
