import Recipes
import Steering
import Testing
import Text

@Suite struct FleetEditTests {
    private func edited(_ text: String, _ change: (inout FleetEdit) throws -> Void) throws -> String {
        var edit = try FleetEdit(bytes: Array(text.utf8), nowMilliseconds: 0)
        try change(&edit)
        return String(decoding: try edit.encoded(), as: UTF8.self)
    }

    @Test func whatIsNotTouchedStays() throws {
        let text = #"{"future":{"x":null,"y":[1,2.5]},"groups":{"web":"a"},"paused":["b"]}"#
        #expect(
            try edited(text) { $0.pause("c") }
                == #"{"future":{"x":null,"y":[1,2.5]},"groups":{"web":"a"},"paused":["b","c"]}"#)
    }

    /// Those of other programs' keys: they may count further, or see more in `1.0`.
    @Test(arguments: [
        "18446744073709551615", "12345678901234567890123", "0.12345678901234567891", "1.0", "-0", "-0.0", "1e3",
        "1E+300", "7", "2.5",
    ])
    func numbersStayAsTheyAreWritten(number: String) throws {
        let rest = #""future":{"x":[\#(number)],"y":\#(number)},"paused":["#
        #expect(try edited("{\(rest)]}") { $0.pause("c") } == #"{\#(rest)"c"]}"#)
    }

    @Test func aTotalIsTheSameHoweverItIsWritten() throws {
        var edit = try FleetEdit(bytes: Array(#"{"resources":["r"],"totals":{"r":3.0}}"#.utf8), nowMilliseconds: 0)
        edit.addResource("r", total: .integer(3))
        #expect(!edit.hasChanged)
        #expect(String(decoding: try edit.encoded(), as: UTF8.self) == #"{"resources":["r"],"totals":{"r":3.0}}"#)
    }

    @Test func editsInARowSeeEachOther() throws {
        let text = try edited("") {
            $0.pause("a")
            $0.pause("b")
            try $0.resume("a")
            $0.addGroup("g", members: ["h"])
            $0.addGroup("g", members: ["h", "i"])
        }
        #expect(text == #"{"groups":{"g":["h","i"]},"paused":["b"]}"#)
    }

    @Test func aHoldIsOfAResourceThereIs() throws {
        let data = #"{"resources":["FQDN_cpu","r"]}"#
        #expect(try edited(data) { try $0.hold("r") } == #"{"holds":{"r":{}},"resources":["FQDN_cpu","r"]}"#)
        #expect(try edited(data) { try $0.hold("h1_cpu", PauseNote(why: "x")) }.contains(#""h1_cpu":{"why":"x"}"#))
        #expect(throws: EditError.self) { try edited(data) { try $0.hold("s") } }
        #expect(
            try edited(data) {
                try $0.hold("r"); try $0.release("r")
            } == data)
        #expect(throws: EditError.refused("r is not held")) { try edited(data) { try $0.release("r") } }
        #expect(throws: EditError.refused("h1_cpu is not held by that name, but as FQDN_cpu; release that")) {
            try edited(data) {
                try $0.hold("FQDN_cpu"); try $0.release("h1_cpu")
            }
        }
        #expect(throws: EditError.refused("resource r is held; release it first: switchmanctl resources release r")) {
            try edited(data) {
                try $0.hold("r"); try $0.removeResource("r")
            }
        }
    }

    @Test func whatIsThereAlreadyIsNoChange() throws {
        var edit = try FleetEdit(
            bytes: Array(#"{"paused":["a"],"groups":{"g":"h"},"resources":["r"],"totals":{"r":3}}"#.utf8),
            nowMilliseconds: 0)
        edit.pause("a")
        edit.addGroup("g", members: ["h"])
        edit.addResource("r", total: .integer(3))
        edit.addResource("r", total: nil)
        #expect(!edit.hasChanged)
    }

    @Test func aGroupThatAnotherOneNamesStays() throws {
        var edit = try FleetEdit(bytes: Array(#"{"groups":{"all":["web"],"web":["a"]}}"#.utf8), nowMilliseconds: 0)
        #expect(throws: EditError.refused("group web is a member of group all; remove it there first")) {
            try edit.removeGroup("web", members: [])
        }
    }

    @Test func dataThatNoRunCanReadIsNotEdited() {
        #expect(throws: FleetDataError.self) { try FleetEdit(bytes: Array("[]".utf8), nowMilliseconds: 0) }
    }

    // MARK: - Pauses that end

    /// 2026-11-29T15:00:00Z is the present.
    private func editedNow(_ text: String, _ change: (inout FleetEdit) throws -> Void) throws -> String {
        var edit = try FleetEdit(bytes: Array(text.utf8), nowMilliseconds: 1_795_964_400_000)
        try change(&edit)
        return String(decoding: try edit.encoded(), as: UTF8.self)
    }

    private static let later = TimeStamp("2026-11-29T16:00:00Z")

    @Test func aPauseWithAnEndStandsInNoList() throws {
        let text = try editedNow(#"{"paused":["a"]}"#) { $0.pause("a", PauseNote(until: Self.later)) }
        #expect(text == #"{"paused":[],"pauses":{"a":{"until":"2026-11-29T16:00:00Z"}}}"#)
        #expect(try editedNow(text) { $0.pause("a") } == #"{"paused":["a"]}"#)
        #expect(try editedNow(text) { try $0.resume("a") } == #"{"paused":[]}"#)
    }

    /// The clock of this host may be ahead of others'.
    @Test func whatHasJustEndedStaysInTheData() throws {
        let text = #"{"all_paused":{"until":"2026-11-28T15:00:01Z"},"pauses":{"a":{"until":"2026-11-29T14:00:00Z"}}}"#
        let edited = try editedNow(text) { $0.addGroup("g", members: []) }
        #expect(edited == text.replacing("\"pauses\"", with: "\"groups\":{\"g\":[]},\"pauses\""))
    }

    @Test func whatIsPastForADayGoesWithTheNextEdit() throws {
        let past = #"{"until":"2026-11-28T15:00:00Z"}"#
        let text = #"{"all_paused":\#(past),"drains":{"h":\#(past)},"pauses":{"a":\#(past),"b":{"why":"of nobody"}}}"#
        #expect(try editedNow(text) { $0.addGroup("g", members: []) } == #"{"groups":{"g":[]}}"#)
        var edit = try FleetEdit(bytes: Array(text.utf8), nowMilliseconds: 1_795_964_400_000)
        #expect(throws: EditError.refused("a is not paused")) { try edit.resume("a") }
        #expect(throws: EditError.refused("h is not drained")) { try edit.undrain("h") }
        #expect(throws: EditError.refused("there is no pause of all jobs")) { try edit.resumeAll() }
        #expect(!edit.hasChanged)
    }

    @Test func aJobAndAHostOfOneNameAreTwo() throws {
        let text = try editedNow("") {
            $0.pause("x", PauseNote(until: Self.later))
            $0.drain("x", PauseNote(why: "w"))
            $0.pauseAll(PauseNote(by: "o"))
        }
        #expect(
            text
                == #"{"all_paused":{"by":"o"},"drained":["x"],"drains":{"x":{"why":"w"}},"#
                + #""pauses":{"x":{"until":"2026-11-29T16:00:00Z"}}}"#
        )
    }
}
