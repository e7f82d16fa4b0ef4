import Coordination
import Testing

@testable import Recipes

/// `--min-interval` is decided under the claim, by the lock's creation time: then everything is given back.
@Suite struct AcquisitionIntervalTests {
    private static let released = "commit set /p/jobs/a if 8, delete /p/locks/a"

    /// The lock is made at 1,000,000 ms; the interval is a minute.
    private func perform(
        _ record: JobRecord, mixedFleet: Bool = false, written: Int64 = 0, script: [Step],
        line: SourceLocation = #_sourceLocation
    ) async throws -> (Acquisition.Verdict, JobRecord) {
        let job = Job.sample {
            $0.minInterval = .seconds(60)
            $0.mixedFleet = mixedFleet
        }
        let ensemble = ScriptedEnsemble(
            [.looks(record: .record(record, version: 7, written: written)), .takesOver()] + script, line: line)
        let verdict = try await Acquisition(ensemble, job).perform()
        return (verdict, try #require(ensemble.written("/p/jobs/a").flatMap(JobRecord.init(bytes:))))
    }

    private func run(_ started: Int64) -> PastRun { PastRun(host: "other", started: started, outcome: "ran", code: 0) }

    @Test func aStartWithinTheIntervalGivesEverythingBack() async throws {
        let (verdict, record) = try await perform(
            .sample(runs: [run(940_001)]), script: [.asks(Self.released, .committed)])
        #expect(verdict.skip == .tooSoon)
        #expect(record.state == .ended && !record.isWaiting && record.runs == [run(940_001)])
    }

    @Test func aStartAsLongAgoAsTheIntervalDoesNotCount() async throws {
        let (verdict, record) = try await perform(.sample(runs: [run(940_000)]), script: [])
        #expect(verdict.claims != nil && record.state == .running)
    }

    @Test func aLostHolderIsAStartAndItsTermStaysInTheRecordThatIsGivenBack() async throws {
        let (verdict, record) = try await perform(
            .sample(.running, term: 12), written: 999_000, script: [.asks(Self.released, .committed)])
        #expect(verdict.skip == .tooSoon)
        #expect(record.state == .running && record.term == 12 && record.isWaiting)
        #expect(record.runs.map(\.started) == [999_000])
    }

    @Test func aReleaseWhoseReplyWasLostIsMadeAgain() async throws {
        let (verdict, record) = try await perform(
            .sample(runs: [run(999_000)]),
            script: [
                .asks(Self.released, .lost, meanwhile: [.cut]), .reconnects(),
                .asks(["commit check /p": .committed, Self.released: .fails(.badVersion, at: "/p/jobs/a")]),
                .asks("get /p/jobs/a", .record(.sample(.ended, session: "5"), version: 9)),
            ])
        #expect(verdict.skip == .tooSoon && record.state == .ended)
    }

    @Test func aReleaseThatIsRefusedIsTold() async {
        await #expect {
            try await perform(
                .sample(runs: [run(999_000)]),
                script: [
                    .asks(Self.released, .fails(.notAuthorized, at: "/p/jobs/a"))
                ])
        } throws: { ($0 as? Interruption)?.isDenied == true }
    }

    /// An original's lock could stand there by then.
    @Test func inAMixedFleetTheLockIsLeftToTheEndOfTheSession() async throws {
        let (verdict, _) = try await perform(
            .sample(runs: [run(999_000)]), mixedFleet: true, script: [.asks("commit set /p/jobs/a if 8", .committed)])
        #expect(verdict.skip == .tooSoon)
    }
}
