import Recipes
import Testing
import Text

@Suite struct FleetPausesTests {
    /// 2026-11-29T15:00:00Z.
    private static let now: Int64 = 1_795_964_400_000

    private func pauses(_ text: String) throws -> FleetPauses {
        try FleetData.parse(Array(text.utf8), nowMilliseconds: Self.now).pauses
    }

    @Test(
        arguments: [
            ("2026-11-29T15:00:01Z", true), ("2026-11-29T15:00:00.001Z", true), ("2026-11-29T16:00:01+01:00", true),
            ("2026-11-29T15:00:00Z", false), ("2026-11-29T14:59:59.999Z", false), ("2026-11-29T16:00:00+01:00", false),
        ])
    func aPauseIsOverAtItsEnd(until: String, isPaused: Bool) throws {
        let pauses = try pauses(
            #"{"pauses":{"a":{"until":"\#(until)"}},"drains":{"h":{"until":"\#(until)"}},"all_paused":{"until":"\#(until)"}}"#
        )
        #expect((pauses.jobs == ["a"]) == isPaused && (pauses.hosts == ["h"]) == isPaused)
        #expect((pauses.all != nil) == isPaused && (pauses.nextEnd != nil) == isPaused)
        #expect(pauses.jobNotes.isEmpty != isPaused && pauses.hostNotes.isEmpty != isPaused)
    }

    /// Written by hand.
    @Test func aPauseOfAllMayBeTrueOrFalse() throws {
        #expect(try pauses(#"{"all_paused":true}"#).all == PauseNote())
        #expect(try pauses(#"{"all_paused":false}"#).all == nil)
        #expect(throws: FleetDataError.self) { try pauses(#"{"all_paused":"yes"}"#) }
    }

    @Test func theListHasNoEnds() throws {
        let text =
            #"{"paused":["a","b"],"pauses":{"a":{"why":"x"},"b":{"until":"2038-01-01T00:00:00Z","why":"y"},"c":{"why":"z"}}}"#
        let pauses = try pauses(text)
        #expect(pauses.jobs == ["a", "b"])
        #expect(pauses.jobNotes == ["a": PauseNote(why: "x"), "b": PauseNote()])
    }

    @Test func theFirstEndIsTheNextOne() throws {
        let text =
            #"{"pauses":{"a":{"until":"2038-01-01T00:00:00Z"},"b":{"until":"2030-01-01T00:00:00Z"}},"all_paused":{}}"#
        #expect(try pauses(text).nextEnd?.text == "2030-01-01T00:00:00Z")
    }

    @Test(
        arguments: [
            (PauseNote(), ""), (PauseNote(until: TimeStamp(milliseconds: 1000)), " until 1970-01-01T00:00:01Z"),
            (PauseNote(by: "a@h"), " (by a@h)"), (PauseNote(why: "w"), " (w)"),
            (
                PauseNote(why: "w", by: "a@h", since: TimeStamp(milliseconds: 0)),
                " (by a@h since 1970-01-01T00:00:00Z: w)"
            ),
            (PauseNote(why: "\u{1b}[2J\n", by: "\u{7}"), " (by ?: ?[2J?)"),
        ])
    func whatIsKnownIsSaid(note: PauseNote, phrase: String) { #expect(note.phrase() == phrase) }

    // MARK: - Times

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:60Z", 951_868_800_000), ("2026-11-29T15:00:00Z", now),
            ("9999-12-31T23:59:59.9999Z", 253_402_300_799_999), ("2026-11-29T15:00:00.5-00:30", now + 1_800_500),
        ])
    func aTimeIsRead(text: String, milliseconds: Int64) { #expect(TimeStamp(text)?.milliseconds == milliseconds) }

    @Test(
        arguments: [
            "", "Z", "2026-11-29", "2026-11-29T15:00:00", "2026-11-29 15:00:00Z", "2026-11-31T15:00:00Z",
            "2025-02-29T15:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00",
            "1969-12-31T23:59:59Z", "+026-01-01T00:00:00Z", "2026-1-001T00:00:00Z", "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00.1234567890Z", "2026-01-01t00:00:00Z",
        ])
    func aTextThatIsNoTime(text: String) { #expect(TimeStamp(text) == nil) }

    /// A day of each month of four centuries, there and back.
    @Test func everyTimeIsReadAsItIsWritten() {
        for day in stride(from: Int64(0), to: 146_097, by: 29) {
            let time = TimeStamp(milliseconds: (day * 86_400 + 3723) * 1000)
            #expect(TimeStamp(time.text) == time, "\(time.text)")
            #expect(time.text.hasSuffix("T01:02:03Z"))
        }
    }

    /// In a record that anybody may have written.
    @Test(arguments: [Int64.min, -1, 253_402_300_800_000, .max])
    func whatIsInNoCalendarOfOursIsShownAsUnknown(milliseconds: Int64) {
        #expect(TimeStamp(milliseconds: milliseconds).text == "?")
    }
}
