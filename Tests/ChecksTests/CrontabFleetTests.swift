import Recipes
import Testing
import Text

@testable import Checks

@Suite struct CrontabFleetTests {
    private static let macros = Macros(fqdn: "h1.example.net", cpuCount: 4, memoryMB: 7977)

    /// What is found in a line with these options, which are not parsed again here.
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

    // MARK: - Pauses

    private func standstills(_ data: String, names: [String], group: String? = nil) throws -> [String] {
        let fleet = CrontabFleet(
            data: try FleetData.parse(Array(data.utf8), nowMilliseconds: 0), macros: Self.macros, config: nil)
        var found: [String] = []
        for name in names {
            let call = try #require(SwitchmanSearch(Array("switchman -g '\(group ?? "")' -- a".utf8)).calls.first)
            let need = try #require(
                CrontabNeed(
                    call, group: group, config: nil, leases: [], options: Array(call.words.dropFirst()), lockname: name)
            )
            found += fleet.standstills(of: need)
        }
        return found + fleet.standstills(ofLocknames: names)
    }

    @Test(
        arguments: [
            (#"{"paused":["backup"]}"#, "job \"backup\" is paused, and no run starts; switchmanctl resume backup"),
            (
                #"{"pauses":{"backup":{"until":"2038-01-01T00:00:00Z","why":"w"}}}"#,
                "is paused until 2038-01-01T00:00:00Z (w), and"
            ),
            (#"{"all_paused":{"why":"w"}}"#, "all jobs are paused (w), and no run starts; switchmanctl resume --all"),
            (
                #"{"paused":["bakcup"]}"#,
                "\"bakcup\" is paused, and no line has that lockname; did you mean \"backup\"?"
            ),
        ])
    func aPauseStandsInTheWay(data: String, mention: String) throws {
        let found = try standstills(data, names: ["backup", "other"])
        #expect(found.count == 1 && found[0].contains(mention), "\(found)")
    }

    @Test(arguments: [#"{"paused":["stranger", "report-2"]}"#, #"{"drained":["h1.example.net"]}"#, "{}"])
    func whatIsElsewhereIsNot(data: String) throws {
        #expect(try standstills(data, names: ["report-1"]) == [])
    }

    @Test(
        arguments: [
            (#"["h1","h2"]"#, true), (#"["*"]"#, true), (#"["h?"]"#, true), (#"["h1"]"#, false), ("[]", false),
        ])
    func aGroupWhoseHostsAreAllDrained(drained: String, isFound: Bool) throws {
        let data = #"{"groups":{"g":["h1","h2"],"p":["web*"],"empty":[]},"drained":\#(drained)}"#
        let found = try standstills(data, names: ["a"], group: "g")
        #expect(found.count == (isFound ? 1 : 0), "\(found)")
        #expect(!isFound || found[0].hasPrefix("every host of group \"g\" is drained, and the command runs nowhere"))
        #expect(try standstills(data, names: ["a"], group: "p").isEmpty == (drained != #"["*"]"#))
        #expect(try standstills(data, names: ["a"], group: "empty") == [])
    }
}
