import Coordination
import Recipes
import Steering
import Testing

@Suite struct ResourceStatusTests {
    private func status(_ leases: [String], marks: [String] = [], declared: Int64? = nil) -> ResourceStatus {
        let stat = NodeStat(
            czxid: 1, mzxid: 1, ctimeMilliseconds: 0, mtimeMilliseconds: 0, version: 0, ephemeralOwner: 1)
        return ResourceStatus(
            resource: "r", declared: declared,
            leases: leases.compactMap(Permit.init(lease:)).map {
                ResourceStatus.Holder($0, Contender(data: Array("h 1".utf8), stat: stat))
            },
            marks: marks.compactMap(Permit.init(mark:)), queue: [], foreign: [])
    }

    @Test(
        arguments: [
            ([], "[........]"), (["1_8_0000000001"], "[#.......]"), (["8_8_0000000001"], "[########]"),
            // One of many is not none; more than all is not longer.
            (["1_1000_0000000001"], "[#.......]"), (["8_8_0000000001", "8_8_0000000002"], "[########]"),
            (["4503599627370496_9007199254740992_0000000001"], "[####....]"),
        ] as [([String], String)])
    func theBarShowsWhatIsTaken(leases: [String], bar: String) {
        #expect(status(leases, declared: leases.isEmpty ? 8 : nil).bar(width: 8) == bar)
    }

    @Test func aMarkCountsOnlyWithoutItsLease() {
        let both = status(["2_8_ab_0000000001"], marks: ["2_8_ab_1_30", "3_8_cd_1_30"])
        #expect((both.used, both.orphaned) == (2, 3))
        #expect(both.bar(width: 8) == "[##+++...]")
    }

    @Test func theNumbersOfALeaseStandInItsMarks() {
        let leases = ["3_8_ab_0000000001", "1_8_cd_0000000002", "1_8_0000000003"]
        let marks = [
            "1_8_ab_7000000001_30", "2_8_ab_3000000001_30", "1_8_cd_1_30", "1_8_ef_5000000001_30",
            "1_8_ef_6000000002_30",
        ]
        let all = status(leases, marks: marks)
        #expect(all.holders.map { all.slots(of: $0)?.text } == ["3-4,7", nil, nil])
        #expect(all.orphanedSlots.text == "5-6")
        #expect(status(leases).orphanedSlots.isEmpty && status(leases).slots(of: all.holders[0]) == nil)
    }

    @Test func totalsThatDisagreeAreSeen() {
        #expect(status(["1_8_0000000001"], declared: 9).disagrees)
        #expect(!status(["1_8_0000000001"], declared: 8).disagrees)
    }

    @Test func sumsBeyondAnyNumberDoNotTrap() {
        let many = status((0..<2000).map { "9007199254740992_9007199254740992_000000\(1000 + $0)" })
        #expect(many.used == .max && many.bar(width: 4) == "[####]")
    }
}
