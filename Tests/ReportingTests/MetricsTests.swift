import Testing

@testable import Reporting
@testable import Run

@Suite struct MetricsTests {
    private func sample(
        _ outcome: Outcome, succeeded: Bool = false, waited: Double? = nil, held: Double? = nil, ended: Double = 1.5
    ) -> RunSample {
        RunSample(
            outcome: outcome, isSkip: outcome.isSkip, succeeded: succeeded, waitedSeconds: waited, heldSeconds: held,
            endedSeconds: ended)
    }

    private func metrics(_ samples: [RunSample], lockname: String = "a") -> Metrics {
        samples.reduce(into: Metrics(lockname: lockname)) { $0.add($1) }
    }

    private func value(_ series: String, in metrics: Metrics) -> String? {
        let lines = metrics.text.split(separator: "\n")
        return lines.first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
    }

    @Test func aSuccessIsCounted() {
        let metrics = metrics([sample(.ran, succeeded: true, waited: 0.25, held: 3, ended: 1_763_748_465.125)])
        #expect(value(#"switchman_runs_total{lockname="a",outcome="ran"}"#, in: metrics) == "1")
        #expect(value(#"switchman_successes_total{lockname="a"}"#, in: metrics) == "1")
        #expect(value(#"switchman_waited_seconds_sum{lockname="a"}"#, in: metrics) == "0.25")
        #expect(value(#"switchman_held_seconds_sum{lockname="a"}"#, in: metrics) == "3")
        let time = "1763748465.125"
        #expect(value(#"switchman_last_success_timestamp_seconds{lockname="a"}"#, in: metrics) == time)
    }

    @Test func sumsShowNoErrorsOfBinaryFractions() {
        let metrics = metrics(Array(repeating: sample(.ran, held: 0.1), count: 1000))
        #expect(value(#"switchman_held_seconds_sum{lockname="a"}"#, in: metrics) == "100")
        #expect(value(#"switchman_held_seconds_count{lockname="a"}"#, in: metrics) == "1000")
    }

    @Test(arguments: Outcome.allCases)
    func everyEndIsARunOrASkip(outcome: Outcome) {
        let metrics = metrics([sample(outcome)])
        let word = outcome.rawValue
        #expect(
            value(#"switchman_runs_total{lockname="a",outcome="\#(word)"}"#, in: metrics)
                == (outcome.isSkip ? nil : "1"))
        #expect(
            value(#"switchman_skips_total{lockname="a",reason="\#(word)"}"#, in: metrics)
                == (outcome.isSkip ? "1" : nil)
        )
    }

    @Test(arguments: [Outcome.lost, .groupExit, .released, .timeout])
    func onlyWhatHadBeenStartedIsAKill(outcome: Outcome) {
        #expect(value(#"switchman_kills_total{lockname="a"}"#, in: metrics([sample(outcome, held: 1)])) == "1")
        #expect(value(#"switchman_kills_total{lockname="a"}"#, in: metrics([sample(outcome)])) == "0")
    }

    @Test(arguments: ["a", "quote\"d", "back\\slash", "}", "\"} 7", "{lockname=\"a\"}", "e\u{301}", "\u{fffd}", "\n"])
    func whatIsWrittenIsReadAgain(lockname: String) throws {
        let written = metrics(
            [sample(.ran, succeeded: true, waited: 0.125, held: 7), sample(.locked), sample(.notFound)],
            lockname: lockname)
        let read = try Metrics(bytes: Array(written.text.utf8), lockname: lockname)
        #expect(read.text == written.text)
    }

    @Test func aNameThatLooksTheSameIsAnother() {
        let written = metrics([sample(.ran)], lockname: "e\u{301}")
        #expect(throws: Metrics.Damage.self) { try Metrics(bytes: Array(written.text.utf8), lockname: "\u{e9}") }
    }

    @Test func everySeriesBelongsToTheFamilyAboveIt() {
        var family = ""
        for line in metrics([sample(.ran, succeeded: true), sample(.locked)]).text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") { family = String(line.split(separator: " ")[2]) }
            #expect(line.hasPrefix("#") || line.hasPrefix(family))
        }
    }

    @Test(arguments: [
        ("a", "a"), ("a b", "a%20b"), ("\u{1}", "%01"), ("\u{fc}", "%C3%BC"), ("a.b-c_9", "a.b-c_9"), ("a/b", "a%2Fb"),
    ])
    func aFilesNameIsSafe(lockname: String, name: String) {
        #expect(MetricsFile(folder: "/", lockname: lockname).name == "switchman_\(name).prom")
    }

    @Test func aFilesNameIsShortAndStillItsOwn() {
        let names = ["x", "y"].map {
            MetricsFile(folder: "/", lockname: String(repeating: "\u{fc}", count: 255) + $0).name
        }
        #expect(names[0] != names[1])
        #expect(names.allSatisfy { $0.utf8.count <= 220 })
    }
}
