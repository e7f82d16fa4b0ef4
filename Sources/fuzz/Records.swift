import Recipes

/// A job's record, which others write too: what is read and written again must read the same.
enum Records {
    static func play(_ bytes: [UInt8]) {
        if let kept = KeptOutput(bytes: bytes) {
            expect(KeptOutput(bytes: kept.encoded()) == kept, "an output that is kept reads as it was written")
        }
        guard let record = JobRecord(bytes: bytes) else { return }
        expect((0...Term.secondsMax).contains(record.term), "a term of \(record.term) s is believed")

        let written = record.encoded()
        expect(written.count <= JobRecord.bytesMax || record.runs.isEmpty || hasNoRuns(written), "it fits")
        guard let read = JobRecord(bytes: written) else { fatalError("does not hold: what we write is a record") }
        expect(read.runs.count <= JobRecord.runsMax, "it remembers \(read.runs.count) runs")
        expect(read.runs == record.runs.suffix(read.runs.count), "the oldest runs are forgotten first")
        var expected = record
        expected.runs = read.runs
        expect(read == expected, "\(read) is \(expected)")
        expect(read.encoded() == written, "and is written the same")

        var taken = JobRecord(session: "10000abc", n: 1, term: 30, host: "h1", pid: 2, runs: record.runs)
        taken.runs.append(PastRun(host: record.host, started: record.started, outcome: "lost", token: record.token))
        expect(taken.encoded().count <= JobRecord.bytesMax, "a successor's record fits, whatever it found")
    }

    private static func hasNoRuns(_ bytes: [UInt8]) -> Bool { JobRecord(bytes: bytes)?.runs.isEmpty == true }
}
