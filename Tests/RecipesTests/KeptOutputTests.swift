import Coordination
import Recipes
import Testing
import Text

@Suite struct KeptOutputTests {
    private func kept(_ bytes: [UInt8]) -> KeptOutput {
        var kept = KeptOutput(token: 17, host: "h\n\u{1b}", endedMilliseconds: 5, outcome: "ran", code: 3)
        (kept.bytes, kept.written, kept.hasErrors) = (bytes, 99, false)
        return kept
    }

    @Test(arguments: [[], Array("a\n{}\nb".utf8), Array(UInt8.min...UInt8.max)])
    func whatIsWrittenIsRead(bytes: [UInt8]) {
        #expect(KeptOutput(bytes: kept(bytes).encoded()) == kept(bytes))
    }

    @Test func theHeaderIsOneLine() {
        let lines = kept([]).encoded().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines[1].isEmpty)
    }

    @Test(arguments: ["", "{}", "{}\n", "x\ny", #"{"host":"h"}"# + "\n", #"{"host":1,"outcome":"ran"}"# + "\n"])
    func whatNoRunHasWrittenIsNone(text: String) { #expect(KeptOutput(bytes: Array(text.utf8)) == nil) }

    @Test func aHeaderOfAnotherVersionIsRead() {
        let text = #"{"host":"h","outcome":"new","code":99999999999,"more":[1]}"# + "\nx"
        let kept = KeptOutput(bytes: Array(text.utf8))
        #expect(kept?.outcome == "new" && kept?.code == nil && kept?.bytes == [UInt8(ascii: "x")])
    }

    @Test func theRecordIsCheckedFirst() {
        guard case .multi(let operations) = kept([1]).request(at: "/p/outputs/a", record: "/p/jobs/a", version: 4)
        else {
            Issue.record("not one transaction")
            return
        }
        #expect(
            operations == [
                .check("/p/jobs/a", version: 4), .set("/p/outputs/a", data: kept([1]).encoded(), version: -1),
            ])
    }

    @Test(arguments: [("0", 0), ("1", 1), ("8k", 8192), ("8K", 8192), ("007", 7)])
    func sizes(text: String, bytes: Int) { #expect(ByteSize.parse(text) == bytes) }

    @Test(arguments: ["", "k", "-1", "+1", "1 k", "1kB", "1m", "0x10", "9223372036854775807k", "99999999999999999999"])
    func noSizes(text: String) { #expect(ByteSize.parse(text) == nil) }
}
