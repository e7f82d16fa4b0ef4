import Recipes
import Steering
import Testing
import Text

@Suite struct GroupHostsTests {
    func hosts(_ groups: [ExactName: [String]], of group: ExactName) -> [String] {
        GroupHosts(FleetData(groups: groups, resources: [])).of(group)
    }

    @Test func groupsWithinGroupsBringTheirHostsOnce() {
        let groups: [ExactName: [String]] = [
            "all": ["web", "db", "h3"], "web": ["h2", "h1"], "db": ["h1"], "empty": [],
        ]
        #expect(hosts(groups, of: "all") == ["h1", "h2", "h3"])
        #expect(hosts(groups, of: "web") == ["h1", "h2"])
        #expect(hosts(groups, of: "empty") == [])
        #expect(hosts(groups, of: "unknown") == [])
    }

    @Test func ringsAndGroupsThatIncludeThemselvesEnd() {
        let groups: [ExactName: [String]] = ["a": ["b", "a", "h1"], "b": ["c"], "c": ["a", "h2"]]
        for group in ["a", "b", "c"] as [ExactName] { #expect(hosts(groups, of: group) == ["h1", "h2"]) }
    }
}
