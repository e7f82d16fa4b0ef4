import Testing
import Text

@Suite struct NearestWordTests {
    private static let known = ["status", "stop", "web", "backup", "backup-1", "nightly-report", "--wait"]

    @Test(
        arguments: [
            ("stauts", "status"), ("Status", "status"), ("wbe", "web"), ("bakcup", "backup"), ("backup-1x", "backup-1"),
            ("nihgtly-reprot", "nightly-report"), ("--wiat", "--wait"), ("stpo", "stop"),
        ])
    func aSlip(written: String, meant: String) { #expect(NearestWord.slip(written, among: Self.known) == meant) }

    @Test(arguments: ["", "we", "db", "app", "stack", "frobnicate", "backup-22", "daily-report", "restore"])
    func aStranger(written: String) { #expect(NearestWord.slip(written, among: Self.known) == nil) }
}
