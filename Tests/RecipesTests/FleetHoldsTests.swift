import Testing

@testable import Recipes
@testable import Text

@Suite struct FleetHoldsTests {
    /// 2026-11-29T15:00:00Z.
    private static let now: Int64 = 1_795_964_400_000

    private func fleet(_ text: String) throws -> FleetData {
        try FleetData.parse(Array(text.utf8), nowMilliseconds: Self.now)
    }

    private let macros = Macros(fqdn: "h1", cpuCount: 4, memoryMB: 1)

    @Test(arguments: [("2026-11-29T15:00:00.001Z", true), ("2026-11-29T15:00:00Z", false)])
    func aHoldIsOverAtItsEnd(until: String, isHeld: Bool) throws {
        let fleet = try fleet(#"{"holds":{"r":{"until":"\#(until)"}}}"#)
        #expect((fleet.hold(of: "r", macros: macros) != nil) == isHeld)
        #expect((fleet.pauses.nextEnd != nil) == isHeld)
    }

    @Test(
        arguments: [
            ("r", "r", true), ("FQDN_r", "h1_r", true), ("h1_r", "h1_r", true), ("h2_r", "h1_r", false),
            ("r", "R", false), ("FQDN_r", "h2_r", false), ("\u{e9}", "e\u{301}", false),
        ])
    func aHoldIsOfTheResourceThatItsNameMeansOnThisHost(key: String, resource: String, isHeld: Bool) throws {
        #expect((try fleet(#"{"holds":{"\#(key)":{}}}"#).hold(of: resource, macros: macros) != nil) == isHeld)
    }

    @Test func ofSeveralTheLongestCounts() throws {
        let (early, late) = (#"{"until":"2038-01-01T00:00:00Z"}"#, #"{"until":"2039-01-01T00:00:00Z"}"#)
        for (one, other, end) in [(early, late, "2039-01-01T00:00:00Z"), (late, early, "2039-01-01T00:00:00Z")] {
            let fleet = try fleet(#"{"holds":{"FQDN_r":\#(one),"h1_r":\#(other)}}"#)
            #expect(fleet.hold(of: "h1_r", macros: macros)?.until?.text == end)
        }
        #expect(try fleet(#"{"holds":{"FQDN_r":{},"h1_r":\#(late)}}"#).hold(of: "h1_r", macros: macros) == PauseNote())
    }

    @Test(arguments: [#"{"holds":[]}"#, #"{"holds":{"r":true}}"#, #"{"holds":{"r":{"until":5}}}"#])
    func whatIsNoHoldIsAnError(text: String) {
        #expect(throws: FleetDataError.self) { try fleet(text) }
    }

    @Test(
        arguments: [
            ("r", "r", true), ("r", "s", false), ("FQDN_r", "a.b_r", true), ("FQDN_r", "_r", false),
            ("FQDN_r", "a_s", false), ("FQDN_r", "FQDN_r", true), ("xFQDNyCPUz", "xayyb1z", true),
            ("xFQDNyCPUz", "xyz", false), ("xFQDNyCPUz", "xayz", false), ("FQDN", "", false), ("FQDNCPU", "ab", true),
            ("FQDNCPU", "a", false), ("aFQDNa", "a", false), ("aFQDNa", "aa", false), ("aFQDNa", "aba", true),
        ])
    func aNameWithMacrosMayBecomeAnother(pattern: String, name: String, may: Bool) {
        #expect(Macros.pattern(pattern, mayBecome: name) == may)
    }
}
