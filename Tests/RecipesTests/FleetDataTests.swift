import Testing

@testable import Recipes
@testable import Text

@Suite struct FleetDataTests {
    private static func parse(_ text: String) throws -> FleetData {
        try FleetData.parse(Array(text.utf8), nowMilliseconds: 0)
    }

    @Test(arguments: [
        "", "{}", " {\n} ", #"{"groups": null, "resources": null}"#, #"{"other": {"a": [1, 2.5, true]}, "x": null}"#,
        #"{"totals": null, "paused": null, "drained": null}"#, #"{"totals": {"a": null}, "paused": [], "drained": []}"#,
    ])
    func isEmptyWhereNothingIsDescribed(text: String) throws {
        #expect(try Self.parse(text) == FleetData(groups: [:], resources: []))
    }

    @Test func readsGroupsAndResources() throws {
        let data = try Self.parse(
            #"{"groups": {"a": ["h1", "b"], "b": "h2", "none": [], "gone": null}, "resources": ["FQDN_mem", "r"], "paused": ["x"]}"#
        )
        #expect(data.groups == ["a": ["h1", "b"], "b": ["h2"], "none": []])
        #expect(data.resources == ["FQDN_mem", "r"])
    }

    @Test(arguments: [
        ("[]", "prefix data is a list"), ("\"x\"", "prefix data is a string"), ("1", "prefix data is a number"),
        ("null", "is null"),
        ("true", "is a boolean"), (" ", "is not valid JSON"), ("{", "is not valid JSON"),
        ("{} x", "is not valid JSON"),
        ("{'a': 1}", "is not valid JSON"), (#"{"groups": {"a": ["h"], }}"#, "comma before a closing bracket"),
        ("hello", "is not valid JSON"),
        (#"{"groups": []}"#, "\"groups\" is a list"), (#"{"groups": "x"}"#, "\"groups\" is a string"),
        (#"{"groups": {"web": {"h1": 1}}}"#, "group \"web\" is an object"),
        (#"{"groups": {"web": 5}}"#, "group \"web\" is a number"),
        (#"{"groups": {"web": true}}"#, "group \"web\" is a boolean"),
        (#"{"groups": {"web": ["h1", 2]}}"#, "item 2 of group \"web\" is a number"),
        (#"{"groups": {"web": [null]}}"#, "item 1 of group \"web\" is null"),
        (#"{"groups": {"web": [["h1"]]}}"#, "item 1 of group \"web\" is a list"),
        (#"{"resources": {}}"#, "\"resources\" is an object"), (#"{"resources": "r"}"#, "\"resources\" is a string"),
        (#"{"resources": ["r", 1]}"#, "item 2 of \"resources\" is a number"),
        (#"{"totals": ["r"]}"#, "\"totals\" is a list"), (#"{"totals": 4}"#, "\"totals\" is a number"),
        (#"{"paused": "a"}"#, "\"paused\" is a string"), (#"{"paused": ["a", null]}"#, "item 2 of \"paused\" is null"),
        (#"{"drained": {"h": 1}}"#, "\"drained\" is an object"),
        ("host.example.net 1234", "which the original switchman leaves"),
        (" 77", "which the original switchman leaves"),
    ])
    func namesWhatIsWrong(text: String, hint: String) throws {
        let error = #expect(throws: FleetDataError.self) { try Self.parse(text) }
        let message = try #require(error?.message)
        #expect(message.contains(hint), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test(
        arguments: [
            [0xff], [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d], [0], [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
            [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
            [0x7b, 0, 0x7d, 0], [0, 0x7b, 0, 0x7d],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) throws {
        let error = #expect(throws: FleetDataError.self) { try FleetData.parse(bytes, nowMilliseconds: 0) }
        #expect(try #require(error?.message).contains("is not valid JSON"))
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func refusesDeepNestingUnharmed(text: String) throws {
        let error = #expect(throws: FleetDataError.self) { try Self.parse(String(repeating: text, count: 200_000)) }
        #expect(try #require(error?.message).contains("nested"))
    }

    @Test func bracketsInStringsAreNotNesting() throws {
        let name = String(repeating: "[{\\\"", count: 1000)
        #expect(try Self.parse(#"{"resources": ["\#(name)"]}"#).resources.count == 1)
    }

    @Test func readsAMegabyte() throws {
        let hosts = (0..<40_000).map { "\"host\($0).example.net\"" }.joined(separator: ",")
        let data = try Self.parse("{\"groups\": {\"all\": [\(hosts)]}}")
        #expect(try data.entry(of: "host39999.example.net", in: "all") != nil)
        #expect(try data.entry(of: "host40000.example.net", in: "all") == nil)
    }

    // MARK: - Groups

    private static let nested = FleetData(
        groups: [
            "one": ["h1"], "two": ["one", "h2"], "three": ["two"], "none": [], "a": ["b", "h3"], "b": ["a", "h4"],
            "self": ["self"],
            "h5": ["h6"], "five": ["h5"],
        ], resources: [])

    @Test(arguments: [
        ("h1", "one", true), ("h2", "one", false), ("h1", "three", true), ("h2", "three", true), ("h3", "b", true),
        ("h4", "a", true),
        ("h1", "a", false), ("x", "none", false), ("self", "self", false), ("H1", "one", false), ("h1.", "one", false),
        ("", "one", false),
        // A member which is a group's name is that group, and no host.
        ("h5", "five", false), ("h6", "five", true), ("one", "two", false),
    ])
    func hostsBelongThroughNestedGroups(host: String, group: String, belongs: Bool) throws {
        #expect((try Self.nested.entry(of: host, in: group) != nil) == belongs)
    }

    @Test(arguments: ["four", "h1", ""])
    func anUnknownGroupIsAnErrorThatNamesIt(group: String) throws {
        let error = #expect(throws: FleetDataError.self) { try Self.nested.entry(of: "h1", in: group) }
        #expect(try #require(error?.message).contains("group \"\(group)\" is not described"))
    }

    @Test func aChainOfManyGroupsIsFollowedToItsEnd() throws {
        let links = (0..<50_000).map { (ExactName("g\($0)"), ["g\($0 + 1)"]) }
        let data = FleetData(groups: Dictionary(uniqueKeysWithValues: links), resources: [])
        #expect(try data.entry(of: "g50000", in: "g0") != nil)
    }

    /// Found by fuzzing: to Swift's dictionaries the two are one name.
    @Test func aComposedLetterIsNotADecomposedOne() throws {
        let data = try Self.parse(#"{"groups": {"\u00e9": ["h1", "e\u0301"], "e\u0301": ["h2", "\u00fc"]}}"#)
        #expect(data.groups == ["\u{e9}": ["h1", "e\u{301}"], "e\u{301}": ["h2", "\u{fc}"]])
        #expect(try data.entry(of: "h2", in: "\u{e9}") != nil)
        #expect(try data.entry(of: "h1", in: "e\u{301}") == nil)
        #expect(try data.entry(of: "u\u{308}", in: "\u{e9}") == nil)
    }

    // MARK: - Totals

    private static let macros = Macros(fqdn: "h1", cpuCount: 4, memoryMB: 7977)

    @Test(
        arguments: [
            ("4", 4), ("\"4\"", 4), ("\"2*2\"", 4), ("\"CPU\"", 4), ("\"int(MEMMB/1024)\"", 7),
            ("9007199254740991", 9_007_199_254_740_991),
        ] as [(String, Int64)])
    func aTotalIsANumberOrArithmetic(text: String, total: Int64) throws {
        let data = try Self.parse("{\"totals\": {\"FQDN_cpu\": \(text)}}")
        #expect(try data.total(of: "h1_cpu", macros: Self.macros) == total)
        #expect(try data.total(of: "h2_cpu", macros: Self.macros) == nil)
    }

    @Test(arguments: [
        "0", "-1", "1.5", "9007199254740992", "1e300", "true", "[]", "{}", "\"\"", "\"0\"", "\"CPU/3\"", "\"`id`\"",
        "\"2**53\"", "\"1 +\"",
    ])
    func aTotalThatIsNoneIsNamed(text: String) throws {
        let data = try Self.parse("{\"totals\": {\"db\": \(text)}}")
        let error = #expect(throws: FleetDataError.self) { try data.total(of: "db", macros: Self.macros) }
        #expect(try #require(error?.message).contains("the total of \"db\""))
        #expect(try data.total(of: "other", macros: Self.macros) == nil, "nobody else's business")
    }

    @Test func namesOfTotalsAreComparedByteByByte() throws {
        let data = try Self.parse(#"{"totals": {"\u00e9": 1, "e\u0301": 2}}"#)
        #expect(try data.total(of: "\u{e9}", macros: Self.macros) == 1)
        #expect(try data.total(of: "e\u{301}", macros: Self.macros) == 2)
    }

    // MARK: - Pauses

    @Test func pausesAndDrainsAreComparedByteByByte() throws {
        let data = try Self.parse(#"{"paused": ["a", "\u00e9"], "drained": ["h1"]}"#)
        #expect(data.pause(of: "a") != nil && data.pause(of: "\u{e9}") != nil)
        #expect(data.pause(of: "A") == nil && data.pause(of: "e\u{301}") == nil && data.pause(of: "h1") == nil)
        #expect(data.drain(of: "h1") != nil && data.drain(of: "H1") == nil && data.drain(of: "a") == nil)
    }

    // MARK: - Resources

    @Test func resourcesKeepTheirOrderAndAppearOnce() {
        let macros = Macros(fqdn: "h1", cpuCount: 4, memoryMB: 1)
        let data = FleetData(groups: [:], resources: ["z", "FQDN_cpu", "a", "h1_cpu", "z", "CPU"])
        #expect(data.orderedResources(macros: macros) == ["z", "h1_cpu", "a", "4"])
    }
}
