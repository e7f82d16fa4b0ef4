import Recipes
import Testing

@Suite struct JobListTests {
    @Test func namesAreSeparatedByCommas() {
        #expect(JobList("extract")?.names == ["extract"])
        #expect(JobList("a,b, c,a")?.names == ["a", "b", " c"], "one that comes again counts once")
        #expect(JobList("e\u{301},\u{e9}")?.names.count == 2, "byte for byte, as ZooKeeper compares")
        #expect(JobList("a,\u{301}b")?.names.count == 2, "a comma with a combining mark behind it is one")
    }

    @Test(arguments: ["", ",", "a,", ",a", "a,,b", "a/b", ".", "..", "0", "a,0", "a\u{7}", "a,b,c,d,e,f,g,h,i"])
    func whatIsNoListIsNone(text: String) { #expect(JobList(text) == nil) }

    @Test func theNamesAreShortTogether() {
        let long = String(repeating: "x", count: 255)
        #expect(JobList("\(long),\(long)y")?.names.count == 2)
        #expect(JobList("\(long)z,\(long)y") == nil)
        let two = JobList(String(repeating: "z", count: 510))?.added(to: JobList("abc"))
        #expect(two?.names.count == 2 && two?.isWithinLimits == false)
    }
}
