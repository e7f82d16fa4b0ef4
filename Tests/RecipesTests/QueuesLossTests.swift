import Coordination
import Testing

@testable import Recipes

/// A lost reply to the transaction that makes the places: it is resolved, not guessed.
@Suite struct QueuesLossTests {
    private func enter(
        _ resources: [String] = ["r"], script: [Step], line: SourceLocation = #_sourceLocation
    ) async throws(Interruption) -> [String] {
        let ensemble = ScriptedEnsemble(Self.looked(resources) + script, line: line)
        let job = Job.sample(leases: resources.map { LeaseRequest(resource: $0, count: 1, total: 2) })
        let queues = Queues(
            of: .permits, job: job, talk: Conversation(ensemble, job), earlierSessions: [], notice: { _ in })
        #expect(try await queues.enter() == nil)
        return queues.paths
    }

    /// The look before the transaction.
    private static func looked(_ resources: [String]) -> [Step] {
        switch resources {
        case ["r"]: [.asks("list /p/queues/r", .names([]))]
        default: [.asks(["list /p/queues/r": .names([]), "list /p/queues/s": .names([])])]
        }
    }

    /// Without a write of this session in front the list may be older than the lost transaction.
    @Test func placesOfTheOwnSessionAreFoundAgainBehindACommittedWrite() async throws {
        let paths = try await enter(script: [
            .asks("commit create /p/queues/r/a- sequential", .lost, meanwhile: [.cut]), .reconnects(),
            .asks("commit check /p", .committed),
            .asks("list /p/queues/r", .names(["b-0000000006", "a-0000000007"])),
            .asks("exists /p/queues/r/a-0000000007", .owned(by: 5)),
            .asks("list /p/queues/r", .names(["b-0000000006", "a-0000000007"])),
        ])
        #expect(paths == ["/p/queues/r/a-0000000007"])
    }

    @Test func ifNoneIsFoundThePlacesAreMadeOnceMore() async throws {
        let paths = try await enter(script: [
            .asks("commit create /p/queues/r/a- sequential", .lost),
            .asks("commit check /p", .fails(.noNode, at: "/p")),
            .asks("list /p/queues/r", .names(["b-0000000006"])),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [8])),
            .asks("list /p/queues/r", .names(["b-0000000006", "a-0000000008"])),
        ])
        #expect(paths == ["/p/queues/r/a-0000000008"])
    }

    @Test func aPlaceOfAnotherSessionIsNotTakenForTheOwn() async throws {
        let paths = try await enter(script: [
            .asks("commit create /p/queues/r/a- sequential", .lost),
            .asks("commit check /p", .committed),
            .asks("list /p/queues/r", .names(["a-0000000009"])),
            .asks("exists /p/queues/r/a-0000000009", .owned(by: 9)),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [8])),
            .asks("list /p/queues/r", .names(["a-0000000009", "a-0000000008"])),
        ])
        #expect(paths == ["/p/queues/r/a-0000000008"])
    }

    @Test func everyLostReplyIsResolved() async throws {
        let paths = try await enter(script: [
            .asks("commit create /p/queues/r/a- sequential", .lost),
            .asks("commit check /p", .committed), .asks("list /p/queues/r", .names([])),
            .asks("commit create /p/queues/r/a- sequential", .lost),
            .asks("commit check /p", .committed), .asks("list /p/queues/r", .names(["a-0000000007"])),
            .asks("exists /p/queues/r/a-0000000007", .owned(by: 5)),
            .asks("list /p/queues/r", .names(["a-0000000007"])),
        ])
        #expect(paths == ["/p/queues/r/a-0000000007"])
    }

    @Test func aPlaceThatWasDeletedMeanwhileIsAnError() async {
        let found = await interruption { () async throws(Interruption) in
            try await enter(
                ["r", "s"],
                script: [
                    .asks("commit create /p/queues/r/a- sequential, create /p/queues/s/a- sequential", .lost),
                    .asks("commit check /p", .committed),
                    .asks(["list /p/queues/r": .names(["a-0000000007"]), "list /p/queues/s": .names([])]),
                    .asks("exists /p/queues/r/a-0000000007", .owned(by: 5)),
                ])
        }
        #expect(found?.isBadData(naming: "/p/queues/s") == true)
    }

    @Test func aPlaceFoundAgainInTheLastStretchOfTheNumbersIsNoPlaceEither() async {
        let number = 1 << 31 - 1 << 24
        let found = await interruption { () async throws(Interruption) in
            try await enter(script: [
                .asks("commit create /p/queues/r/a- sequential", .lost),
                .asks("commit check /p", .committed),
                .asks("list /p/queues/r", .names(["a-\(number)"])),
                .asks("exists /p/queues/r/a-\(number)", .owned(by: 5)),
            ])
        }
        #expect(found?.isBadData(naming: "/p/queues/r") == true)
    }

    /// Nothing that is read behind it would prove that the transaction was not carried out.
    @Test func aCommittedWriteThatIsRefusedProvesNothing() async {
        let found = await interruption { () async throws(Interruption) in
            try await enter(script: [
                .asks("commit create /p/queues/r/a- sequential", .lost),
                .asks("commit check /p", .fails(.other(-119), at: "/p")),
            ])
        }
        #expect(found?.isUnavailable == true)
    }

    @Test func aThrottledTransactionIsMadeAgainAndNotLookedFor() async throws {
        let paths = try await enter(script: [
            .asks("commit create /p/queues/r/a- sequential", .throttled), .wakes(at: 100.05),
            .asks("commit create /p/queues/r/a- sequential", .committed(numbers: [7])),
            .asks("list /p/queues/r", .names(["a-0000000007"])),
        ])
        #expect(paths == ["/p/queues/r/a-0000000007"])
    }

    @Test func anExpiredSessionHasNoPlace() async {
        let found = await interruption { () async throws(Interruption) in
            try await enter(script: [
                .asks("commit create /p/queues/r/a- sequential", .lost, meanwhile: [.cut]),
                .happens(.session(.expired)),
            ])
        }
        #expect(found == .sessionExpired)
    }
}
