import Steering
import Testing

@Suite struct TableTests {
    private func table(_ names: [String]) -> Table {
        var table = Table([Table.Column("NAME", narrowest: 4), Table.Column("N", .right)])
        table.rows = names.map { [Table.Cell($0), "12"] }
        return table
    }

    @Test func columnsAreAsWideAsTheirWidestCell() {
        #expect(table(["backup", "a"]).lines(width: nil, colour: false) == ["NAME     N", "backup  12", "a       12"])
    }

    @Test func aNarrowTerminalCutsWhatMayGiveWay() {
        #expect(table(["a-long-lockname"]).lines(width: 12, colour: false)[1] == "a-long-~  12")
    }

    @Test func aVeryNarrowTerminalLosesColumnsFromTheRight() {
        #expect(table(["a-long-lockname"]).lines(width: 5, colour: false) == ["NAME", "a-l~"])
    }

    @Test func wideLettersTakeTwoColumns() {
        #expect(table(["仕事"]).lines(width: nil, colour: false)[1] == "仕事  12")
    }

    @Test func foreignControlCharactersAreShownAsQuestionMarks() {
        #expect(table(["a\u{1b}[2Jb\u{9b}c\u{202e}d"]).lines(width: nil, colour: true)[1] == "a?[2Jb?c?d  12")
    }
}
