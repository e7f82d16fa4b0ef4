import Coordination
import Testing

@testable import Recipes

/// The numbers that the head of the queue finds free: those of no lease, and of no mark that still counts.
@Suite struct PermitsSlotTests {
    private static let leases = "/p/semaphores/r/leases"
    private static let marks = "/p/semaphores/r/marks"

    private func slots(
        count: Int64 = 1, of total: Int64 = 4, script: [Step], line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> String? {
        let wanted = [LeaseRequest(resource: "r", count: count, total: total)]
        let job = Job.sample(leases: wanted)
        let room = try await Permits(job: job, talk: Conversation(ScriptedEnsemble(script, line: line), job)) { wanted }
            .awaitRoom(limit: nil) { () async throws(Interruption) in nil }
        guard case .free(_, let slots) = room else { return nil }
        return slots.count == 1 ? slots[0]?.text : nil
    }

    private func counts(_ leases: [String], _ marks: [String], line: SourceLocation = #_sourceLocation) -> Step {
        .asks(
            ["list \(Self.leases) watched": .names(leases), "list \(Self.marks) watched": .names(marks)], line: line)
    }

    @Test(
        arguments: [
            ([], [], "1"),
            (["1_4_9_0000000001"], ["1_4_9_1000000001_30"], "2"),
            (["1_4_8_0000000001", "1_4_9_0000000002"], ["1_4_8_1000000001_30", "1_4_9_3000000007_30"], "2"),
            // One lease, two marks: its numbers are 1 and 3.
            (["2_4_9_0000000001"], ["1_4_9_1000000001_30", "1_4_9_3000000001_30"], "2"),
            (["3_4_9_0000000001"], ["3_4_9_1000000001_30"], "4"),
            // Without its lease a mark counts as long as its term.
            ([], ["2_4_9_1000000001_30"], "3"),
            // Originals, and runs of a version without numbers, have permits but no numbers.
            (["2_4_0000000001"], [], "1"), (["2_4_9_0000000001"], ["2_4_9_1_30"], "1"),
        ] as [([String], [String], String)])
    func theLowestNumberThatNobodyHasIsGiven(leases: [String], marks: [String], text: String) async throws {
        #expect(try await slots(script: [counts(leases, marks)]) == text)
    }

    @Test func aNumberIsFreeAgainWhenItsMarkIsWaitedOut() async throws {
        let orphan = "1_1_9_1000000001_30"
        #expect(
            try await slots(of: 1, script: [counts([], [orphan]), .wakes(at: 130.3), counts([], [orphan])]) == "1")
    }

    @Test func aNumberIsFreeAgainWithItsLeaseAndMark() async throws {
        let lease = "4_4_9_0000000001"
        let found = try await slots(
            count: 2,
            script: [
                counts([lease], ["4_4_9_1000000001_30"]), .asks("exists \(Self.leases)/\(lease)", .owned(by: 9)),
                .changes(Self.leases, .children), counts([], []),
            ])
        #expect(found == "1-2")
    }

    @Test func aLargerTotalThanAMarkCanNumberHasNone() async throws {
        #expect(try await slots(of: 1_000_000_001, script: [counts([], [])]) == nil)
    }
}
