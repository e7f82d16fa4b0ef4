@testable import Reporting
import Run

/// The metrics of a lockname, in a folder where others write too: a byte's worth of lockname, then the file.
enum MetricsText {
    static func play(_ bytes: [UInt8]) {
        var fields = Fields(bytes)
        let lockname = String(decoding: fields.bytes(), as: UTF8.self)
        guard var metrics = try? Metrics(bytes: fields.bytes(), lockname: lockname) else { return }
        check(metrics, lockname)
        metrics.add(
            RunSample(
                outcome: .lost, isSkip: false, succeeded: false, waitedSeconds: 1, heldSeconds: 2, endedSeconds: 3))
        check(metrics, lockname)
    }

    /// What we write we read again, the same.
    private static func check(_ metrics: Metrics, _ lockname: String) {
        let text = metrics.text
        guard let read = try? Metrics(bytes: Array(text.utf8), lockname: lockname) else {
            return expect(false, "what we write is ours: \(text)")
        }
        expect(read.text.isByteForByte(text), "\(read.text) is \(text)")
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            expect(line.starts(with: "switchman_".utf8), "\(Array(line)) is a series of ours")
        }
    }
}
