import Coordination
import Testing

@testable import Recipes

/// The wait for the head of the queues: each run watches its immediate predecessors, and nothing else.
@Suite struct QueuesWaitTests {
    private static let resources = ["r", "s"]
    private let noted = Noted<Notice>()

    /// With the place 5 in each queue; in the lock's too.
    private func awaitHead(
        of kind: Queues.Kind = .permits, limit: Double? = nil, mixedFleet: Bool = false, script: [Step],
        line: SourceLocation = #_sourceLocation,
        changed: () async throws(Interruption) -> Acquisition.Skip? = { () async throws(Interruption) in nil }
    ) async throws(Interruption) -> (Acquisition.Skip?, [String]) {
        let ensemble = ScriptedEnsemble(Self.entered(kind) + script, line: line)
        let job = Job.sample(leases: Self.resources.map { LeaseRequest(resource: $0, count: 1, total: 2) }) {
            $0.mixedFleet = mixedFleet
        }
        let queues = Queues(
            of: kind, job: job, talk: Conversation(ensemble, job), earlierSessions: [], notice: noted.append)
        _ = try await queues.enter()
        let skip = try await queues.awaitHead(limit: limit.map(BootInstant.init(seconds:)), changed: changed)
        return (skip, queues.paths)
    }

    private static func entered(_ kind: Queues.Kind) -> [Step] {
        switch kind {
        case .lock: [.asks("commit create /p/waiters/a/a- sequential", .committed(numbers: [5]))]
        case .permits:
            [
                lists([], []),
                .asks(
                    "commit create /p/queues/r/a- sequential, create /p/queues/s/a- sequential",
                    .committed(numbers: [5, 5])),
                lists(["a-0000000005"], ["a-0000000005"]),
            ]
        }
    }

    private static func lists(_ r: [String], _ s: [String], line: SourceLocation = #_sourceLocation) -> Step {
        .asks(["list /p/queues/r": .names(r), "list /p/queues/s": .names(s)], line: line)
    }

    private static func line(_ names: String..., line: SourceLocation = #_sourceLocation) -> Step {
        .asks("list /p/waiters/a", .names(names), line: line)
    }

    @Test func theHeadOfEveryQueueWaitsForNothing() async throws {
        let (skip, _) = try await awaitHead(script: [
            Self.lists(["a-0000000005", "b-0000000006"], ["c-0000000007", "a-0000000005"])
        ])
        #expect(skip == nil && noted.all.isEmpty)
    }

    /// One release wakes one.
    @Test func theImmediatePredecessorInEachQueueIsWatchedAndNobodyElse() async throws {
        _ = try await awaitHead(script: [
            Self.lists(
                ["d-0000000003", "a-0000000005", "c-0000000004", "b-0000000006"], ["b-0000000002", "a-0000000005"]),
            .asks([
                "exists /p/queues/r/c-0000000004 watched": .owned(by: 8),
                "exists /p/queues/s/b-0000000002 watched": .owned(by: 9),
            ]),
            .changes("/p/queues/s/b-0000000002"), Self.lists(["a-0000000005"], ["a-0000000005"]),
        ])
        #expect(noted.all == [.waitingForPermits(LeaseRequest(resource: "r", count: 1, total: 2), ahead: 2, next: "c")])
    }

    /// It may have given up with others before it.
    @Test func whenThePredecessorGoesTheQueueIsListedAgain() async throws {
        _ = try await awaitHead(
            of: .lock,
            script: [
                Self.line("a-0000000003", "a-0000000004", "a-0000000005"),
                .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 9)),
                .changes("/p/waiters/a/a-0000000004"), Self.line("a-0000000003", "a-0000000005"),
                .asks("exists /p/waiters/a/a-0000000003 watched", .owned(by: 8)),
                .changes("/p/waiters/a/a-0000000003"), Self.line("a-0000000005"),
            ])
    }

    @Test func aPredecessorThatIsGoneBeforeItIsWatchedIsNotWaitedFor() async throws {
        _ = try await awaitHead(
            of: .lock,
            script: [
                Self.line("a-0000000004", "a-0000000005"), .asks("exists /p/waiters/a/a-0000000004 watched", .noNode),
                Self.line("a-0000000005"),
            ])
    }

    @Test func numbersAndNotTextsPutPlacesInOrder() async throws {
        _ = try await awaitHead(
            of: .lock,
            script: [
                Self.line("a-0000000005", "a-2147483647", "b-0000000010")
            ])
    }

    @Test func newsOfOthersEndNoWait() async throws {
        _ = try await awaitHead(
            of: .lock,
            script: [
                Self.line("a-0000000004", "a-0000000005"),
                .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 9)),
                .changes("/p/other"), .changes("/p/waiters/a/a-0000000004"), Self.line("a-0000000005"),
            ])
    }

    // MARK: Errors

    /// A server can answer reads of a session that has ended for a while.
    @Test func anOwnPlaceThatIsMissingIsAnErrorIfTheSessionLives() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitHead(of: .lock, script: [Self.line("b-0000000006"), .asks("commit check /p", .committed)])
        }
        #expect(found?.isBadData(naming: "/p/waiters/a/a-0000000005") == true)
    }

    @Test func anOwnPlaceThatWentWithTheSessionIsNobodysFault() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitHead(
                of: .lock, script: [Self.line(), .asks("commit check /p", .fails(.sessionExpired))])
        }
        #expect(found == .sessionExpired)
    }

    @Test func aPersistentPredecessorIsNamed() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitHead(
                of: .lock,
                script: [
                    Self.line("a-0000000004", "a-0000000005"),
                    .asks("exists /p/waiters/a/a-0000000004 watched", .persistent),
                ])
        }
        #expect(found?.isBadData(naming: "/p/waiters/a/a-0000000004") == true)
    }

    @Test func aLostListIsReadAgainBehindACommittedWrite() async throws {
        _ = try await awaitHead(
            of: .lock,
            script: [
                .asks("list /p/waiters/a", .lost, meanwhile: [.cut]), .reconnects(),
                .asks(["commit check /p": .committed, "list /p/waiters/a": .names(["a-0000000005"])]),
            ])
    }

    // MARK: Ends of the wait

    @Test func theWaitForPermitsRunsOutWithAnError() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitHead(
                limit: 130,
                script: [
                    Self.lists(["b-0000000004", "a-0000000005"], ["a-0000000005"]),
                    .asks("exists /p/queues/r/b-0000000004 watched", .owned(by: 9)), .wakes(at: 130),
                    .asks("get /p/queues/r/b-0000000004", .data("h2 7")),
                ])
        }
        #expect(found?.isNoPermits == true)
    }

    @Test func theWaitForTheLockRunsOutAsASkip() async throws {
        let (skip, _) = try await awaitHead(
            of: .lock, limit: 130,
            script: [
                Self.line("a-0000000004", "a-0000000005"),
                .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 9)), .wakes(at: 130),
            ])
        #expect(skip == .locked)
    }

    @Test func whatMakesTheRunNeedlessEndsTheWait() async throws {
        let (skip, _) = try await awaitHead(
            of: .lock,
            script: [
                Self.line("a-0000000004", "a-0000000005"),
                .asks("exists /p/waiters/a/a-0000000004 watched", .owned(by: 9)),
            ], changed: { () async throws(Interruption) in .paused })
        #expect(skip == .paused)
    }

    // MARK: Mixed fleets

    /// b stands before us in r and behind us in s; our places are given up and made anew in one transaction, which is answered so.
    private static func blocks(andThen answer: Answer) -> [Step] {
        [
            lists(["b-0000000004", "a-0000000005"], ["a-0000000005", "b-0000000006"]),
            .asks("exists /p/queues/r/b-0000000004 watched", .owned(by: 9)),
            .asks("list /p/queues/s watched", .names(["a-0000000005", "b-0000000006"])),
            .asks(
                "commit delete /p/queues/r/a-0000000005, delete /p/queues/s/a-0000000005, "
                    + "create /p/queues/r/a- sequential, create /p/queues/s/a- sequential", answer),
        ]
    }

    /// An original enters one queue after the other: b stands before us in r and behind us in s, and neither would go on.
    @Test func whoHeadsAQueueThatItBlocksGivesWayWithAllItsPlacesAtOnce() async throws {
        let (_, paths) = try await awaitHead(
            mixedFleet: true,
            script: Self.blocks(andThen: .committed(numbers: [7, 7])) + [Self.lists(["a-0000000007"], ["a-0000000007"])]
        )
        #expect(paths == ["/p/queues/r/a-0000000007", "/p/queues/s/a-0000000007"])
    }

    @Test func theQueueThatARunHeadsIsWatchedForOnesThatItBlocks() async throws {
        _ = try await awaitHead(
            mixedFleet: true,
            script: [
                Self.lists(["b-0000000004", "a-0000000005"], ["a-0000000005"]),
                .asks("exists /p/queues/r/b-0000000004 watched", .owned(by: 9)),
                .asks("list /p/queues/s watched", .names(["a-0000000005"])),
                .changes("/p/queues/s", .children), Self.lists(["a-0000000005"], ["a-0000000005", "b-0000000006"]),
            ])
    }

    @Test func aPlaceThatIsGoneWhenItIsToBeMadeAnewIsAnError() async {
        let found = await interruption { () async throws(Interruption) in
            try await awaitHead(
                mixedFleet: true,
                script: Self.blocks(andThen: .fails(.noNode, at: "/p/queues/s/a-0000000005")))
        }
        #expect(found?.isBadData(naming: "/p/queues/s/a-0000000005") == true)
    }
}
