import Coordination
import Testing

@testable import Recipes

/// What a run does whose resource is held.
@Suite struct PermitsHoldTests {
    private static let place = "/p/queues/r/a-0000000005"
    private static let taken = "1_1_9_0000000001"

    private func data(_ members: String, version: Int32) -> Answer {
        .data(#"{"resources": ["q", "r"]\#(members)}"#, version: version)
    }

    private func run(
        _ leases: [LeaseRequest] = [LeaseRequest(resource: "r", count: 1, total: 1)], script: [Step],
        line: SourceLocation = #_sourceLocation, with change: (inout Job) -> Void = { _ in }
    ) async throws(Interruption) -> (verdict: Acquisition.Verdict, sentence: String?) {
        let ensemble = ScriptedEnsemble(script, line: line)
        var job = Job.sample(leases: leases, with: change)
        // The epoch is when the test begins.
        job.wallMilliseconds = { BootInstant(seconds: 100).duration(to: ensemble.now).nanoseconds / 1_000_000 }
        let acquisition = Acquisition(ensemble, job)
        return (try await acquisition.perform(), acquisition.pauseSentence)
    }

    private func looks(_ members: String, line: SourceLocation = #_sourceLocation) -> Step {
        .looks(fleet: data(members, version: 6), watches: true, watchesLock: true, at: line)
    }

    private func enters(line: SourceLocation = #_sourceLocation) -> [Step] {
        [
            .asks("list /p/queues/r", .names([]), line: line),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [5]), line: line),
            .lists("a-0000000005", line: line), .lists("a-0000000005", line: line),
        ]
    }

    /// - Parameter n: which take it is.
    private func takes(ifVersion version: Int, _ answer: Answer = .committed, n: Int = 1) -> Step {
        .takes(
            answer,
            more:
                ", create /p/semaphores/r/marks/1_1_5_100000000\(n)_30, create /p/semaphores/r/leases/1_1_5_ sequential, "
                + "check /p if \(version), delete \(Self.place)")
    }

    @Test func theTakeIsConditionalOnTheDataInWhichNothingIsHeld() async throws {
        let found = try await run(
            script: [looks("")] + enters() + [
                .counts(), takes(ifVersion: 6, .fails(.badVersion, at: "/p")), .looksAgain(),
                .asks("get /p watched", data(#", "holds": {"r": {}}"#, version: 7)), .lists("a-0000000005"), .counts(),
                .changes("/p", .changed), .asks("get /p watched", data("", version: 8)), .counts(),
                takes(ifVersion: 8, n: 2),
            ])
        #expect(found.verdict.claims?.leases == ["/p/semaphores/r/leases/1_1_5_0000000001"])
    }

    /// By this host's clock, with no question in between.
    @Test func theHeadGoesOnWhenTheHoldEnds() async throws {
        let found = try await run(
            script: [looks(#", "holds": {"r": {"until": "1970-01-01T00:00:20Z"}}"#)] + enters() + [
                .counts(), .wakes(at: 120.001), .counts(), takes(ifVersion: 6),
            ])
        #expect(found.verdict.claims != nil)
    }

    @Test func anEndThatIsFarIsLookedAtAgainSinceTheClockMayBeSet() async throws {
        let found = try await run(
            script: [looks(#", "holds": {"r": {"until": "2038-01-01T00:00:00Z"}}"#)] + enters() + [
                .counts(), .wakes(at: 3700), .counts(), .changes("/p", .changed),
                .asks("get /p watched", data("", version: 8)), .counts(), takes(ifVersion: 8),
            ])
        #expect(found.verdict.claims != nil)
    }

    @Test func aWaitThatRunsOutWhileItIsHeldIsTheSkipPaused() async throws {
        let found = try await run(
            script: [looks(#", "holds": {"r": {"why": "repair"}}"#)] + enters() + [.counts(), .wakes(at: 130)]
        ) { $0.leaseWait = .seconds(30) }
        #expect(found.verdict.skip == .paused && found.sentence == "r is held (repair)")
    }

    @Test func soItIsBehindOthersInTheQueue() async throws {
        let found = try await run(
            script: [looks(#", "holds": {"r": {}}"#)] + enters().dropLast() + [
                .lists("b-0000000004", "a-0000000005"),
                .asks("exists /p/queues/r/b-0000000004 watched", .owned(by: 8)), .wakes(at: 130),
                .asks("get /p/queues/r/b-0000000004", .noNode),
            ]
        ) { $0.leaseWait = .seconds(30) }
        #expect(found.verdict.skip == .paused)
    }

    @Test(arguments: [("b", true), ("c", false)])
    func soItIsBehindSomebodyWhoWaitsForWhatIsHeld(other: String, isMeant: Bool) async throws {
        let script: [Step] =
            [looks(#", "holds": {"q": {}}"#)] + enters().dropLast()
            + [
                .lists("b-0000000004", "a-0000000005"),
                .asks("exists /p/queues/r/b-0000000004 watched", .owned(by: 8)), .wakes(at: 130),
                .asks("get /p/queues/r/b-0000000004", .noNode),
                .asks([
                    "list /p/queues/r": .names(["b-0000000004", "a-0000000005"]),
                    "list /p/queues/q": .names(["\(other)-0000000007"]),
                ]),
            ]
        do throws(Interruption) {
            let found = try await run(script: script) { $0.leaseWait = .seconds(30) }
            #expect(isMeant && found.verdict.skip == .paused && found.sentence == "b waits ahead, and q is held")
        } catch {
            #expect(!isMeant && error.isNoPermits)
        }
    }

    /// Else short waits would never end.
    @Test func aHoldIsNoOrphanedMark() async throws {
        let found = try await run(
            script: [looks(#", "holds": {"r": {}}"#)] + enters() + [
                .asks([
                    "list /p/semaphores/r/leases watched": .names([]),
                    "list /p/semaphores/r/marks watched": .names(["1_1_9_1_30"]),
                ]), .wakes(at: 110),
            ]
        ) { $0.leaseWait = .seconds(10) }
        #expect(found.verdict.skip == .paused)
    }
}
