import Recipes
import Testing

@testable import Checks

@Suite struct CrontabFleetTests {
    private static let macros = Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977)

    /// What is found in a line with these options, which are not parsed again here: getopt_long keeps its place in globals.
    private func findings(
        _ data: String, group: String? = nil, leases: [String] = [], config: String? = nil
    ) throws -> [String] {
        let options = (group.map { ["-g '\($0)'"] } ?? []) + leases.map { "--lease '\($0)'" }
        let call = try #require(
            SwitchmanSearch(Array("switchman \(options.joined(separator: " ")) -- a".utf8)).calls.first)
        let need = try #require(
            CrontabNeed(call, group: group, config: nil, leases: leases, options: Array(call.words.dropFirst())))
        let fleet = CrontabFleet(
            data: try FleetData.parse(Array(data.utf8), nowMilliseconds: 0), macros: Self.macros, config: config)
        return fleet.findings(on: need)
    }

    // MARK: - Groups

    private static let groups = """
        {"groups": {"web": ["inner"], "inner": ["h1.example.net"], "empty": [], "hollow": ["empty"], "ring": ["gnir"],
                    "gnir": ["ring"], "self": ["self", "h2"]}}
        """

    @Test(arguments: ["web", "inner", "self"]) func aGroupWithAHostIsNoFinding(group: String) throws {
        #expect(try findings(Self.groups, group: group) == [])
    }

    @Test(arguments: ["empty", "hollow", "ring", "gnir"]) func aGroupWithoutAHostRunsNowhere(group: String) throws {
        let found = try findings(Self.groups, group: group)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("group \"\(group)\" has no host") == true)
        #expect(found.first?.contains("switchmanctl groups add \(group) HOST") == true)
    }

    @Test(arguments: ["wbe", "Web", "web ", "h1.example.net"]) func aGroupThatIsNotDescribed(group: String) throws {
        let found = try findings(Self.groups, group: group)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("group \"\(group)\" is not in the fleet's data, and no run starts") == true)
    }

    /// To a run these are two names, although Swift's strings are equal.
    @Test func aGroupIsComparedByItsScalars() throws {
        let data = "{\"groups\": {\"\u{e9}\": [\"h1\"]}}"
        #expect(try findings(data, group: "\u{e9}") == [])
        #expect(try findings(data, group: "e\u{301}").first?.contains("is not in the fleet's data") == true)
    }

    @Test func anotherConfigurationIsPartOfTheCommandToType() throws {
        let other = try findings("{}", group: "web", leases: ["db=1:2"], config: "/etc/own.conf")
        #expect(other.count == 2)
        #expect(other.first?.contains("switchmanctl groups add web HOST --config /etc/own.conf") == true)
        #expect(other.last?.contains("switchmanctl resources add db --config /etc/own.conf") == true)
        #expect(try findings("{}", group: "web").first?.contains("--config") == false)
    }

    // MARK: - Resources

    @Test(
        arguments: [
            ("db=1:2", "switchmanctl resources add db adds it"),
            ("db=1", "switchmanctl resources add db --total N adds it"),
            ("Db=1:2", "switchmanctl resources add Db adds it"),
            ("FQDN_disk=1:2", "switchmanctl resources add FQDN_disk adds it"),
        ])
    func aResourceThatIsNotListed(lease: String, remedy: String) throws {
        let found = try findings(#"{"resources": ["xdb", "dbx", "FQDN_cpu", "h9_disk"]}"#, leases: [lease])
        #expect(found.count == 1)
        #expect(found.first?.contains("is not in the fleet's data, and no run starts; \(remedy)") == true)
    }

    /// The line is the same on every host, and each replaces its own name.
    @Test(
        arguments: [
            (["FQDN_cpu"], "FQDN_cpu=1:2"),
            (["FQDN_cpu"], "h1.example.net_cpu=1:2"),
            (["FQDN_cpu"], "h9.example.net_cpu=1:2"),
            (["h9.example.net_cpu"], "FQDN_cpu=1:2"),
            (["disk_FQDN_FQDN"], "disk_h9.example.net_h9.example.net=1:2"),
            (["short_mem"], "FQDN_mem=1:2"),
        ])
    func aNameThatSomeHostMakesIsNoFinding(resources: [String], lease: String) throws {
        let list = resources.map { "\"\($0)\"" }.joined(separator: ", ")
        #expect(
            try findings("{\"groups\": {\"g\": [\"short\"]}, \"resources\": [\(list)]}", leases: [lease]) == [])
    }

    @Test(
        arguments: [
            // "db" is a word and no host: without a dot only a group tells hosts from words.
            ("db_disk", "FQDN_disk=1:2"),
            // Two hosts cannot both stand for FQDN.
            ("disk_FQDN_FQDN", "disk_h8.example.net_h9.example.net=1:2"),
            ("FQDN_cpu", "_cpu=1:2"),
            ("disk_FQDN_FQDN", "disk_=1:2"),
        ])
    func aNameThatNoHostMakes(resource: String, lease: String) throws {
        let found = try findings(
            "{\"groups\": {\"g\": [\"short\"]}, \"resources\": [\"\(resource)\"]}", leases: [lease])
        #expect(found.count == 1 && found[0].contains("is not in the fleet's data"))
    }

    /// Another host may have another number of processors, and with it another resource.
    @Test(arguments: ["xCPU=1:2", "MEMMB_x=1:2"]) func aNameWithAHostsCountsIsNotJudged(lease: String) throws {
        #expect(try findings(#"{"resources": []}"#, leases: [lease]) == [])
    }

    @Test(arguments: ["db", "db=0:4", "db=x:4", "=1:2"]) func whatNoRunCanReadIsSaidElsewhere(lease: String) throws {
        #expect(try findings("{}", leases: [lease]) == [])
    }

    @Test func eachLeaseAndTheGroupHaveAFindingOfTheirOwn() throws {
        let found = try findings("{}", group: "web", leases: ["db=1:2", "api=1:2"])
        #expect(
            found.map { String($0.prefix { $0 != "i" }) } == ["group \"web\" ", "resource \"db\" ", "resource \"ap"])
    }

    // MARK: - Totals

    private static let totals = """
        {"resources": ["db", "api", "FQDN_cpu", "FQDN_mem", "FQDN_text"],
         "totals": {"api": 4, "FQDN_cpu": 4, "FQDN_text": "CPU"}}
        """

    @Test(
        arguments: [
            ("db=1", "--lease db=1: no total"),
            ("api=1:5", "total 5 here, but 4 declared"),
            ("api=5", "asks for 5 of the 4 permits"),
            ("FQDN_cpu=1:5", "total 5 here, but 4 declared"),
            ("h9.example.net_cpu=5", "asks for 5 of the 4 permits"),
            ("FQDN_mem=1", "no total"),
        ])
    func aTotalThatARunRefuses(lease: String, mention: String) throws {
        let found = try findings(Self.totals, leases: [lease])
        #expect(found.count == 1 && found[0].contains(mention), "\(found)")
    }

    @Test(arguments: ["db=1:9", "api=4", "api=1:4", "FQDN_cpu=4", "h9.example.net_cpu=1:4", "FQDN_mem=1:2"])
    func aTotalThatARunAccepts(lease: String) throws {
        #expect(try findings(Self.totals, leases: [lease]) == [])
    }

    /// What this host would refuse, another with more processors may accept.
    @Test(arguments: ["FQDN_text=9", "FQDN_text=1:9", "api=CPU+1", "api=1:CPU*2"])
    func aTotalThatDependsOnTheHostIsNotJudged(lease: String) throws {
        #expect(try findings(Self.totals, leases: [lease]) == [])
    }
}
