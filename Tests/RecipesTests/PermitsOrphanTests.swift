import Coordination
import Testing

@testable import Recipes

/// Marks without a lease: a command may still be running, until 1.01 times the term after the reply that first showed it so.
@Suite struct PermitsOrphanTests {
    private static let leases = "/p/semaphores/r/leases"
    private static let marks = "/p/semaphores/r/marks"
    private static let orphan = "2_3_9_1_30"

    private func awaitRoom(
        limit: Double? = nil, script: [Step], line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> [String]? {
        let wanted = [LeaseRequest(resource: "r", count: 2, total: 3)]
        let job = Job.sample(leases: wanted)
        return try await Permits(job: job, talk: Conversation(ScriptedEnsemble(script, line: line), job)) { wanted }
            .awaitRoom(limit: limit.map(BootInstant.init(seconds:))) { () async throws(Interruption) in nil }.spent
    }

    private func counts(
        _ leases: [String], _ marks: [String], takes: Double = 0, line: SourceLocation = #_sourceLocation
    ) -> Step {
        .asks(
            ["list \(Self.leases) watched": .names(leases), "list \(Self.marks) watched": .names(marks)],
            takes: takes, line: line)
    }

    private func looks(at name: String, line: SourceLocation = #_sourceLocation) -> Step {
        .asks("exists \(Self.leases)/\(name)", .owned(by: 9), line: line)
    }

    @Test func anOrphanedMarkCountsFromTheReplyThatShowedItAndIsSpentOnePercentBehindItsTerm() async throws {
        let spent = try await awaitRoom(script: [
            counts([], [Self.orphan], takes: 2), .wakes(at: 102 + 30.3), counts([], [Self.orphan]),
        ])
        #expect(spent == ["\(Self.marks)/\(Self.orphan)"])
    }

    @Test func aLookInBetweenDoesNotBeginTheTermAnew() async throws {
        let spent = try await awaitRoom(script: [
            counts([], [Self.orphan]), .sleeps(until: 120), .changes(Self.marks, .children),
            counts([], [Self.orphan]), .wakes(at: 130.3), counts([], [Self.orphan]),
        ])
        #expect(spent == ["\(Self.marks)/\(Self.orphan)"])
    }

    /// A run whose lease is seen again has lived meanwhile.
    @Test func aMarkWhoseLeaseIsSeenAgainIsWaitedOutFromItsNextLoss() async throws {
        let lease = "2_3_9_0000000001"
        let spent = try await awaitRoom(script: [
            counts([], [Self.orphan]), .changes(Self.leases, .children),
            counts([lease], [Self.orphan]), looks(at: lease), .sleeps(until: 120), .changes(Self.leases, .children),
            counts([], [Self.orphan]), .wakes(at: 120 + 30.3), counts([], [Self.orphan]),
        ])
        #expect(spent == ["\(Self.marks)/\(Self.orphan)"])
    }

    @Test func aMarkOfALeaseThatStandsIsNoOrphanHoweverOldItIs() async throws {
        let lease = "2_3_9_0000000001"
        let spent = try await awaitRoom(script: [
            counts([lease], [Self.orphan]), looks(at: lease), .sleeps(until: 1000), .changes(Self.leases, .children),
            counts([], []),
        ])
        #expect(spent == [])
    }

    @Test func anOrphanThatFitsBesideIsNeitherWaitedForNorSpent() async throws {
        #expect(try await awaitRoom(script: [counts([], ["1_3_9_1_30"])]) == [])
    }

    @Test func aMarkThatIsGivenBackFreesItsPermitsAtOnce() async throws {
        let spent = try await awaitRoom(script: [
            counts([], [Self.orphan]), .changes(Self.marks, .children), counts([], []),
        ])
        #expect(spent == [])
    }

    @Test func eachMarkIsWaitedOutByItsOwnTerm() async throws {
        let spent = try await awaitRoom(script: [
            counts([], ["1_3_8_1_10", "1_3_9_1_30"]), .wakes(at: 110.1), counts([], ["1_3_8_1_10", "1_3_9_1_30"]),
        ])
        #expect(spent == ["\(Self.marks)/1_3_8_1_10"])
    }

    /// Else short waits would starve each other behind a mark that none of them outlasts.
    @Test func theLimitDoesNotEndAWaitForOrphansOnly() async throws {
        let spent = try await awaitRoom(
            limit: 110,
            script: [
                counts([], [Self.orphan]), .wakes(at: 130.3), counts([], [Self.orphan]),
            ])
        #expect(spent?.count == 1)
    }

    @Test func theLimitEndsAWaitForLeasesAndOrphans() async {
        let lease = "2_3_8_0000000001"
        let found = await interruption { () async throws(Interruption) in
            try await awaitRoom(
                limit: 110,
                script: [
                    counts([lease], ["1_3_9_1_30"]), looks(at: lease), .wakes(at: 110),
                    .asks("get /p/semaphores/r/leases/\(lease)", .noNode),
                ])
        }
        #expect(found?.isNoPermits == true)
    }
}
