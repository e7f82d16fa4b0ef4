import Recipes
import Testing
import Text

@Suite struct EarlierJobsTests {
    @Test func namesAreSeparatedByCommas() throws {
        #expect((try EarlierJobs("extract")).names == ["extract"])
        #expect((try EarlierJobs("a,b, c,a")).names == ["a", "b", " c"], "one that comes again counts once")
        #expect((try EarlierJobs("e\u{301},\u{e9}")).names.count == 2, "byte for byte, as ZooKeeper compares")
        #expect((try EarlierJobs("a,\u{301}b")).names.count == 2, "a comma with a combining mark behind it is one")
    }

    @Test(arguments: ["", ",", "--", "a,", ",a", "a,,b", "a/b", ".", "..", "0", "a,0", "a\u{7}", "a,b,c,d,e,f,g,h,i"])
    func whatIsNoListIsNone(text: String) { #expect(throws: Objection.self) { try EarlierJobs(text) } }

    @Test func theNamesAreShortTogether() throws {
        let long = String(repeating: "x", count: 255)
        #expect((try EarlierJobs("\(long),\(long)y")).names.count == 2)
        #expect(throws: Objection.self) { try EarlierJobs("\(long)z,\(long)y") }
        let two = try EarlierJobs(String(repeating: "z", count: 510)).added(to: try EarlierJobs("abc"))
        #expect(two.names.count == 2 && !two.isWithinLimits)
    }

    @Test(arguments: [
        ("--", "no job is named"), ("a,,b", "a name is empty"), ("a/b", "\"a/b\" contains '/'"),
        ("a,0", "\"0\" is no lockname"),
        ("a,b,c,d,e,f,g,h,i", "these are 9 names"), (String(repeating: "x", count: 513), "is longer than 512 bytes"),
        (String(repeating: "x", count: 300) + "," + String(repeating: "y", count: 300), "these are 601 bytes"),
    ])
    func saysWhatIsWrong(text: String, fault: String) throws {
        let error = try #require(throws: Objection.self) { try EarlierJobs(text) }
        #expect(error.problem.contains(fault))
    }
}
