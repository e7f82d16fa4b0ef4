import Coordination
import Testing

@testable import Recipes

/// Totals that change while they are used, and the second look after a take of a mixed fleet.
@Suite struct PermitsTotalTests {
    private static let leases = "/p/semaphores/r/leases"
    private static let marks = "/p/semaphores/r/marks"

    private func request(_ count: Int64, declared: Int64) throws -> LeaseRequest {
        try LeaseRequest(resource: "r", count: count, total: 0).checked(declared: declared)
    }

    private func counts(_ leases: [String], line: SourceLocation = #_sourceLocation) -> Step {
        .asks(
            ["list \(Self.leases) watched": .names(leases), "list \(Self.marks) watched": .names([])], line: line)
    }

    @Test func aLeaseThatWasTakenUnderAnotherDeclaredTotalCountsWithItsCount() async throws {
        let wanted = [try request(2, declared: 3)]
        let job = Job.sample(leases: wanted)
        let talk = Conversation(ScriptedEnsemble([counts(["1_8_9_0000000001"])]), job)
        let room = try await Permits(job: job, talk: talk) { wanted }
            .awaitRoom(limit: nil) { () async throws(Interruption) in nil }
        #expect(room.spent == [])
    }

    @Test func aTotalThatIsDeclaredWhileTheRunWaitsCountsAtOnce() async throws {
        var wanted = [try request(2, declared: 3)]
        let larger = [try request(2, declared: 4)]
        let job = Job.sample(leases: wanted)
        let ensemble = ScriptedEnsemble([
            counts(["2_3_9_0000000001"]), .asks("exists \(Self.leases)/2_3_9_0000000001", .owned(by: 9)),
            .changes("/p", .changed), counts(["2_3_9_0000000001"]),
        ])
        let talk = Conversation(ensemble, job)
        let room = try await Permits(job: job, talk: talk) { wanted }
            .awaitRoom(limit: nil) { () async throws(Interruption) in
                if try talk.noticed("/p") { wanted = larger }
                return nil
            }
        #expect(room.spent == [])
    }

    /// What was counted by the old one may be too much by the new one.
    @Test func aTotalThatIsDeclaredWhilePermitsAreCountedMakesThemBeCountedAgain() async throws {
        var wanted = [try request(2, declared: 4)]
        let smaller = [try request(2, declared: 3)]
        let job = Job.sample(leases: wanted)
        let ensemble = ScriptedEnsemble([
            counts(["2_4_9_0000000001"]), counts(["2_4_9_0000000001"]),
            .asks("exists \(Self.leases)/2_4_9_0000000001", .owned(by: 9)),
            .changes(Self.leases, .children), counts([]),
        ])
        let room = try await Permits(job: job, talk: Conversation(ensemble, job)) { wanted }
            .awaitRoom(limit: nil) { () async throws(Interruption) in
                wanted = smaller
                return nil
            }
        #expect(room.spent == [])
    }

    // MARK: Mixed fleets

    @Test(
        arguments: [
            (["1_3_0000000001", "2_3_5_0000000002"], false), (["2_3_0000000001", "2_3_5_0000000002"], true),
            // Whoever came later gives way.
            (["2_3_5_0000000002", "3_3_0000000003"], false),
            (["2_3_0000000001", "2_3_5_0000000002", "x"], true),
        ] as [([String], Bool)])
    func ofPermitsBeyondTheTotalTheLaterLeaseGivesWay(names: [String], gives: Bool) async throws {
        let wanted = [LeaseRequest(resource: "r", count: 2, total: 3)]
        let job = Job.sample(leases: wanted)
        let ensemble = ScriptedEnsemble([.asks("list \(Self.leases)", .names(names))])
        let claims = Claims(
            leases: ["\(Self.leases)/2_3_5_0000000002"], marks: [], session: .mine,
            submitted: ensemble.now, submittedBefore: ensemble.now, acknowledged: ensemble.now)
        let permits = Permits(job: job, talk: Conversation(ensemble, job)) { wanted }
        #expect(try await permits.isOverTotal(claims) == gives)
    }
}
